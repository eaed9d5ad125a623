"""What is written of a pool's money, how often, and what becomes of it when a write fails or another leads."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from structlog.testing import capture_logs
from tests.shell import test_loop
from tests.shell.test_loop import FORBIDDEN, KEY

from builders import at
from poolkeeper.api.names import BUDGET_LIFTED_BY, BUDGET_LIFTED_UNTIL, COST_MONTH_TO_DATE, COST_PER_HOUR
from poolkeeper.api.units import parse_instant
from poolkeeper.core.account import Account, month_to_date
from poolkeeper.core.economics import Count
from poolkeeper.shell.kube_errors import TooManyRequests
from poolkeeper.shell.loop import Loop, Sources
from poolkeeper.shell.money import Money
from poolkeeper.shell.pools import Lifting, lifting
from poolkeeper.shell.reckoning import Reckoning, beat
from poolkeeper.shell.settings import Settings
from poolkeeper.shell.telemetry import Telemetry
from poolkeeper.shell.turn import Turns

BUSY = TooManyRequests("busy", status=429)
HOUR = 3600
MIDNIGHT = 12 * HOUR
POOL = f"/apis/poolkeeper.io/v1alpha1/namespaces/{KEY[0]}/inferencepools/{KEY[1]}"
DEPLOYMENT = f"/apis/apps/v1/namespaces/{KEY[0]}/deployments/{KEY[1]}"
LEDGER = "poolkeeper-ledger-2026-03-uid-1"
PRICED = {"gpusPerReplica": 1, "pricePerGPUHour": {"on-demand": "3.00"}}
SMALL = {"monthly": "1", "alertAtPercent": [50]}


class Kube(test_loop.Kube):
    """One that remembers whole paths, too."""

    def __init__(self):
        super().__init__()
        self.paths, self.texts = Counter(), {}

    def _answer(self, verb, path, body):
        answer = super()._answer(verb, path, body)
        self.paths[path] += 1
        self.texts[path] = body
        return answer

    @property
    def events(self):
        return [body for body in self.sent if isinstance(body, dict) and body.get("kind") == "Event"]


class Rig(test_loop.Rig):
    """A pool of two replicas on one GPU each, that are counted although there is no price book."""

    server = Kube

    def __init__(self, cost=None, **spec):
        super().__init__(cost=PRICED | (cost or {}), **spec)
        self.telemetry = Telemetry()
        self.money = Money(self.kube, self.cluster, self.pools, self.telemetry, Settings(lease_namespace="poolkeeper"))
        self.money.begin(at(-60))
        turns = Turns(self.kube, self.cluster, self.pools, self.telemetry, self.money)
        self.loop = Loop(self.kube, self.cluster, self.pools, Sources(None, None, None), turns)

    def see(self, **changes):
        super().see(**changes)
        for pod in tuple(self.cluster.ownership.pods_of("uid-d")):
            self.cluster.ownership.pod_changed(KEY, pod, replace(pod, node="node-1", phase="Running"))

    async def look(self, second, waiting=500):
        await super().look(second, waiting)
        await self.rest()

    async def rest(self):
        """Let all that was begun be done."""
        await asyncio.gather(*self.money._tasks)  # noqa: SLF001  what is waited for is the claim of no test

    async def last(self, begin, end, step=5):
        for second in range(begin, end, step):
            await self.look(second)

    @property
    def account(self):
        return self.kube.status["memory"]["account"]

    @property
    def annotations(self):
        return self.kube.texts[POOL]["metadata"]["annotations"]

    @property
    def unmarked(self):
        """The UIDs of what was asked to bear no cost any longer."""
        found = (
            body["metadata"] for body in self.kube.sent if "metadata" in body and "annotations" in body["metadata"]
        )
        return [one["uid"] for one in found if one["annotations"] == {COST_PER_HOUR: None}]

    @property
    def ledger(self):
        return self.kube.bodies[LEDGER]["data"]


@pytest.fixture
def rig():
    return Rig()


def lift(rig, until, by="ann: launch day"):
    rig.pool.lifted = Lifting(at(until), by)


# How often


async def test_a_pool_at_constant_size_is_told_once_a_minute(rig):
    await rig.last(0, 600)
    assert (rig.kube.paths[f"{POOL}/status"] <= 11, rig.kube.paths[POOL] <= 11) == (True, True)


async def test_a_pool_without_a_price_has_no_month_either():
    rig = Rig({"pricePerGPUHour": {}})
    await rig.look(0)
    assert "monthToDate" not in rig.kube.status["cost"]


async def test_what_a_pool_costs_is_told_every_minute(rig):
    await rig.last(0, 600)
    assert rig.kube.paths[POOL] >= 9


async def test_a_pool_without_a_price_writes_nothing_at_rest():
    rig = Rig({"pricePerGPUHour": {}})
    await rig.last(0, 60)
    before = len(rig.kube.asked)
    await rig.last(60, 600)
    assert rig.kube.asked[before:] == []


async def test_annotations_are_written_only_when_their_digits_change():
    rig = Rig({"pricePerGPUHour": {"on-demand": "0.0001"}})
    await rig.last(0, 600)
    assert rig.kube.paths[POOL] == 1


async def test_an_annotation_that_somebody_took_away_comes_back_on_the_beat(rig):
    await rig.last(0, 120)
    rig.kube.texts.clear()
    rig.pool.reckoning.annotations = {}
    while POOL not in rig.kube.texts:
        await rig.look(rig.kube.second + 5)
    assert rig.annotations[COST_PER_HOUR] == "6.00"


def test_many_pools_are_told_less_often():
    seconds = range(0, 2000, 10)
    assert len({beat("uid-1", 4000, at(second)).number for second in seconds}) == 11


def turns_of(uid):
    """Return the seconds of ten minutes at which a pool's beat comes."""
    numbers = [beat(uid, 1, at(second)).number for second in range(600)]
    return [second for second in range(1, 600) if numbers[second] != numbers[second - 1]]


