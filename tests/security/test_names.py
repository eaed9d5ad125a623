"""Names in a pool's YAML become parts of paths in the API server: none leads out of the pool's own namespace."""

import pytest

from poolkeeper.api.spec import SpecError, parse_spec

PLAIN = {"targetRef": {"name": "chat"}, "minReplicas": 2, "maxReplicas": 8}
KEY = {"name": "scrape", "key": "token"}
PLACES = {
    "targetRef": lambda name: {"targetRef": {"name": name}},
    "peerRef": lambda name: {"peerRef": {"name": name, "minPercent": 50}},
    "token": lambda name: source(pods={"tokenSecretRef": {**KEY, "name": name}}),
    "authority": lambda name: source(pods={"tls": {"caSecretRef": {**KEY, "name": name}}}),
    "picker": lambda name: source(endpointPicker={"inferencePoolRef": {"name": name}}),
    "metric": lambda name: source(externalMetric={"name": name}),
    "server": lambda name: source(prometheus={"metric": "queue", "server": name}),
    "broker": lambda name: source(redis={"list": "jobs", "server": name}),
}
WAYS_OUT = ["../kube-system/secrets/admin", "..", ".", "a/b", "a%2Fb", "%2e%2e", "a?x=y/", "/", "", " a", "a\n"]
WAYS_OUT_OF_OBJECTS = [*WAYS_OUT, "a#b", "a\\b", "A", "a:b", "a@b", "http://169.254.169.254"]


def source(**given):
    return {"queue": {"sources": [{"name": "one", **given}]}}


@pytest.mark.parametrize("place", PLACES)
def test_a_name_that_names_something_is_taken(place):
    assert parse_spec(PLAIN | PLACES[place]("chat"))


@pytest.mark.parametrize("name", WAYS_OUT_OF_OBJECTS)
@pytest.mark.parametrize("place", sorted(PLACES.keys() - {"metric"}))
def test_no_name_leads_out_of_the_namespace(place, name):
    with pytest.raises(SpecError):
        parse_spec(PLAIN | PLACES[place](name))


@pytest.mark.parametrize("name", [*(one for one in WAYS_OUT if "?" not in one), " ", "a b", "a\tb"])
def test_neither_does_a_metrics_name(name):
    with pytest.raises(SpecError):
        parse_spec(PLAIN | PLACES["metric"](name))


@pytest.mark.parametrize("field", ["namespace", "url", "host", "path", "address"])
@pytest.mark.parametrize("kind", ["pods", "prometheus", "endpointPicker", "externalMetric", "redis", "rabbitMq"])
def test_no_source_has_a_field_for_an_address_or_another_namespace(kind, field):
    wrong = {**minimal(kind), field: "kube-system"}
    with pytest.raises(SpecError, match=field):
        parse_spec(PLAIN | source(**{kind: wrong}))


def minimal(kind):
    return {
        "pods": {},
        "prometheus": {"metric": "queue"},
        "endpointPicker": {"inferencePoolRef": {"name": "chat"}},
        "externalMetric": {"name": "jobs"},
        "redis": {"list": "jobs"},
        "rabbitMq": {"queue": "jobs"},
    }[kind]
