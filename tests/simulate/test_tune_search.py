"""What is asked of trials, and what of their answers nothing beats."""

import pytest

from poolkeeper.simulate import tune_search
from poolkeeper.simulate.tune_lives import Part
from poolkeeper.simulate.tune_search import BATCH, Found, TuneError, layers, search
from poolkeeper.simulate.tune_space import Dimension

SIZE = Dimension("minReplicas", tuple(range(1, 21)), 9)
GRACE = Dimension("queue.scaleDown.gracePeriod", tuple(f"{many}m" for many in range(1, 13)), 4)
LEAD = Dimension("lead", ("Disabled", "Auto"), 1)


def part(cost, inside) -> Part:
    return Part(cost, cost, 1000.0, 1000.0 * inside)


def answers(asked):
    """Each replica costs one, and one in a hundred requests is late for each that is less than 15."""
    sizes = [made.get("minReplicas", 10) for made in asked]
    return [part(size, 1 - max(0, 15 - size) / 100) for size in sizes]


def found(cost, inside, **changes) -> Found:
    return Found(changes, part(cost, inside))


def test_todays_pool_is_lived_first():
    assert search([SIZE, LEAD], answers, 5, 7)[0] == Found({}, part(10, 0.95))


def test_then_what_is_near_it_by_one_field():
    found = search([SIZE, LEAD], answers, 10, 7)[1:4]
    assert [one.changes for one in found] == [{"lead": "Disabled"}, {"minReplicas": 9}, {"minReplicas": 11}]


def test_a_seed_finds_the_same_again():
    tried = [SIZE, GRACE, LEAD]
    assert search(tried, answers, 24, 3) == search(tried, answers, 24, 3)


def test_another_seed_finds_something_else():
    tried = [SIZE, GRACE, LEAD]
    assert search(tried, answers, 24, 3) != search(tried, answers, 24, 4)


def test_the_search_goes_where_it_is_cheap_and_in_time():
    front = next(layers(search([SIZE, GRACE, LEAD], answers, 60, 7)))
    assert min(one.searched.cost for one in front if one.searched.inside >= 1) <= 16


def test_the_same_changes_are_lived_once():
    asked = []

    def counted(some):
        asked.extend(map(str, some))
        return answers(some)

    search([LEAD], counted, 20, 7)
    assert sorted(asked) == sorted({"{}", "{'lead': 'Disabled'}"})


def test_trials_come_in_batches_of_one_size_but_for_the_last():
    many = []

    def counted(some):
        many.append(len(some))
        return answers(some)

    search([Dimension("minReplicas", tuple(range(1000)), 0)], counted, 10, 7)
    assert many == [BATCH, BATCH, 2]


def test_a_frontier_is_what_nothing_beats_cheapest_first():
    a, b, worse, same_cost = found(3, 0.99, a=1), found(2, 0.9, b=1), found(4, 0.98, c=1), found(3, 0.95, d=1)
    assert next(layers([a, worse, b, same_cost])) == [b, a]


def test_then_comes_the_frontier_of_the_rest():
    a, worse, worst = found(3, 0.99, a=1), found(4, 0.98, c=1), found(5, 0.97, d=1)
    assert list(layers([worst, a, worse])) == [[a], [worse], [worst]]


def test_of_the_same_figures_the_one_that_changes_least_stands_for_all():
    more, less = found(3, 0.99, a=1, b=1), found(3, 0.99, b=1)
    assert list(layers([more, less])) == [[less]]


def test_without_optuna_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(tune_search, "find_spec", lambda _: None)
    with pytest.raises(TuneError, match=r"^tune needs optuna: pip install 'poolkeeper\[tune\]'$"):
        search([LEAD], answers, 2, 7)