def test_pools_have_phases_of_their_own():
    assert len({turns_of(f"uid-{number}")[0] for number in range(100)}) > 30


def test_many_pools_that_are_taken_over_are_reviewed_one_after_the_other():
    found = Reckoning()
    found.begin({"cost": {"currency": "USD"}}, Account(), beat("uid-1", 0, at(0)))
    first = next(second for second in range(200) if found.is_due(beat("uid-1", 10_000, at(second))))
    assert 0 < first <= 100


def test_what_somebody_has_garbled_is_no_lifting():
    found = Reckoning()
    found.begin({"memory": {"account": "garbage"}}, Account(), beat("uid-1", 0, at(0)))
    assert found.lifted == ""


def test_a_beat_comes_early_after_a_change_but_not_within_a_minute(rig):
    found = Reckoning()
    found.review(rig.pool.memory.account, rig.pool.core, beat("uid-1", 10**6, at(0)), None)
    found.hurry()
    assert [found.is_due(beat("uid-1", 10**6, at(second))) for second in (59, 60)] == [False, True]


# What is said


async def test_the_annotations_say_what_it_costs(rig):
    await rig.last(0, 130)
    assert rig.annotations[COST_MONTH_TO_DATE] in {"0.10", "0.11", "0.20", "0.21"}


async def test_what_a_unit_costs_is_told_once_it_is_counted():
    rig = Rig({"units": [{"name": "order", "query": "orders"}]})
    rig.pool.reckoning.counts = {"order": Count(None, "no answer came in time")}
    await rig.look(0)
    assert rig.kube.status["cost"]["units"] == [{"name": "order", "message": "no answer came in time"}]


async def test_a_threshold_is_one_event():
    rig = Rig({"budget": SMALL})
    await rig.last(0, 900)
    assert [event["reason"] for event in rig.kube.events] == ["BudgetAlert"]


async def test_what_was_told_is_stored_after_it_was():
    rig = Rig({"budget": SMALL})
    rig.kube.refusals["events"] = BUSY
    await rig.last(0, 600)
    before = rig.account.get("told", {}).get("thresholds")
    rig.kube.refusals.clear()
    await rig.last(600, 900)
    assert (before, len(rig.account["told"]["thresholds"]), len(rig.kube.events)) == (None, 1, 1)


