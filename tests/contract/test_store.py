"""A reflector's store follows the API server."""

import asyncio
import random
from contextlib import asynccontextmanager

import pytest
from tests.contract.objects import LEASES, lease, until

from poolkeeper.shell.reflector import Reflector


@asynccontextmanager
async def reflecting(kube, leases):
    reflector = Reflector(kube, LEASES, namespaces=(leases.split("/")[-2],))
    running = asyncio.create_task(reflector.run())
    try:
        await reflector.synced()
        yield reflector
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def names(reflector):
    return {name: holder for (_, name), holder in reflector.items.items()}


async def test_what_was_there_is_listed(kube, leases):
    for name in "abcde":
        await kube.post(leases, lease(name))
    async with reflecting(kube, leases) as reflector:
        assert set(names(reflector)) == set("abcde")


async def test_what_comes_changes_and_goes_is_followed(kube, leases):
    async with reflecting(kube, leases) as reflector:
        await kube.post(leases, lease("a", "ann"))
        await until(lambda: names(reflector) == {"a": "ann"})
        await kube.patch(f"{leases}/a", {"spec": {"holderIdentity": "ben"}})
        await until(lambda: names(reflector) == {"a": "ben"})
        await kube.delete(f"{leases}/a")
        await until(lambda: not reflector.items)


@pytest.mark.parametrize("seed", range(3))
async def test_after_any_changes_the_store_equals_a_fresh_list(kube, leases, seed):
    dice, known = random.Random(seed), {}  # noqa: S311  a test that can be repeated
    async with reflecting(kube, leases) as reflector:
        for turn in range(60):
            await change(kube, leases, known, dice.choice("abcdefgh"), f"holder-{turn}")
        await until(lambda: names(reflector) == known)


async def change(kube, leases, known, name, holder):
    """Make, change or delete an object, whatever it takes next."""
    if name not in known:
        await kube.post(leases, lease(name, holder))
        known[name] = holder
    elif len(known) % 2:
        await kube.patch(f"{leases}/{name}", {"spec": {"holderIdentity": holder}})
        known[name] = holder
    else:
        await kube.delete(f"{leases}/{name}")
        del known[name]
