"""Candidates for a lease, each with a client of its own."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from poolkeeper.shell.identity import Identity
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.leader import Elector
from poolkeeper.shell.lease import Lease, LeaseTerms


@pytest.fixture
def terms(leases):
    """Terms as short as a lease's whole seconds allow."""
    return LeaseTerms(
        leases.split("/")[-2],
        "poolkeeper",
        duration=timedelta(seconds=1),
        renew_deadline=timedelta(seconds=0.8),
        retry=timedelta(seconds=0.1),
    )


@asynccontextmanager
async def candidate(access, terms, name):
    async with KubeClient(access) as kube:
        elector = Elector(kube, terms, Identity(name), on_lost=lambda: None)
        running = asyncio.create_task(elector.run())
        try:
            yield elector
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


async def test_one_leads_and_the_other_does_not(access, terms):
    async with candidate(access, terms, "a") as first:
        await first.acquired()
        async with candidate(access, terms, "b") as second:
            await asyncio.sleep(1.5)  # longer than a lease: it is the time itself that is tested
            assert (first.leading, second.leading) == (True, False)


async def test_a_release_passes_the_lead_on_at_once(access, terms):
    async with candidate(access, terms, "a") as first:
        await first.acquired()
        async with candidate(access, terms, "b") as second:
            await first.release()
            await asyncio.wait_for(second.acquired(), 0.7)
            assert second.leading


async def test_a_crash_passes_it_on_after_the_lease(access, terms):
    async with candidate(access, terms, "a") as first:
        await first.acquired()
    async with candidate(access, terms, "b") as second:
        await asyncio.wait_for(second.acquired(), 5)
        assert second.previous_renewal is not None


async def test_a_restart_leads_again_and_knows_when_it_last_looked(access, terms, kube, leases):
    async with candidate(access, terms, "a") as first:
        await first.acquired()
    renewed = (await kube.get(f"{leases}/poolkeeper", into=Lease)).spec.renew_time
    async with candidate(access, terms, "a") as second:
        await asyncio.wait_for(second.acquired(), 0.7)
        assert second.previous_renewal == renewed