async def test_what_it_has_come_to_is_stored_also_while_news_cannot_be_told():
    rig = Rig({"budget": SMALL})
    rig.kube.refusals["events"] = BUSY
    await rig.last(0, 600)
    assert parse_instant(rig.account["at"]) > at(500)


async def test_an_event_that_is_refused_for_good_is_told_no_more():
    rig = Rig({"budget": SMALL})
    rig.kube.refusals["events"] = FORBIDDEN
    await rig.last(0, 900)
    assert (len(rig.account["told"]["thresholds"]), rig.pool.reckoning.news) == (1, [])


async def test_a_lifted_budget_is_one_event_with_who_and_why(rig):
    lift(rig, 7200)
    await rig.last(0, 10)
    (event,) = rig.kube.events
    assert (event["reason"], event["message"].endswith("by ann: launch day")) == ("BudgetLifted", True)


async def test_a_lifting_that_has_ended_is_none(rig):
    lift(rig, -1)
    await rig.last(0, 10)
    assert rig.kube.events == []


async def test_the_metrics_say_what_it_costs(rig):
    await rig.look(0)
    labels = {"namespace": KEY[0], "pool": KEY[1], "currency": "USD", "tier": "on-demand"}
    assert rig.telemetry.registry.get_sample_value("poolkeeper_pool_cost_per_hour", labels) == 6


# Workloads


async def test_workloads_bear_their_cost_on_request():
    rig = Rig({"annotate": ["Workload"]})
    await rig.look(0)
    assert rig.kube.texts[DEPLOYMENT]["metadata"]["annotations"][COST_PER_HOUR] == "6.00"


async def test_pods_bear_their_share_on_request():
    rig = Rig({"annotate": ["Pods"]})
    await rig.look(0)
    pods = [body for path, body in rig.kube.texts.items() if "/pods/" in path]
    assert {body["metadata"]["annotations"][COST_PER_HOUR] for body in pods} == {"3.00"}


async def test_workloads_bear_nothing_unasked(rig):
    await rig.last(0, 10)
    assert rig.kube.paths[DEPLOYMENT] == 0


async def test_a_workload_is_written_once_an_hour():
    rig = Rig({"annotate": ["Workload"]})
    await rig.last(0, 3 * HOUR, 20)
    assert rig.kube.paths[DEPLOYMENT] in {3, 4}


@pytest.mark.parametrize("change", [{"annotate": []}, {"annotate": ["Workload"], "pricePerGPUHour": {}}])
async def test_a_workload_bears_nothing_once_nobody_asks_or_it_has_no_price(change):
    rig = Rig({"annotate": ["Workload"]})
    await rig.look(0)
    rig.change(cost=PRICED | change)
    await rig.last(HOUR, 2 * HOUR, 20)
    assert set(rig.kube.texts[DEPLOYMENT]["metadata"]["annotations"].values()) == {None}


async def test_a_pod_that_is_there_bears_nothing_and_one_that_is_gone_is_left_alone():
    rig = Rig({"annotate": ["Pods"]})
    await rig.look(0)
    found = next(pod for pod in rig.cluster.ownership.pods_of("uid-d") if pod.uid == "uid-1")
    rig.cluster.live_pods[found.namespace][found.name] = found
    rig.change(cost=PRICED)
    rig.kube.sent.clear()
    await rig.last(HOUR, 2 * HOUR, 20)
    assert rig.unmarked == ["uid-1"]


async def test_what_could_not_be_taken_away_is_taken_away_later():
    rig = Rig({"annotate": ["Workload"]})
    await rig.look(0)
    rig.change(cost=PRICED)
    rig.kube.refusals["chat"] = BUSY
    await rig.last(HOUR, 2 * HOUR, 20)
    rig.kube.refusals.clear()
    await rig.last(2 * HOUR, 2 * HOUR + 100)
    assert rig.kube.texts[DEPLOYMENT]["metadata"]["annotations"][COST_PER_HOUR] is None


# The ledger


