from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from math import pi, sin

import pytest

from builders import START, at, pod, seen, target
from poolkeeper.core.account import Account
from poolkeeper.core.arrivals import Arrival
from poolkeeper.core.costing import Commitment, Costing
from poolkeeper.core.counterfactual import (
    DAYS,
    TELL,
    cost,
    durations,
    ended,
    ground_of,
    is_due,
    measured,
    noted,
    priced,
)
from poolkeeper.core.decide import decide
from poolkeeper.core.engine import Engine
from poolkeeper.core.look import look
from poolkeeper.core.machines import Startup
from poolkeeper.core.memory import NOTHING_MEASURED, Counterfactual, Load, Memory, Starts, Theirs, Tiers
from poolkeeper.core.meter import Meter
from poolkeeper.core.model import Mode, PoolSpec, Queue, Slo
from poolkeeper.core.observation import Observation, PodSample, Reading, Target
from poolkeeper.core.observed import Checked, Figures, Side, Sums
from poolkeeper.core.plan import plan
from poolkeeper.core.prices import Place
from poolkeeper.core.rates import Rental, Setting, Tariff
from poolkeeper.core.reasons import Reason
from poolkeeper.core.theirs import checked
from poolkeeper.core.world import Ground, World

EVERY = timedelta(seconds=15)
PROMPT, OUTPUT = 1155, 211
SPEC = PoolSpec(1, 20, Mode.OBSERVE, Queue(interval=EVERY), Slo(timedelta(seconds=2), 99.5))
ACTIVE = replace(SPEC, mode=Mode.ACTIVE)
HOURS = 4


def ours(world, memory):
    """Return the size that the operator would have, and its memory."""
    decision, memory = decide(ACTIVE, world.observe(), memory, world.now)
    resizes = plan(ACTIVE, decision).resizes
    return (resizes[0].after if resizes else world.size), memory


def held(size):
    """Return a scaler that holds one size, once a queue has shown what a replica can do."""

    def scale(world, memory):
        return (2 if world.clock < 300 else size), memory

    return scale


@lru_cache
def watched(scaler, hours=HOURS):
    """Return a world in which a scaler has the wheel, and the memory of a pool that observes it."""
    engine = Engine()
    world = World(Ground(engine, Startup(timedelta(seconds=60))), SPEC, START, {"on-demand": 4})
    watching, memory = Memory(), Memory()
    while world.clock < hours * 3600:
        _, watching = decide(SPEC, world.observe(), watching, world.now)
        size, memory = scaler(world, memory)
        world.resize("on-demand", size)
        load = 3 + 1.5 * sin(2 * pi * world.clock / 7200)
        requests = load * engine.capacity(PROMPT, OUTPUT) * EVERY.total_seconds()
        world.advance(Arrival(requests, PROMPT, OUTPUT), EVERY)
    return world, watching


def figures(scaler, hours=HOURS):
    return watched(scaler, hours)[1].counterfactual.figures


EIGHT = held(8)


def test_beside_our_own_decisions_there_is_nothing_to_save():
    assert abs(figures(ours).total.saving) < 0.05


def test_beside_twice_the_size_it_shows_what_we_would_really_have_needed():
    really = sum(watched(ours)[0].paid.values()) / 3600
    assert figures(EIGHT).total.ours.replica_hours == pytest.approx(really, rel=0.1)


def test_it_counts_what_the_other_scaler_had():
    world, _ = watched(EIGHT)
    assert figures(EIGHT).total.theirs.replica_hours == pytest.approx(sum(world.paid.values()) / 3600, rel=0.02)


def test_it_counts_all_of_the_time():
    assert figures(EIGHT).total.hours == pytest.approx(HOURS, abs=0.05)


def test_the_model_predicts_the_wait_that_is_seen():
    assert figures(ours).total.checked.error < 2


def test_the_share_inside_of_their_sizes_is_what_the_pods_counted():
    world, _ = watched(EIGHT)
    assert figures(EIGHT).total.share == pytest.approx(
        world.serving.waits.punctual / world.serving.waits.total, abs=0.02
    )


def test_our_share_inside_is_modelled():
    assert 0.93 < figures(EIGHT).total.ours.share <= 1


def test_days_add_up_to_the_total():
    found = figures(EIGHT)
    assert found.total.hours == pytest.approx(sum(day.sums.hours for day in found.days))


def test_what_is_told_is_an_hour_old_at_most():
    known = watched(EIGHT)[1].counterfactual
    assert timedelta(0) <= known.figures.at - known.told.at < TELL


class Watch:
    """A pool of two in Observe, each pod doing so many requests a second, looked at every ten seconds."""

    def __init__(self, spec=SPEC, pods=2):
        self.spec, self.memory, self.second, self.done = spec, Memory(), 0, 0.0
        self.pods = tuple(pod(number) for number in range(pods))

    @property
    def known(self):
        return self.memory.counterfactual

    def go_on(self, seconds, rate=1.0, waiting=0.0, **changes):
        """Look until so many seconds later; return what is known then."""
        for _ in range(0, seconds, 10):
            self.second += 10
            self.done += 10 * rate
            self.look(self.reading(waiting, **changes))
        return self.known

    def reading(self, waiting=0.0, running=0.0, **changes):
        pages = [PodSample(one.uid, waiting, running, requests=self.done) for one in self.pods]
        whole = {"source": "pods", "at": at(self.second), "pods": tuple(pages)}
        return Reading(**whole | changes)

    def look(self, reading):
        found = Observation(Target(len(self.pods), "chat", pods=self.pods), (reading,))
        self.decision, self.memory = decide(self.spec, found, self.memory, at(self.second))

    def turn(self, **changes):
        self.spec = replace(self.spec, **changes)
        return self


