from random import Random

from chaos.troubles import STORMS, Request, status

CHANCE = Random(1)  # noqa: S311  the same each time


def hit(name, method="GET", path="/api/v1/pods", **query):
    return STORMS[name].hits(Request(method, path, query), CHANCE)


def test_a_watch_from_a_version_on_is_refused_and_a_list_is_not():
    assert (hit("gone-status", watch="true", resourceVersion="7"), hit("gone-status")) == (True, False)


def test_writes_to_the_ledger_are_refused_and_reads_are_not():
    path = "/api/v1/namespaces/poolkeeper/configmaps/ledger"
    assert (hit("ledger-full", "PATCH", path), hit("ledger-full", "GET", path)) == (True, False)


def test_other_writes_pass_a_full_ledger():
    assert not hit("ledger-507", "PATCH", "/apis/apps/v1/namespaces/chaos/deployments/chat/scale")


def test_a_storm_hits_its_share():
    request = Request("GET", "/api/v1/pods", {})
    hits = sum(STORMS["storm-429"].hits(request, CHANCE) for _ in range(1000))
    assert 550 < hits < 650


def test_an_error_reads_as_the_api_server_s():
    found = status(410, "too old")
    assert (found["kind"], found["reason"], found["code"]) == ("Status", "Expired", 410)
