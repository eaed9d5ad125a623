"""Sources as users write them, and what the rules read of each."""

import pytest
from pydantic import ValidationError

from poolkeeper.api.sources import Source
from poolkeeper.core.model import (
    ExternalSource,
    PickerSource,
    PodsSource,
    RabbitSource,
    RedisSource,
    SecretKey,
    Transport,
)

TOKEN, CA = {"name": "scrape", "key": "token"}, {"name": "scrape", "key": "ca.crt"}
GUARDED = {"tls": {"caSecretRef": CA, "serverName": "chat.internal"}, "tokenSecretRef": TOKEN}
AS_GUARDED = Transport(
    tls=True, ca=SecretKey("scrape", "ca.crt"), server_name="chat.internal", token=SecretKey("scrape", "token")
)


def read(**kind):
    return Source.model_validate({"name": "jobs", **kind}).to_core()


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({"pods": {}}, PodsSource("jobs")),
        ({"pods": GUARDED}, PodsSource("jobs", transport=AS_GUARDED)),
        (
            {"pods": {"tls": {"insecureSkipVerify": True}}},
            PodsSource("jobs", transport=Transport(tls=True, verify=False)),
        ),
        (
            {"endpointPicker": {"inferencePoolRef": {"name": "chat"}, **GUARDED}},
            PickerSource("jobs", "chat", transport=AS_GUARDED),
        ),
        (
            {"externalMetric": {"name": "waiting", "selector": {"b": "2", "a": "1"}}},
            ExternalSource("jobs", "waiting", (("a", "1"), ("b", "2"))),
        ),
        ({"pods": {"port": 65_535}}, PodsSource("jobs", port=65_535)),
        ({"pods": {"port": "metrics-2"}}, PodsSource("jobs", port="metrics-2")),
        ({"redis": {"list": "jobs"}}, RedisSource("jobs", "default", "jobs")),
        ({"redis": {"stream": "jobs", "group": "workers"}}, RedisSource("jobs", "default", "jobs", "workers")),
        ({"rabbitMq": {"queue": "jobs"}}, RabbitSource("jobs", "default", "jobs")),
    ],
)
def test_each_kind_means_what_was_written(given, meant):
    assert read(**given) == meant


@pytest.mark.parametrize("port", [0, 65_536, -1, True, 8000.0, None, "8000", "Metrics", "", "a-name-too-long-"])
def test_what_is_no_port_is_refused(port):
    with pytest.raises(ValidationError, match=r"endpointPicker\.port"):
        read(endpointPicker={"inferencePoolRef": {"name": "chat"}, "port": port})


@pytest.mark.parametrize("place", [{"queue": "."}, {"queue": ".."}, {"queue": "jobs", "vhost": ".."}])
def test_dots_alone_name_no_queue(place):
    with pytest.raises(ValidationError, match=r"may be \. or \.\."):
        read(rabbitMq=place)
