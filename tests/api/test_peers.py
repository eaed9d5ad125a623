"""A tie as users write it, and as the status tells it."""

import pytest

from poolkeeper.api.peers import PeerRef, PeerStatus, peer_condition, peer_status
from poolkeeper.core.model import Tie
from poolkeeper.core.peer import Tied
from poolkeeper.core.reasons import Reason

MISSING = Tied("decode", reason=Reason.PEER_MISSING, detail="ipool/decode is not in inference")


@pytest.mark.parametrize(
    ("written", "tie"),
    [
        ({"minPercent": 25, "maxPercent": 200}, Tie("decode", 25, 200)),
        ({"minPercent": 25}, Tie("decode", 25)),
        ({"maxPercent": 200}, Tie("decode", 0, 200)),
    ],
)
def test_a_bound_that_is_absent_is_none(written, tie):
    assert PeerRef.model_validate({"name": "decode"} | written).to_core() == tie


@pytest.mark.parametrize(
    ("tied", "told"),
    [
        (
            Tied("decode", 8, 2, 16),
            {"name": "decode", "replicas": 8, "atLeast": 2, "atMost": 16, "summary": "2-16 beside decode 8"},
        ),
        (
            Tied("decode", 0, 0),
            {"name": "decode", "replicas": 0, "atLeast": 0, "summary": "0- beside decode 0"},
        ),
        (MISSING, {"name": "decode", "summary": "no decode"}),
    ],
)
def test_the_status_tells_the_bounds_and_the_peers_size(tied, told):
    assert peer_status(tied) == told
    PeerStatus.model_validate(peer_status(tied))


def test_a_missing_peer_is_told_with_what_lacks():
    assert peer_condition(MISSING)[1:] == (
        "False",
        Reason.PEER_MISSING,
        f"{Reason.PEER_MISSING.sentence}: {MISSING.detail}",
    )


def test_a_tie_that_holds_needs_no_words():
    assert peer_condition(Tied("decode", 8, 2, 16)) == ("Tied", "True", Reason.AS_EXPECTED, "")
