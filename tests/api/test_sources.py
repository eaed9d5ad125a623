"""Sources as users write them, and what the rules read of each."""

import pytest

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
        ({"redis": {"list": "jobs"}}, RedisSource("jobs", "default", "jobs")),
        ({"redis": {"stream": "jobs", "group": "workers"}}, RedisSource("jobs", "default", "jobs", "workers")),
        ({"rabbitMq": {"queue": "jobs"}}, RabbitSource("jobs", "default", "jobs")),
    ],
)
def test_each_kind_means_what_was_written(given, meant):
    assert read(**given) == meant
