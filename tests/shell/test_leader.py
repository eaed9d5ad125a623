"""One leader at a time; the deadline is kept whatever hangs; a restart leads again at once."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.contract.fake_api import FakeApi, RefusalError

from poolkeeper.shell.identity import Identity
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.leader import Elector
from poolkeeper.shell.lease import LeaseTerms

LEASES = "/apis/coordination.k8s.io/v1/leases"
TERMS = LeaseTerms(
    "system",
    "poolkeeper",
    duration=timedelta(seconds=15),
    renew_deadline=timedelta(seconds=10),
    retry=timedelta(milliseconds=10),
)
EARLIER = datetime(2026, 3, 2, 12, 0, 0, 250_000, tzinfo=UTC)


class ManualClock:
    """Seconds that pass when the test says so."""

    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds

    def advance(self, seconds):
        self.seconds += seconds


@pytest.fixture
async def api():
    async with FakeApi() as api:
        yield api


@pytest.fixture
def monotonic():
    return ManualClock()


class Losses(list):
    """Counts the calls of `on_lost`."""

    def __call__(self):
        self.append("lost")


@asynccontextmanager
async def candidate(api, monotonic, name="a", *, on_lost=lambda: None, terms=TERMS):
    async with KubeClient(api.access) as kube:
        elector = Elector(kube, terms, Identity(name), on_lost=on_lost, monotonic=monotonic)
        running = asyncio.create_task(elector.run())
        try:
            yield elector
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def led_by(api, holder, *, renewed=EARLIER):
    spec = {"holderIdentity": holder, "leaseDurationSeconds": 15, "renewTime": renewed.isoformat()}
    await api.put(LEASES, "system", "poolkeeper", spec=spec)


def lease(api):
    return api.collection(LEASES).objects["system", "poolkeeper"]["spec"]


async def until(condition):
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  what is waited for is spread over two programs
            await asyncio.sleep(0.001)


async def tries(api, count):
    """Wait until the server was asked so many times more."""
    start = len(api.requests)
    await until(lambda: len(api.requests) >= start + count)


async def test_the_first_candidate_makes_the_lease_and_leads(api, monotonic):
    async with candidate(api, monotonic) as elector:
        await elector.acquired()
        assert (elector.leading, lease(api)["holderIdentity"]) == (True, "a")


async def test_nobody_renewed_before_the_first_leader(api, monotonic):
    async with candidate(api, monotonic) as elector:
        await elector.acquired()
        assert elector.previous_renewal is None


async def test_instants_have_microseconds_as_the_api_demands(api, monotonic):
    async with candidate(api, monotonic) as elector:
        await elector.acquired()
        assert len(lease(api)["renewTime"]) == len("2026-03-02T12:00:00.000000Z")


async def test_a_lease_that_changes_is_never_taken(api, monotonic):
    async with candidate(api, monotonic) as elector:
        for turn in range(5):
            await led_by(api, "b", renewed=EARLIER + timedelta(seconds=turn))
            await tries(api, 2)
            monotonic.seconds += 14
        await tries(api, 2)
        assert not elector.leading


async def test_a_lease_is_over_only_once_we_saw_it_unchanged_for_its_duration(api, monotonic):
    """However old its renewal says it is: the clocks of two machines need not agree."""
    await led_by(api, "b")
    async with candidate(api, monotonic) as elector:
        await tries(api, 2)
        monotonic.seconds += 14.9
        await tries(api, 2)
        assert not elector.leading


async def test_a_lease_that_is_over_is_taken(api, monotonic):
    await led_by(api, "b")
    async with candidate(api, monotonic) as elector:
        await tries(api, 2)
        monotonic.seconds += 15
        await elector.acquired()
        assert lease(api)["holderIdentity"] == "a"


async def test_the_last_renewal_of_whoever_led_before_is_known(api, monotonic):
    await led_by(api, "b")
    async with candidate(api, monotonic) as elector:
        await tries(api, 2)
        monotonic.seconds += 15
        await elector.acquired()
        assert elector.previous_renewal == EARLIER


async def test_a_released_lease_is_taken_at_once(api, monotonic):
    await led_by(api, "")
    async with candidate(api, monotonic) as elector:
        await elector.acquired()
        assert elector.previous_renewal == EARLIER


async def test_our_own_lease_from_before_a_crash_is_taken_at_once(api, monotonic):
    await led_by(api, "a")
    async with candidate(api, monotonic) as elector:
        await elector.acquired()
        assert elector.previous_renewal == EARLIER


async def test_an_answer_that_never_came_does_not_hide_who_led_before(api, monotonic):
    """The take-over reached the server and its answer was lost: the next look finds our own renewal."""
    await led_by(api, "")

    api.lose = lambda asked: asked.method == "PATCH"
    async with candidate(api, monotonic) as elector:
        await elector.acquired()
        assert (elector.previous_renewal, len(api.requests)) == (EARLIER, 4)


async def test_renewals_keep_the_lead(api, monotonic):
    async with candidate(api, monotonic) as elector:
        await elector.acquired()
        for _ in range(4):
            monotonic.seconds += 9
            await tries(api, 2)
        assert elector.leading


async def test_renewals_are_no_transitions(api, monotonic):
    async with candidate(api, monotonic) as elector:
        await elector.acquired()
        before = lease(api)
        await until(lambda: lease(api)["renewTime"] != before["renewTime"])
        assert {**lease(api), "renewTime": before["renewTime"]} == before


async def test_a_take_over_is_one(api, monotonic):
    await led_by(api, "")
    async with candidate(api, monotonic) as elector:
        await elector.acquired()
        assert (lease(api)["leaseTransitions"], lease(api)["acquireTime"]) == (1, lease(api)["renewTime"])


async def test_a_renewal_is_one_request(api, monotonic):
    async with candidate(api, monotonic) as elector:
        await elector.acquired()
        await tries(api, 3)
        assert {asked.method for asked in api.requests[-2:]} == {"PATCH"}


async def test_leading_ends_at_the_deadline_while_a_request_hangs(api, monotonic):
    async with candidate(api, monotonic) as elector:
        await elector.acquired()
        await hang(api)
        monotonic.seconds += 10
        assert not elector.leading


async def test_the_loss_is_told_once(api, monotonic):
    losses = Losses()
    async with candidate(api, monotonic, on_lost=losses) as elector:
        await elector.acquired()
        await hang(api)
        monotonic.seconds += 10
        await until(lambda: losses)
        await asyncio.sleep(0.03)  # three more turns
    assert losses == ["lost"]


async def hang(api):
    """Let no request be answered from now on, and wait until one hangs."""
    api.intercept = lambda _: asyncio.sleep(60)
    await tries(api, 1)


async def test_an_answer_after_the_deadline_brings_nothing_back(api, monotonic):
    """Sent a second before the deadline, answered a second after it."""
    async with candidate(api, monotonic, terms=replace(TERMS, retry=timedelta(seconds=0.2))) as elector:
        await elector.acquired()
        monotonic.seconds += 9
        api.intercept = lambda _: monotonic.advance(2)
        await until(lambda: len(api.collection(LEASES).events) == 2)
        await asyncio.sleep(0.02)  # the answer has come
        assert not elector.leading


async def refuse():
    raise RefusalError(500, "no")


async def test_errors_are_survived_until_the_deadline(api, monotonic):
    async with candidate(api, monotonic) as elector:
        await elector.acquired()
        api.intercept = lambda _: refuse()
        await until(lambda: elector.problem)
        api.intercept = lambda _: None
        await until(lambda: not elector.problem)
        assert elector.leading


async def test_a_lease_that_another_took_is_lost_at_once(api, monotonic):
    losses = Losses()
    async with candidate(api, monotonic, on_lost=losses) as elector:
        await elector.acquired()
        await led_by(api, "b")
        await until(lambda: losses)
        assert not elector.leading


async def test_an_edit_of_the_lease_by_others_costs_nothing(api, monotonic):
    async with candidate(api, monotonic) as elector:
        await elector.acquired()
        await api.put(LEASES, "system", "poolkeeper", metadata={"labels": {"x": "y"}}, spec=lease(api))
        monotonic.seconds += 9
        await tries(api, 4)
        monotonic.seconds += 9
        assert elector.leading


async def test_a_renewal_keeps_what_others_wrote_into_the_lease(api, monotonic):
    await api.put(LEASES, "system", "poolkeeper", metadata={"labels": {"x": "y"}}, spec={})
    async with candidate(api, monotonic) as elector:
        await elector.acquired()
    assert api.collection(LEASES).objects["system", "poolkeeper"]["metadata"]["labels"] == {"x": "y"}


async def test_a_deleted_lease_is_made_again(api, monotonic):
    async with candidate(api, monotonic) as elector:
        await elector.acquired()
        await api.remove(LEASES, "system", "poolkeeper")
        await until(lambda: api.collection(LEASES).objects)
        assert elector.leading


async def test_release_lets_the_next_one_lead_at_once(api, monotonic):
    async with candidate(api, monotonic) as first, candidate(api, monotonic, "b") as second:
        await until(lambda: first.leading or second.leading)
        leader, standby = (first, second) if first.leading else (second, first)
        await leader.release()
        await standby.acquired()
        assert not leader.leading


async def test_release_keeps_the_last_renewal(api, monotonic):
    async with candidate(api, monotonic) as elector:
        await elector.acquired()
        await elector.release()
    assert (lease(api)["holderIdentity"], "renewTime" in lease(api)) == ("", True)


async def test_a_release_is_no_loss(api, monotonic):
    losses = Losses()
    async with candidate(api, monotonic, on_lost=losses) as elector:
        await elector.acquired()
        await elector.release()
    assert losses == []


async def test_a_standby_that_is_released_leaves_the_lease_alone(api, monotonic):
    await led_by(api, "b")
    async with candidate(api, monotonic) as elector:
        await tries(api, 2)
        await elector.release()
    assert lease(api)["holderIdentity"] == "b"


async def test_of_many_candidates_never_do_two_lead(api, monotonic):
    async with (
        candidate(api, monotonic, "a") as a,
        candidate(api, monotonic, "b") as b,
        candidate(api, monotonic, "c") as c,
    ):
        for _ in range(30):
            await tries(api, 2)
            monotonic.seconds += 3
            assert sum(one.leading for one in (a, b, c)) <= 1


@pytest.mark.parametrize("changes", [{"retry": timedelta(0)}, {"renew_deadline": timedelta(seconds=15)}])
def test_terms_that_could_make_two_leaders_are_refused(changes):
    with pytest.raises(ValueError, match="renew_deadline < duration"):
        LeaseTerms("system", "poolkeeper", **changes)
