"""The replicas of a tier: nodes, loading, markets that rise and fall, and who goes first."""

from datetime import timedelta
from math import inf

import pytest

from builders import START, at
from poolkeeper.core.agenda import Agenda
from poolkeeper.core.engine import Engine
from poolkeeper.core.machines import Drain, Fleet, Startup, Stock, Terms, chance
from poolkeeper.core.observation import Wait

MINUTE = timedelta(minutes=1)
STARTUP = Startup(MINUTE)


def fleet(size: int = 2, **terms) -> Fleet:
    made = Fleet("spot", Terms(START, **{"startup": STARTUP, **terms}), Agenda())
    made.begin(size)
    return made


def pass_until(second: float, made: Fleet) -> list[float | None]:
    """Let happen what is due; returns what each returned."""
    happened = []
    while made.agenda.next <= second:
        happened.append(made.agenda.turn())
    return happened


def states(made: Fleet) -> list[str]:
    return [
        "notice" if one.pod.notice else "ready" if one.ready else "loads" if one.landed else one.pod.wait or ""
        for one in made.replicas
    ]


def test_a_fleet_begins_ready():
    made = fleet(2)
    assert (states(made), made.paid, made.pods[0].ready_at) == (["ready"] * 2, 2, at(-3600))


def test_a_fleet_begins_with_what_its_market_has():
    assert states(fleet(2, stock=Stock(((0.0, 1),)))) == ["ready", Wait.STOCK_OUT]


def test_a_replica_without_a_node_wait_loads_at_once():
    made = fleet(1)
    made.resize(2, 0)
    assert (states(made), made.paid) == (["ready", "loads"], 2)


def test_a_replica_is_ready_after_its_start():
    made = fleet(1)
    made.resize(2, 10)
    pass_until(70, made)
    assert made.pods[1].ready_at == at(70)


def test_a_replica_that_waits_for_its_node_is_not_paid():
    made = fleet(1, node_wait=30.0)
    made.resize(2, 0)
    assert (states(made), made.paid) == (["ready", Wait.LAUNCHING], 1)


def test_a_node_comes_after_its_wait():
    made = fleet(1, node_wait=30.0)
    made.resize(2, 0)
    pass_until(30, made)
    assert (states(made), made.paid, made.pods[1].scheduled_at) == (["ready", "loads"], 2, at(30))


def test_a_replica_that_is_gone_gets_no_node_and_is_never_ready():
    made = fleet(1, node_wait=30.0)
    made.resize(2, 0)
    made.resize(1, 10)
    pass_until(30, made)
    assert states(made) == ["ready"]


def test_a_replica_that_goes_while_it_loads_is_never_ready():
    made = fleet(1)
    made.resize(2, 0)
    made.resize(1, 10)
    pass_until(60, made)
    assert states(made) == ["ready"]


def test_those_that_are_not_ready_go_first():
    made = fleet(2)
    made.resize(3, 0)
    assert (made.resize(2, 10), states(made)) == (0, ["ready", "ready"])


def test_the_youngest_goes_first():
    made = fleet(3)
    assert (made.resize(2, 10), [pod.name for pod in made.pods]) == (1, ["spot-1", "spot-2"])


def test_a_victim_goes_before_the_youngest():
    made = fleet(3)
    made.resize(2, 10, ["spot-1"])
    assert [pod.name for pod in made.pods] == ["spot-2", "spot-3"]


def test_a_falling_market_takes_the_youngest_back():
    made = fleet(3, stock=Stock(((0.0, 3), (100.0, 1)), notice=MINUTE))
    assert pass_until(100, made)[-2:] == [160.0, 160.0]
    assert states(made) == ["ready", "notice", "notice"]


def test_what_is_taken_back_is_asked_for_again():
    made = fleet(2, stock=Stock(((0.0, 2), (100.0, 1))))
    pass_until(100, made)
    assert (states(made), made.pods[1].name) == (["ready", Wait.STOCK_OUT], "spot-3")


def test_a_rising_market_gives_nodes():
    made = fleet(3, stock=Stock(((0.0, 1), (100.0, 2))))
    pass_until(100, made)
    assert states(made) == ["ready", "loads", Wait.STOCK_OUT]


def test_a_replica_under_notice_that_leaves_is_not_taken_again():
    made = fleet(2, stock=Stock(((0.0, 2), (100.0, 1)), notice=MINUTE))
    pass_until(100, made)
    made.resize(1, 110, ["spot-2"])
    pass_until(160, made)
    assert states(made) == ["ready"]


def test_a_loading_replica_under_notice_never_serves():
    made = fleet(1, stock=Stock(((0.0, 2), (30.0, 1)), notice=MINUTE))
    made.resize(2, 0)
    assert pass_until(60, made)[-1] is None
    assert states(made) == ["ready", "notice"]


def test_reclaims_come_at_their_rate():
    made = fleet(400, stock=Stock(reclaims=1.0))
    assert len([one for one in pass_until(3600, made) if one is not None]) == pytest.approx(400, rel=0.15)


def test_a_replica_is_told_only_once():
    made = fleet(2, stock=Stock(((0.0, 2), (1.0, 0)), reclaims=3600.0, notice=timedelta(hours=1)))
    assert len([one for one in pass_until(100, made) if one is not None]) == 2


def test_a_replica_that_left_is_not_told():
    made = fleet(2, stock=Stock(reclaims=1.0))
    made.resize(0, 0)
    assert set(pass_until(1e6, made)) == {None}


@pytest.mark.parametrize(("second", "there"), [(0, 4), (99, 4), (100, 2), (1e9, 2)])
def test_stock_holds_from_its_tick_on(second, there):
    assert Stock(((10.0, 4), (100.0, 2))).available(second) == there


def test_without_ticks_there_is_no_end_of_stock():
    assert Stock().available(0) == inf


def test_the_same_names_draw_the_same():
    assert chance(7, "spot", 1) == chance(7, "spot", 1) != chance(8, "spot", 1)


def test_draws_are_even():
    drawn = sorted(chance("even", number) for number in range(2000))
    assert max(abs(value - place / 2000) for place, value in enumerate(drawn)) < 0.04


def test_a_constant_start_takes_as_long_as_it_says():
    assert STARTUP.seconds(0.9) == 60


def test_a_lognormal_start_has_its_median():
    assert Startup(MINUTE, sigma=0.5).seconds(0.5) == pytest.approx(60)


def test_a_lognormal_start_has_a_longer_tail():
    assert Startup(MINUTE, sigma=0.5).seconds(0.95) == pytest.approx(60 * 2.71828 ** (0.5 * 1.6449), rel=1e-3)


def test_a_measured_start_is_one_of_those():
    measured = Startup(measured=(MINUTE, 2 * MINUTE, 3 * MINUTE))
    assert [measured.seconds(drawn) for drawn in (0.01, 0.5, 0.99)] == [60, 120, 180]


def test_a_drain_ends_what_runs():
    drain = Drain("spot", 2, (100.0, 211.0), 120.0)
    ended = drain.advance(Engine(), 10)
    assert (ended + drain.running, 30 < drain.running < 100) == (pytest.approx(100), True)