async def test_the_open_day_is_written_once_an_hour(rig):
    await rig.last(0, 3 * HOUR, 20)
    assert rig.kube.asked.count(f"PATCH {LEDGER}") in {3, 4}


async def test_a_day_that_is_over_is_written_at_once(rig):
    await rig.last(0, 100)
    await rig.last(MIDNIGHT, MIDNIGHT + 200)
    assert ("2026-03-02.USD" in rig.ledger, rig.pool.memory.account.past) == (True, ())


async def test_it_leaves_the_account_once_no_late_write_can_come(rig):
    await rig.last(0, 100)
    await rig.last(MIDNIGHT, MIDNIGHT + 500)
    account = rig.pool.memory.account
    assert (account.past[-1].on, len(account.days)) == (date(2026, 3, 2), 0)


async def test_a_day_that_cannot_be_written_stays_in_the_account(rig):
    rig.kube.refusals[LEDGER] = FORBIDDEN
    await rig.last(0, 100)
    await rig.last(MIDNIGHT, MIDNIGHT + 200)
    account = rig.pool.memory.account
    assert (account.past, account.days[0].on, rig.money.problems()) == ((), date(2026, 3, 2), ["ledger: forbidden"])


async def test_it_is_written_once_it_can_be(rig):
    rig.kube.refusals[LEDGER] = BUSY
    await rig.last(0, 100)
    await rig.last(MIDNIGHT, MIDNIGHT + 200)
    rig.kube.refusals.clear()
    await rig.last(MIDNIGHT + 200, MIDNIGHT + 500)
    assert (rig.pool.memory.account.past[-1].on, rig.money.problems()) == (date(2026, 3, 2), [])


async def test_the_last_days_of_a_pool_that_is_gone_are_written(rig):
    await rig.last(0, 100)
    rig.kube.second = 1200
    rig.money.end(rig.pool)
    await rig.rest()
    assert '"cost":"2"' in rig.ledger["2026-03-02.USD"]


async def test_a_pool_that_this_process_never_led_leaves_nothing(rig):
    await rig.last(0, 100)
    rig.pool.leading = False
    rig.money.end(rig.pool)
    assert rig.money._tasks == set()  # noqa: SLF001  nothing was begun


async def test_an_orderly_end_writes_the_open_day(rig):
    await rig.last(0, 100)
    rig.kube.second = 1200
    await rig.money.close()
    assert '"cost":"2"' in rig.ledger["2026-03-02.USD"]


async def test_an_orderly_end_stores_the_account_as_of_then(rig):
    """Or the time since the last beat would count as one in which nobody looked."""
    await rig.last(0, 100)
    rig.kube.second = 140
    await rig.money.close()
    (_, stored) = rig.kube.bodies["status"]
    assert (stored["path"], parse_instant(stored["value"]["at"])) == ("/status/memory/account", at(140))


async def test_who_never_led_writes_nothing_at_its_end(rig):
    money = Money(rig.kube, rig.cluster, rig.pools, rig.telemetry, Settings())
    await money.close()
    assert rig.kube.asked == []


# Another currency


def in_euros(rig):
    rig.change(cost=PRICED | {"currency": "EUR"})


async def test_the_days_of_the_former_currency_are_in_the_ledger(rig):
    await rig.last(0, 601)
    in_euros(rig)
    await rig.last(605, 700)
    assert f'"cost":"{cost_of(605)}"' in rig.ledger["2026-03-02.USD"]


def cost_of(seconds):
    """Return what two replicas cost, to nine decimals."""
    return round(6 * Decimal(seconds) / HOUR, 9)


async def test_the_day_goes_on_in_the_new_one_under_its_own_key(rig):
    await rig.last(0, 601)
    in_euros(rig)
    await rig.last(605, 700)
    await rig.money.close()
    assert set(rig.ledger) == {"pool", "2026-03-02.EUR"}  # the last write's


async def test_a_currency_that_comes_back_goes_on_with_its_day(rig):
    await rig.last(0, 601)
    in_euros(rig)
    await rig.last(605, 700)
    rig.change(cost=PRICED)
    await rig.last(700, 1001)
    await rig.money.close()
    assert f'"cost":"{cost_of(605 + 300)}"' in rig.ledger["2026-03-02.USD"]


