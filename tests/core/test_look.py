"""What one look means, before anything is decided."""

from datetime import timedelta
from decimal import Decimal

import pytest

from builders import at, pod, published, reading, sample, seen, target
from poolkeeper.core.account import Account
from poolkeeper.core.look import accounted, health, look
from poolkeeper.core.memory import Grace, Memory, Served
from poolkeeper.core.meter import Bill, Billed
from poolkeeper.core.model import Slo
from poolkeeper.core.observation import Observation, PodFault, Reading
from poolkeeper.core.prices import Place
from poolkeeper.core.rates import Rental
from poolkeeper.core.reasons import Reason

SPEC = published()
STRICT = published(slo=Slo(timedelta(seconds=2), 99))
RENTAL = Rental("on-demand", Place(), Decimal(1))
PAID = Bill((Billed("uid-0", RENTAL, at(0)),))
FAILED = reading(None, fault=Reason.METRIC_TIMEOUT)


def viewed(observation=None, *, spec=SPEC, memory=Memory(), now=0):  # noqa: B008  a frozen value
    observation = observation or seen()
    return look(spec, observation, observation.target, memory, at(now))


def inside(share: float | None, **changes):
    minutes = () if share is None else ((at(0), share * 100, 100),)
    return viewed(seen(**changes), spec=STRICT, memory=Memory(served=Served(minutes=minutes)))


def test_the_current_size_is_what_the_target_asks_for():
    assert viewed(seen(target=target(5, pods=()))).current == 5


@pytest.mark.parametrize(("before", "new"), [(None, True), (-1, True), (0, False), (1, False)])
def test_a_sample_is_new_once(before, new):
    memory = Memory(grace=Grace(sampled_at=None if before is None else at(before)))
    assert viewed(memory=memory).is_new is new


def test_a_queue_that_vanishes_is_empty_once_it_was_seen():
    gone, there = (reading(waiting, vanishes="list 'jobs'") for waiting in (0, 3))
    before = viewed(seen(readings=(gone,)))
    known = viewed(seen(readings=(there,))).memory
    after = viewed(seen(readings=(gone,)), memory=known)
    assert (before.is_outage, after.is_outage, after.depth.waiting) == (True, False, 0)


def test_a_queue_is_known_whatever_its_target():
    other = viewed(memory=Memory(target="other", known_queues=("list 'jobs'",)))
    assert other.memory.known_queues == ("list 'jobs'",)


def test_what_is_paid_for_is_metered_and_what_is_done_is_counted():
    found = viewed(seen(bill=PAID), now=3).memory.account
    assert (found.meter.at, found.meter.billed, found.counting.at) == (at(3), PAID.items, at(3))


def test_nothing_is_metered_or_counted_where_nobody_looks_for_what_is_paid_for():
    assert viewed(seen(bill=None)).memory.account == Account()


def test_without_a_target_nothing_is_there_to_save():
    before = accounted(SPEC, seen(bill=PAID), Account(), None, at(0))
    after = accounted(SPEC, Observation(None, bill=Bill()), before, None, at(9))
    assert (before.meter.setting.unit, after.meter.setting.unit) == (RENTAL, None)


def test_nothing_read_is_nothing_new():
    assert not viewed(seen(readings=())).is_new


def test_an_outage_begins_at_the_first_look_that_misses_something():
    assert viewed(seen(readings=(FAILED,)), now=3).memory.outage_since == at(3)


def test_an_outage_that_goes_on_keeps_its_beginning():
    memory = Memory(outage_since=at(-9))
    assert viewed(seen(readings=(FAILED,)), memory=memory).memory.outage_since == at(-9)


def test_a_whole_sample_ends_the_outage():
    assert viewed(memory=Memory(outage_since=at(-9))).memory.outage_since is None


def test_silent_pods_are_remembered():
    half = Reading("pods", at(0), pods=(sample(0, 1),), faults=(PodFault("uid-1", Reason.METRIC_TIMEOUT),))
    assert viewed(seen(readings=(half,))).memory.silent_since == {"uid-1": at(0)}


@pytest.mark.parametrize(("before", "since"), [("", at(-9)), ("a", at(-9)), ("b", at(0))])
def test_what_is_remembered_of_another_target_is_forgotten(before, since):
    memory = Memory(target=before, outage_since=at(-9))
    remembered = viewed(seen(target=target(uid="a"), readings=(FAILED,)), memory=memory).memory
    assert (remembered.target, remembered.outage_since) == ("a", since)


def test_starts_are_observed():
    assert viewed().memory.starts.known == {"uid-0", "uid-1"}


@pytest.mark.parametrize(("spec", "counters"), [(STRICT, {"uid-0": (5, 9)}), (SPEC, {})])
def test_requests_are_counted_where_an_slo_wants_it(spec, counters):
    page = Reading("pods", at(0), pods=(sample(0, 1, inside=5, finished=9),))
    assert viewed(seen(readings=(page,)), spec=spec).memory.served.counters == counters


def test_counters_of_pods_that_are_gone_are_dropped():
    memory = Memory(served=Served({"uid-0": (1, 1), "gone": (1, 1)}))
    page = Reading("pods", at(0), pods=(sample(1, 1, inside=5, finished=9),))
    counters = viewed(seen(readings=(page,)), spec=STRICT, memory=memory).memory.served.counters
    assert set(counters) == {"uid-0", "uid-1"}


@pytest.mark.parametrize(
    ("share", "state", "burn"),
    [(None, Reason.NO_REQUESTS, None), (0.99, Reason.WITHIN_SLO, 1), (0.97, Reason.OUTSIDE_SLO, 3)],
)
def test_the_slo_is_reported_with_its_burn_rate(share, state, burn):
    found = health(STRICT, inside(share), at(0))
    assert (found.slo, found.slo_share, found.slo_burn_rate) == (state, share, burn and pytest.approx(burn))


def test_without_an_slo_nothing_is_said_about_it():
    view = viewed(memory=Memory(served=Served(minutes=((at(0), 0, 100),))))
    found = health(SPEC, view, at(0))
    assert (found.slo, found.slo_share, found.slo_burn_rate) == (Reason.NO_REQUESTS, None, None)


def test_the_metrics_fault_is_reported_in_its_words():
    found = health(SPEC, viewed(seen(readings=(FAILED,))), at(0))
    assert (found.metrics, found.metrics_detail) == (Reason.METRIC_TIMEOUT, "edge: no answer came in time")


def test_all_well_is_nothing_to_say():
    found = health(SPEC, viewed(), at(0))
    assert (found.metrics, found.metrics_detail, found.startup, found.startup_detail) == (
        Reason.AS_EXPECTED,
        "",
        Reason.AS_EXPECTED,
        "",
    )


@pytest.mark.parametrize(
    ("stuck", "reason", "detail"),
    [(1, Reason.AS_EXPECTED, "1 overdue: no node"), (2, Reason.STARTUP_BLOCKED, "2 overdue: no node")],
)
def test_stuck_starts_are_reported_before_they_block(stuck, reason, detail):
    pods = tuple(pod(number, ready_at=None, trouble="no node") for number in range(stuck))
    found = health(SPEC, viewed(seen(target=target(stuck, pods=pods))), at(0))
    assert (found.startup, found.startup_detail) == (reason, detail)
