"""The pause before a release: an operator that runs must not take back what is being done."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from poolkeeper.api import names
from poolkeeper.api.units import format_instant, parse_instant
from poolkeeper.cli.connection import leases, stored
from poolkeeper.cli.releasing.subject import Subject, looked
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import KubeError

PAUSE = timedelta(days=7)
PATIENCE = timedelta(seconds=45)
BEAT = 0.5


async def paused(kube: KubeClient, subject: Subject, say: Callable[[str], None]) -> Subject:
    """Pause the pool, wait until an operator that lives has taken it in, and note the size to end with.

    Returns:
        What is to be released, with the sizes that it has since nobody else writes them.
    """
    if not subject.pool:
        return subject
    until = kube.clock.now() + PAUSE
    await annotate(kube, subject, {names.PAUSED_UNTIL: format_instant(until)})
    say(f"{names.shown(subject.name)}: pausing, until its operator says so")
    if not await taken_in(kube, subject):
        say("no operator has taken the pause in: going on without one")
    pool = await stored(kube, subject.namespace, subject.name)
    seen = await looked(kube, replace(subject, pool=pool))
    note = {names.RELEASING: str(seen.total)}
    await annotate(kube, seen, note)
    annotations = {**(pool["metadata"].get("annotations") or {}), **note}
    say(f"{names.shown(subject.name)}: paused at {seen.total} replicas")
    return replace(seen, pool=pool | {"metadata": pool["metadata"] | {"annotations": annotations}})


async def annotate(kube: KubeClient, subject: Subject, annotations: dict[str, str]) -> None:
    """Write annotations on the pool that was read, and on no other of its name."""
    uid = subject.pool["metadata"]["uid"]
    await kube.patch(subject.pool_path, {"metadata": {"uid": uid, "annotations": annotations}})


async def taken_in(kube: KubeClient, subject: Subject) -> bool:
    """Return whether an operator says that the pool is paused, or would not write anyway; False where none lives."""
    if subject.spec is not None and subject.spec.mode == "Observe":
        return True
    until = kube.clock.now() + PATIENCE
    while kube.clock.now() < until and await somebody_leads(kube):
        conditions = (await stored(kube, subject.namespace, subject.name)).get("status", {}).get("conditions", ())
        if any((one["type"], one["reason"]) == ("ScalingActive", Reason.PAUSED) for one in conditions):
            return True
        await asyncio.sleep(BEAT)
    return False


async def somebody_leads(kube: KubeClient) -> bool:
    """Return whether any operator holds a lease that has not run out; True where that may not be read."""
    with suppress(KubeError):
        return any(is_fresh(one["spec"], kube.clock.now()) for one in await leases(kube))
    return True


def is_fresh(lease: dict[str, object], now: datetime) -> bool:
    """Return whether a lease is held and has not run out."""
    renewed, seconds = lease.get("renewTime"), lease.get("leaseDurationSeconds")
    if not (lease.get("holderIdentity") and isinstance(renewed, str) and isinstance(seconds, int)):
        return False
    return now <= parse_instant(renewed) + timedelta(seconds=seconds)


def resumption(name: str, namespace: str | None) -> str:
    """Return how to go on, or back, after it was stopped."""
    place = f" -n {namespace}" if namespace else ""
    keys = f"{names.PAUSED_UNTIL}- {names.RELEASING}-"
    return (
        f"{names.shown(name)} may be paused. Run it again to go on; to keep the pool instead: "
        f"kubectl annotate {names.shown(name)}{place} {keys}"
    )