async def test_former_days_that_cannot_be_written_are_written_later(rig):
    await rig.last(0, 601)
    rig.kube.refusals[LEDGER] = BUSY
    in_euros(rig)
    await rig.last(605, 700)
    rig.kube.refusals.clear()
    await rig.last(700, 800)
    assert ("2026-03-02.USD" in rig.ledger, rig.pool.reckoning.former) == (True, {})


async def test_former_days_are_written_once(rig):
    await rig.last(0, 601)
    before = rig.kube.asked.count(f"PATCH {LEDGER}")
    in_euros(rig)
    await rig.last(605, 900)
    assert rig.kube.asked.count(f"PATCH {LEDGER}") == before + 1


async def test_a_pool_that_is_gone_leaves_its_former_days(rig):
    await rig.last(0, 601)
    in_euros(rig)
    rig.pool.reckoning.ledger_rest.until = at(HOUR)
    await rig.last(605, 700)
    rig.money.end(rig.pool)
    await rig.rest()
    assert rig.pool.reckoning.is_unfiled is False


# Several pools that name one target


def beside(rig, mode, born="2026-03-02T11:00:00Z", name="other"):
    """Have an older pool name the same Deployment."""
    metadata = {"namespace": KEY[0], "name": name, "uid": "uid-o", "generation": 1, "creationTimestamp": born}
    spec = {"targetRef": {"name": "chat"}, "minReplicas": 2, "maxReplicas": 8, "mode": mode}
    rig.pools.take({"metadata": metadata, "spec": spec})


def spent(rig, second):
    return month_to_date(rig.pool.memory.account, at(second), at(second).date()).cost


@pytest.mark.parametrize(
    ("mine", "other", "born", "counts"),
    [
        ("Active", "Active", "2026-03-02T11:00:00Z", False),
        ("Active", "Active", "2026-03-02T13:00:00Z", True),
        ("Active", "Observe", "2026-03-02T11:00:00Z", True),
        ("Observe", "Active", "2026-03-02T13:00:00Z", False),
        ("Observe", "Observe", "2026-03-02T11:00:00Z", False),
        ("Observe", "Observe", "2026-03-02T13:00:00Z", True),
    ],
)
async def test_one_pool_pays_for_a_target(mine, other, born, counts):
    rig = Rig(mode=mine)
    beside(rig, other, born)
    await rig.last(0, 130)
    await rig.money.close()
    assert (spent(rig, 130) > 0, LEDGER in rig.kube.bodies) == (counts, counts)


async def test_an_observing_pool_that_is_alone_pays(rig):
    rig.change(mode="Observe", cost=PRICED)
    await rig.last(0, 130)
    assert spent(rig, 130) > 0


async def test_what_was_counted_stays_when_another_pays(rig):
    await rig.last(0, 601)
    beside(rig, "Active")
    await rig.last(605, 1800)
    assert abs(spent(rig, 1800) - 6 * Decimal(605) / HOUR) < Decimal("1e-6")


async def test_what_another_pays_for_saves_nothing():
    rig = Rig({"baseline": {"replicas": 8, "type": "OnDemand"}})
    await rig.last(0, 10)
    beside(rig, "Active")
    await rig.last(10, 15)
    before = month_to_date(rig.pool.memory.account, at(15), at(15).date()).savings.total
    await rig.last(15, 1800)
    assert month_to_date(rig.pool.memory.account, at(1800), at(1800).date()).savings.total == before


async def test_commitments_are_paid_by_one_pool_alone():
    rig = Rig({"commitments": [{"gpus": 4, "pricePerGPUHour": "1.90"}]})
    beside(rig, "Active")
    await rig.last(0, 130)
    assert spent(rig, 130) == 0


async def test_what_another_pays_for_is_no_size_for_a_baseline():
    rig = Rig(mode="Observe")
    beside(rig, "Active")
    await rig.last(0, 130)
    assert rig.account.get("measured") is None


# What goes wrong


def broken(*_):
    raise ArithmeticError("no such amount")


