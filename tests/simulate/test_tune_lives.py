"""A spec lived on the days searched and on those held out."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from builders import START
from poolkeeper.core.arrivals import Arrival
from poolkeeper.core.model import PoolSpec
from poolkeeper.simulate.replay import Operator, replay
from poolkeeper.simulate.study import Pool, Scene, case, drawn
from poolkeeper.simulate.trace import Trace
from poolkeeper.simulate.tune_lives import Days, Part, least, lived, load, team, trial

MINUTE = timedelta(minutes=1)
TRACE = Trace(
    START, MINUTE, tuple(Arrival(60.0 * count, 1155, 211) for count in (4, 8, 8, 16, 16, 8, 4, 4, 12, 12) * 2)
)
SPEC = PoolSpec(1, 6)
POOL = Pool("chat", SPEC, (), MINUTE, timedelta(seconds=2), {"on-demand": Decimal(3)})
DAYS = Days(POOL, Scene(), 7, 12 * MINUTE)
SPECS = [SPEC, replace(SPEC, min_replicas=3), replace(SPEC, lead=False)]


def nothing(done: int) -> None:
    assert done > 0


@pytest.fixture(scope="module")
def both():
    return lived(SPEC, DAYS, TRACE, on=True)


def test_a_trial_sees_the_searched_days_alone(both):
    assert lived(SPEC, DAYS, TRACE, on=False) == both[:1]


def test_no_request_of_the_days_held_out_changes_what_a_trial_sees(both):
    other = replace(TRACE, bins=(*TRACE.bins[:13], *(Arrival(6000.0, 1155, 211),) * 7))
    assert lived(SPEC, DAYS, other, on=False) == both[:1]


def test_both_parts_are_what_a_whole_replay_comes_to(both):
    traffic = drawn(TRACE, DAYS.scene, 1.0, DAYS.seed)
    played = replay(Operator(SPEC), case(trial(SPEC, DAYS), traffic))
    searched, held_out = both
    assert searched.replica_hours + held_out.replica_hours == pytest.approx(played.replica_hours)
    assert searched.cost + held_out.cost == pytest.approx(float(played.cost), abs=0.01)
    assert searched.requests + held_out.requests == pytest.approx(played.requests)


def test_the_share_is_by_the_sla_of_the_days(both):
    slow = replace(DAYS, pool=replace(POOL, sla=timedelta(hours=1)))
    assert lived(SPEC, slow, TRACE, on=False)[0].inside == pytest.approx(1.0)
    assert both[0].inside < 1


def test_where_nobody_came_all_were_inside():
    assert Part(1.0, 1.0, 0.0, 0.0).inside == 1


def test_processes_come_to_what_one_comes_to(monkeypatch):
    found = []
    for many in (1, 2):
        monkeypatch.setattr("os.cpu_count", lambda many=many: many)
        with team(DAYS, TRACE) as workers:
            found.append(workers.live(SPECS, nothing, on=True))
    assert found[0] == found[1]


def test_how_many_are_done_is_told(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    told = []
    with team(DAYS, TRACE) as workers:
        workers.live(SPECS, told.append, on=False)
    assert told == [1, 2, 3]


def test_each_part_has_its_bound(both):
    for part, hours in zip(both, least(DAYS, TRACE, 1), strict=True):
        assert 0 < hours <= part.replica_hours


def test_the_load_is_that_of_the_searched_days():
    one = DAYS.scene.engine.capacity(1155, 211)
    assert load(DAYS, TRACE) == pytest.approx(9 / one, rel=0.3)
