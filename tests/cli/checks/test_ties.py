import pytest

from builders import BODY
from poolkeeper.api.spec import parse_spec
from poolkeeper.cli.checks import ties
from poolkeeper.shell.brokers import RedisBroker
from poolkeeper.shell.pools import Pools

TIED = BODY | {"spec": BODY["spec"] | {"peerRef": {"name": "decode", "minPercent": 50}}}
BROKER = RedisBroker(name="default", kind="redis", url="redis://h", passwordFile="/none")


def fed(source):
    return parse_spec(BODY["spec"] | {"queue": {"sources": [{"name": "jobs"} | source]}}).to_core()


def test_a_peer_that_is_not_there_is_wrong():
    found = [*ties.lacking(Pools().take(TIED), Pools(), frozenset())]
    assert found == ["spec.peerRef.name: ipool/decode is not in inference"]


def test_a_peer_that_is_there_is_fine():
    pools = Pools()
    pools.take(BODY | {"metadata": BODY["metadata"] | {"name": "decode", "uid": "other"}})
    assert [*ties.lacking(pools.take(TIED), pools, frozenset())] == []


def test_a_peer_that_is_checked_with_it_will_be_there():
    assert [*ties.lacking(Pools().take(TIED), Pools(), frozenset({("inference", "decode")}))] == []


def test_a_pool_without_a_peer_lacks_none():
    assert [*ties.lacking(Pools().take(BODY), Pools(), frozenset())] == []


def test_a_broker_that_is_not_known_here_is_not_asked():
    found = ties.unasked(fed({"redis": {"list": "jobs"}}), None)
    assert found == {"jobs": "its broker is not known here: give --brokers-file as the operator has it"}


@pytest.mark.parametrize(
    ("brokers", "words"),
    [
        ((BROKER,), {"jobs": "--brokers-file: default.passwordFile: /none is not here"}),
        ((BROKER.model_copy(update={"password_file": None}),), {}),
        ((), {}),
    ],
    ids=["its password is not here", "known", "unknown to the operator, too"],
)
def test_a_broker_is_asked_where_its_files_are_here(brokers, words):
    assert ties.unasked(fed({"redis": {"list": "jobs"}}), brokers) == words


def test_other_sources_need_no_broker():
    assert ties.unasked(fed({"pods": {}}), None) == {}


def test_a_pool_without_a_good_spec_asks_nobody():
    assert ties.unasked(None, None) == {}