@pytest.mark.parametrize("part", ["settle", "bill", "refresh"])
async def test_a_pool_is_sized_whatever_goes_wrong_with_its_money(part, monkeypatch):
    rig = Rig(queue=test_loop.QUEUE)
    monkeypatch.setattr(rig.money, part, broken)
    await rig.look(0, waiting=1500)
    assert (rig.kube.asked.count("PATCH scale"), rig.kube.paths[f"{POOL}/status"]) == (1, 1)


async def test_what_goes_wrong_is_said_once_a_minute(rig, monkeypatch):
    monkeypatch.setattr(rig.money, "bill", broken)
    with capture_logs() as said:
        await rig.last(0, 121)
    assert [one["event"] for one in said].count("money failed") == 3


# Another leads


def taken_over(rig, second):
    """Return a rig whose process takes over from another's that has died."""
    made = Rig()
    made.pool.leading, made.pool.status = False, rig.kube.status
    made.pool.lead(at(second), at(second))
    return made


async def test_the_amount_goes_on_without_a_jump(rig):
    await rig.last(0, 1000)
    other = taken_over(rig, 1000)
    await other.last(1030, 1800)
    await rig.last(1000, 1800)
    now = at(1800)
    mine, theirs = (month_to_date(one.pool.memory.account, now, now.date()).cost for one in (rig, other))
    assert abs(mine - theirs) < Decimal("1e-6")


async def test_taking_over_writes_no_status_before_the_first_beat(rig):
    await rig.last(0, 1000)
    other = taken_over(rig, 1000)
    await other.last(1010, 1050)
    assert other.kube.paths[f"{POOL}/status"] == 0


async def test_a_lifting_that_was_told_is_not_told_by_the_next(rig):
    lift(rig, 7200)
    await rig.last(0, 600)
    other = taken_over(rig, 600)
    lift(other, 7200)
    await other.last(600, 900)
    assert (len(rig.kube.events), other.kube.events) == (1, [])


async def test_another_lifting_is_told_by_the_next(rig):
    lift(rig, 7200)
    await rig.last(0, 600)
    other = taken_over(rig, 600)
    lift(other, 9000)
    await other.last(600, 900)
    assert [event["reason"] for event in other.kube.events] == ["BudgetLifted"]


async def test_a_lifting_that_could_not_be_told_is_told_by_the_next(rig):
    rig.kube.refusals["events"] = BUSY
    lift(rig, 7200)
    await rig.last(0, 600)
    other = taken_over(rig, 600)
    lift(other, 7200)
    await other.last(600, 900)
    assert [event["reason"] for event in other.kube.events] == ["BudgetLifted"]


async def test_what_was_said_stays_while_the_price_book_is_not_read(rig):
    await rig.last(0, 1000)
    other = taken_over(rig, 1000)
    other.money.begin(at(1000))
    await other.last(1010, 1020)
    assert (other.kube.paths[f"{POOL}/status"], other.pool.memory.account.meter.tariff) == (0, None)


# Annotations that lift


def test_a_lifting_is_read_with_who_and_why():
    found = lifting({BUDGET_LIFTED_UNTIL: "2026-03-02T14:00:00+01:00", BUDGET_LIFTED_BY: "ann"})
    assert found == Lifting(at(3600), "ann")


def test_who_has_lifted_is_told_in_one_line_that_is_not_too_long():
    found = lifting({BUDGET_LIFTED_UNTIL: "2026-03-02T14:00:00Z", BUDGET_LIFTED_BY: "a\x1b[31m\nb" + 300 * "c"})
    assert (found.by[:7], len(found.by)) == ("a[31mbc", 256)


def test_a_lifting_that_cannot_be_read_lifts_nothing_and_says_so():
    found = lifting({BUDGET_LIFTED_UNTIL: "tomorrow"})
    assert (found.until, "nothing is lifted" in found.problem) == (None, True)


async def test_a_lifting_that_cannot_be_read_is_told(rig):
    rig.pool.lifted = lifting({BUDGET_LIFTED_UNTIL: "tomorrow"})
    assert rig.money.problems() == [f"ipool/chat in inference: {rig.pool.lifted.problem}"]