def total(known):
    return known.figures.total


FAILING = {"fault": Reason.METRIC_TIMEOUT, "pods": ()}


def test_nothing_is_known_before_a_bucket_has_ended():
    assert Watch().go_on(20) == NOTHING_MEASURED


def test_the_first_bucket_sets_where_both_begin():
    known = Watch().go_on(40)
    assert (total(known), known.figures.size, known.theirs.counts) == (Sums(), 2, {"on-demand": 2})


def test_each_bucket_after_that_is_counted():
    found = total(Watch().go_on(40 + 60))
    assert (found.hours, found.theirs.replica_hours) == (pytest.approx(60 / 3600), pytest.approx(120 / 3600))


def test_during_an_outage_nothing_is_counted():
    watch = Watch()
    before = total(watch.go_on(100))
    watch.go_on(1800, **FAILING)
    assert total(watch.go_on(40)) == before


def test_after_an_outage_it_goes_on():
    watch = Watch()
    before = total(watch.go_on(100))
    watch.go_on(1800, **FAILING)
    assert total(watch.go_on(100)).hours == pytest.approx(before.hours + 60 / 3600)


def test_an_idle_pool_would_have_shrunk():
    watch = Watch(pods=8)
    watch.go_on(40)
    assert watch.go_on(3600, rate=0.0).figures.size == 1


def test_the_most_that_a_replica_did_counts_until_a_queue_shows_more():
    known = Watch().go_on(100, rate=1.0)
    assert (known.figures.capacity, known.figures.measured) == (pytest.approx(1.0), False)


def test_a_queue_shows_what_a_replica_can_do():
    watch = Watch()
    watch.go_on(100)
    known = watch.go_on(100, rate=2.0, waiting=5.0)
    assert (known.figures.capacity, known.figures.measured) == (pytest.approx(2.0, rel=0.2), True)


def test_what_was_measured_once_stands():
    figures = Figures(at(0), at(0), capacity=7.0, measured=True)
    assert measured(figures, Load(), Load(ready=2, rates=(99.0,)), 0.0) == figures


@pytest.mark.parametrize(("ready", "waiting"), [(0, 0.0), (2, 1.0)])
def test_nobody_and_a_queue_that_is_not_everywhere_show_nothing(ready, waiting):
    figures = Figures(at(0), at(0))
    assert measured(figures, Load(), Load(ready=ready, rates=(99.0,)), waiting) == figures


def test_a_burst_that_batches_take_in_shows_nothing():
    figures = Figures(at(0), at(0), capacity=1.0)
    assert measured(figures, Load(), Load(ready=2, rates=(4.0, 4.0, 9.0)), 0.0).capacity == 2.0


def test_while_a_replica_leaves_it_counts():
    figures = Figures(at(0), at(0))
    assert measured(figures, Load(ready=4), Load(ready=2, rates=(4.0,)), 0.0).capacity == 1.0


def test_the_wait_is_off_by_what_the_model_does_not_predict():
    watch = Watch()
    watch.go_on(100)
    found = total(watch.go_on(60, waiting=3.0)).checked
    assert found.missed > 0


def test_going_active_keeps_the_last_figures():
    watch = Watch()
    before = watch.go_on(100).figures
    known = watch.turn(mode=Mode.ACTIVE).go_on(100)
    assert known == Counterfactual(*[replace(before, until=at(110))] * 2)


def test_a_pool_that_was_never_in_observe_has_nothing_to_keep():
    assert ended(NOTHING_MEASURED, at(0)) == NOTHING_MEASURED


def test_a_pause_ends_nothing():
    watch = Watch()
    known = watch.go_on(100)
    assert watch.turn(mode=Mode.PAUSED).go_on(100) is known


def test_observe_again_begins_anew():
    watch = Watch()
    watch.go_on(100)
    watch.turn(mode=Mode.ACTIVE).go_on(10)
    assert watch.turn(mode=Mode.OBSERVE).go_on(40).figures.since > at(110)


def test_another_currency_begins_anew():
    watch = Watch()
    watch.go_on(100)
    known = watch.turn(cost=Costing(currency="EUR")).go_on(40)
    assert (known.figures.currency, total(known)) == ("EUR", Sums())


def test_after_a_restart_our_pool_has_the_size_that_was_stored():
    watch, stored = Watch(), Figures(at(-3600), at(-60), total=Sums(1.0), size=5, currency="USD")
    watch.memory = Memory(target="chat", counterfactual=Counterfactual(stored, stored))
    known = watch.go_on(40)
    assert (len(known.ours.pods), known.figures.since, total(known)) == (5, at(-3600), Sums(1.0))


