"""The replay by a hand-made trace: three of nine are reclaimed at 600 s and can be had again at 1200 s.

A launch takes 60 s, a load 180 s. What on-demand covers is ready at 840 s; the three are back at 1440 s. Ten minutes
later, at 2040 s, the replicas that stand in may go, one a second.
"""

import gzip

import pytest
import spot_replay
from spot_replay import POLICIES, Replay, compare, load, play

DIP = (16, 6, 16, 16, 16, 16)
END = 3600
NAMES = {policy.name: policy for policy in POLICIES}
OURS, INSTANT = NAMES["ours (2m, 10m, 5m)"], NAMES["instant fallback and return"]
NONE, KEPT = NAMES["spot, no fallback"], NAMES["all on-demand"]
SPOT_PAID = 9 * 630 + 6 * (1260 - 630) + 9 * (END - 1260)


@pytest.mark.parametrize(
    ("policy", "missing"), [(KEPT, 0), (NONE, 3 * (1440 - 600)), (INSTANT, 3 * (840 - 600)), (OURS, 3 * (840 - 600))]
)
def test_what_is_missing_is_what_nobody_covers(policy, missing):
    assert play(policy, DIP).missing == missing


@pytest.mark.parametrize(
    ("policy", "paid"),
    [
        (KEPT, 10 * END),
        (NONE, END),
        (INSTANT, END + sum(back - 660 for back in (1440, 1441, 1442))),
        (OURS, END + sum(back - 660 for back in (2040, 2041, 2042))),
    ],
)
def test_on_demand_is_paid_from_its_node_to_its_return(policy, paid):
    assert play(policy, DIP).on_demand == paid


@pytest.mark.parametrize(("policy", "paid"), [(KEPT, 0), (NONE, SPOT_PAID), (INSTANT, SPOT_PAID), (OURS, SPOT_PAID)])
def test_spot_is_paid_to_the_end_of_its_notice(policy, paid):
    assert play(policy, DIP).spot == paid


@pytest.mark.parametrize(("policy", "writes"), [(KEPT, 0), (NONE, 0), (INSTANT, 4), (OURS, 4)])
def test_writes_are_one_there_and_three_back(policy, writes):
    assert play(policy, DIP).writes == writes


def test_worst_minute_lacks_all_that_was_reclaimed():
    assert play(OURS, DIP).worst_minute == 7


def test_spot_that_comes_back_only_to_go_again_finds_on_demand_still_there():
    blinking = (16, 6, 16, 6, 16, 6, 16, 16, 16, 16)
    assert play(OURS, blinking).missing < play(INSTANT, blinking).missing


def test_no_more_is_held_than_can_be_had():
    stock = (3, 0, 7, 2)
    settled = [moment for moment in Replay(OURS, stock).play() if moment.at % 600 >= 30]
    assert all(moment.spot <= stock[int(moment.at // 600)] for moment in settled)
    assert max(moment.spot for moment in settled) == 7


def test_looking_more_often_changes_nothing(monkeypatch):
    seldom = play(OURS, DIP)
    jumps = Replay.ahead
    monkeypatch.setattr(Replay, "ahead", lambda self: [self.seconds + 10, *jumps(self)])
    assert play(OURS, DIP) == seldom


def test_rows_are_each_zone_and_all_of_them_for_each_policy():
    rows = list(compare({"a": DIP, "b": DIP}))
    assert [row.zone for row in rows] == [zone for zone in ("a", "b", "together") for _ in POLICIES]
    assert {row.cost_percent for row in rows if row.policy == KEPT.name} == {100.0}


def test_trace_is_read_by_zone_and_tick(tmp_path):
    path = tmp_path / "trace.csv.gz"
    path.write_bytes(gzip.compress(b"second,zone,available\n0,a,16\n0,b,3\n600,a,15\n600,b,4\n"))
    assert load(path) == {"a": [16, 15], "b": [3, 4]}


def test_tick_that_is_missing_is_as_the_one_before(tmp_path):
    path = tmp_path / "trace.csv.gz"
    path.write_bytes(gzip.compress(b"second,zone,available\n0,a,16\n1800,a,15\n"))
    assert load(path) == {"a": [16, 16, 16, 15]}


def test_zones_and_policies_have_names_of_their_own():
    assert len(set(spot_replay.ZONES)) == len(spot_replay.ZONES)
    assert len(NAMES) == len(POLICIES)
