"""Who is judged on the days held out, and who wins; the lives themselves are played."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from builders import START
from poolkeeper.api.spec import parse_spec
from poolkeeper.core.arrivals import Arrival
from poolkeeper.simulate import tune as module
from poolkeeper.simulate.study import Pool, Scene
from poolkeeper.simulate.trace import Trace
from poolkeeper.simulate.tune import Judged, Question, promising, tune, winner
from poolkeeper.simulate.tune_lives import Days, Part
from poolkeeper.simulate.tune_search import Found

HOUR = timedelta(hours=1)
RAW = {"targetRef": {"name": "chat"}, "minReplicas": 5, "maxReplicas": 8}
SPEC = parse_spec(RAW).to_core()
POOL = Pool("chat", SPEC, (), HOUR, timedelta(seconds=2), {"on-demand": Decimal(3)})
TRACE = Trace(START, HOUR, (Arrival(108_000.0, 1155, 211),) * 4)
QUESTION = Question(RAW, Days(POOL, Scene(), 7, 2 * HOUR), 0.99, 24)


class Played:
    """A team that knows what a spec comes to without living it."""

    def __init__(self, parts):
        self.parts, self.judged = parts, []

    def live(self, specs, _, *, on):
        self.judged += specs if on else []
        return [self.parts(spec) if on else self.parts(spec)[:1] for spec in specs]


@pytest.fixture
def play(monkeypatch):
    """Tune a pool whose specs come to what is said."""

    def act(parts, **changes):
        played = Played(parts)

        @contextmanager
        def opened(*_):
            yield played

        monkeypatch.setattr(module, "team", opened)
        return tune(replace(QUESTION, **changes), TRACE, lambda *_: None), played

    return act


def part(cost, inside=1.0) -> Part:
    return Part(float(cost), float(cost), 1000.0, 1000.0 * inside)


def judged(cost, searched, held_out, later=None, **changes) -> Judged:
    return Judged(changes, part(cost, searched), part(later or cost, held_out), (1.0, 1.0))


def by_floor(spec):
    """A floor of n costs n; under 3 requests are late, and on the days held out under 4."""
    size = spec.min_replicas
    return part(size, 1.0 if size >= 3 else 0.9), part(size, 1.0 if size >= 4 else 0.95)


def test_the_cheapest_that_is_inside_on_unseen_days_wins(play):
    assert play(by_floor)[0].winner.changes == {"minReplicas": 4}


def test_what_fails_there_stands_in_the_frontier(play):
    found = play(by_floor)[0]
    assert 3 in [one.changes.get("minReplicas") for one in found.frontier]


def test_the_frontier_is_told_cheapest_first(play):
    costs = [one.searched.cost for one in play(by_floor)[0].frontier]
    assert costs == sorted(costs)


def test_where_nothing_is_cheaper_todays_pool_stays(play):
    found = play(lambda _: (part(5), part(5)))[0]
    assert (found.stays, found.winner) == (True, found.today)


def test_where_nothing_is_inside_nothing_wins(play):
    found = play(lambda spec: (part(spec.min_replicas, 0.5),) * 2)[0]
    assert (found.stays, found.winner) == (True, None)


def test_the_frontier_of_the_rest_is_judged_where_none_of_the_first_is_inside(play):
    def parts(spec):
        lucky = spec.lead
        return part(5 if lucky else 6), part(5 if lucky else 6, 0.9 if lucky else 1.0)

    assert play(parts)[0].winner.changes == {"lead": "Disabled"}


def test_the_frontier_of_the_rest_is_judged_where_the_first_costs_more_on_unseen_days(play):
    def parts(spec):
        return part(spec.min_replicas), part(9 if spec.min_replicas == 2 else spec.min_replicas)

    assert play(parts)[0].winner.changes == {"minReplicas": 3}


def test_no_more_are_judged_than_there_is_patience_for(play, monkeypatch):
    monkeypatch.setattr(module, "MOST", 3)
    played = play(lambda spec: (part(spec.min_replicas), part(1, 0.5)))[1]
    assert len(played.judged) == 4


def test_what_does_not_matter_is_as_it_is_today(play):
    """Every trial that sets the floor sets the grace period, too, and only the floor costs."""
    won = play(by_floor, trials=40)[0].winner
    assert won.changes == {"minReplicas": 4}


def test_a_change_that_pays_only_with_another_is_kept(play):
    def parts(spec):
        late = spec.min_replicas < 5 and spec.queue.down.max_utilization_percent is None
        return (part(spec.min_replicas, 0.9 if late else 1.0),) * 2

    assert set(play(parts, trials=40)[0].winner.changes) == {"minReplicas", "queue.scaleDown.maxUtilizationPercent"}


def test_proposed_windows_may_win(play):
    windows = {"windows": [{"name": "day", "from": "08:00", "to": "18:00", "minReplicas": 6}]}
    found = play(lambda spec: (part(4 if spec.schedule else 5),) * 2, schedule=windows)[0]
    assert found.winner.changes == {"schedule": windows}


def test_how_far_it_is_goes_up_to_all_of_it(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    told = []
    tune(replace(QUESTION, trials=3), replace(TRACE, bins=TRACE.bins[:4]), lambda _, share: told.append(share))
    assert (min(told), max(told)) == (0, 1)


def test_a_pool_inside_beats_a_dearer_one_that_is_inside():
    one, other = judged(3, 1, 1, a=1), judged(4, 1, 1, b=1)
    assert winner([judged(9, 1, 1), other, one], 0.99) == one


def test_todays_pool_stays_where_the_winner_costs_more_on_unseen_days():
    today = judged(5, 1, 1, later=5)
    assert winner([today, judged(4, 1, 1, later=6, a=1)], 0.99) == today


def test_the_next_wins_where_the_cheapest_costs_more_on_unseen_days():
    dearer_there, other = judged(3, 1, 1, later=6, a=1), judged(4, 1, 1, b=1)
    assert winner([judged(5, 1, 1), dearer_there, other], 0.99) == other


def test_who_misses_the_objective_on_either_part_does_not_win():
    assert winner([judged(5, 1, 0.9), judged(4, 0.9, 1, a=1)], 0.99) is None


def test_those_inside_are_judged_first_and_few_of_the_others():
    front = [Found({"a": inside}, part(100 * inside, inside)) for inside in (0.5, 0.6, 0.7, 0.8, 0.995, 1.0)]
    assert [one.searched.inside for one in promising(front, 0.99)] == [0.995, 1.0, 0.8, 0.7, 0.6]


def test_the_bound_of_each_part_is_its_own():
    one = Judged({}, part(3), part(4), (1.5, 4.0))
    assert (one.searched_over_bound, one.over_bound) == (2, 1)