def test_the_decision_shows_it():
    watch = Watch()
    assert watch.go_on(100) is watch.decision.counterfactual


def test_a_pool_without_a_target_keeps_it():
    watch = Watch()
    known = watch.go_on(100)
    decision, memory = decide(SPEC, Observation(None), watch.memory, at(200))
    assert decision.counterfactual is known is memory.counterfactual


UNIT = Rental("on-demand", Place(gpu="H100"), Decimal(2))
PRICED = Costing(prices={"on-demand": Decimal(3), "spot": Decimal(1)})
HOUR = timedelta(hours=1)


def account(**changes):
    tariff = Tariff(**{"costing": PRICED, "spot": "spot"} | changes)
    return Account(meter=Meter(at(0), setting=Setting(unit=UNIT), tariff=tariff))


def test_each_tier_costs_what_its_gpus_do():
    assert cost(account(), [({"on-demand": 2, "spot": 3}, HOUR)], at(0)) == 2 * 2 * 3 + 3 * 2 * 1


def test_every_size_costs_for_its_while():
    spans = [({"on-demand": 1}, HOUR / 2), ({"on-demand": 3}, HOUR), ({"on-demand": 0}, HOUR)]
    assert cost(account(), spans, at(0)) == 3 + 18


def test_commitments_are_paid_whatever_the_size():
    committed = replace(PRICED, commitments=(Commitment(Decimal(4), Decimal(2)),))
    assert cost(account(costing=committed), [({"on-demand": 1}, HOUR)], at(0)) == 8


def test_without_prices_there_is_no_cost():
    assert cost(account(costing=Costing()), [({"on-demand": 1}, HOUR)], at(0)) is None


def test_where_nobody_counts_there_is_no_cost():
    assert cost(Account(), [({"on-demand": 1}, HOUR)], at(0)) is None


def test_both_sides_are_priced_or_none():
    assert priced(Sums(2.0), Decimal(1), None) == Sums(2.0)
    assert priced(Sums(2.0), Decimal(1), Decimal(3)) == Sums(2.0, 2.0, Side(cost=Decimal(1)), Side(cost=Decimal(3)))


def test_a_day_ends_at_midnight_of_the_pools_own_zone():
    spec = replace(SPEC, cost=Costing(timezone="America/New_York"))
    evening = noted(Figures(at(0), at(0)), Sums(1.0), spec, at(16.5 * 3600))
    assert [day.sums.hours for day in noted(evening, Sums(2.0), spec, at(17.5 * 3600)).days] == [1.0, 2.0]


def test_a_week_and_today_are_kept():
    found = Figures(at(0), at(0))
    for number in range(12):
        found = noted(found, Sums(1.0), SPEC, at(number * 86400))
    assert (len(found.days), found.total.hours) == (DAYS, 12.0)


def test_the_starts_of_the_tier_that_most_is_known_of_count():
    known = Starts(durations=(timedelta(seconds=30),) * 2)
    assert durations(Memory(tiers=Tiers(starts={"spot": known}))) == known.durations


def there(waiting=0.0, **changes):
    """Return a look at a pool of two to which the work of four replicas that do one a second has come."""
    load = Load(works=4.0, requests=1.0, rates=(4.0,))
    known = look(SPEC, seen(waiting), target(2), Memory(load=load, **changes), at(0))
    return replace(known, memory=replace(known.memory, load=load))


@pytest.mark.parametrize(("waiting", "measured", "load"), [(0.0, False, 2), (0.0, True, 4), (9.0, False, 4)])
def test_what_replicas_take_without_a_queue_is_no_more_than_they_are(waiting, measured, load):
    figures = Figures(at(0), at(0), capacity=1.0, measured=measured)
    assert ground_of(SPEC, there(waiting), figures).load == load


def test_replicas_start_in_the_time_that_is_usual():
    took = tuple(timedelta(seconds=seconds) for seconds in (30, 90, 40))
    ground = ground_of(SPEC, there(starts=Starts("t1", took)), Figures(at(0), at(0)))
    assert ground.startup == timedelta(seconds=40)


def test_slots_say_how_much_runs_at_once():
    spec = replace(SPEC, queue=replace(SPEC.queue, slots_per_replica=8))
    assert ground_of(spec, there(), Figures(at(0), at(0), capacity=2.0)).hold == 8 * 4 / 2


def test_without_an_slo_two_seconds_count():
    watch = Watch(replace(SPEC, slo=None))
    assert total(watch.go_on(100)).ours.share == 1


def test_with_nobody_ready_no_wait_can_be_compared():
    assert checked(Theirs(), None, None, HOUR) == Checked()


@pytest.mark.parametrize(
    ("age", "seconds", "due"), [(60, 59, False), (60, 60, True), (86400, 3599, False), (86400, 3600, True)]
)
def test_figures_are_told_when_their_time_has_doubled_and_then_each_hour(age, seconds, due):
    assert is_due(Figures(at(0), at(age)), at(age + seconds)) is due


def test_the_first_figures_are_told_at_once():
    assert is_due(None, at(0))
