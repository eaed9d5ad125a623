"""The pause before a release: an operator that runs must not take back what is being done."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from poolkeeper.api import names
from poolkeeper.api.units import format_instant
from poolkeeper.cli.connection import stored
from poolkeeper.cli.releasing.leading import somebody_leads
from poolkeeper.cli.releasing.note import note
from poolkeeper.cli.releasing.subject import Subject, looked
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.kube import KubeClient

PAUSE = timedelta(days=7)
PATIENCE = timedelta(seconds=45)
BEAT = 0.5


@dataclass(slots=True)
class Pause:
    """Until when this release holds its pool: None before that is written, and again once the pool is free."""

    until: datetime | None = None


async def paused(kube: KubeClient, subject: Subject, pause: Pause, say: Callable[[str], None]) -> Subject:
    """Pause the pool, wait until an operator that lives has taken it in, and note the size to end with.

    Returns:
        What is to be released, with the sizes that it has since nobody else writes them.
    """
    subject = await looked(kube, subject)  # whoever was asked may have taken an hour
    if not subject.pool:
        return subject
    until = kube.clock.now() + PAUSE
    text = format_instant(until)
    # one write: a note counts only with its pause, and that of a release that is over goes before the size is known
    kept = None if subject.begun is None else note(subject.begun, text)
    await annotate(kube, subject, {names.PAUSED_UNTIL: text, names.RELEASING: kept})
    pause.until = until
    say(f"{names.shown(subject.name)}: pausing, until its operator says so")
    seen = await settled(kube, subject, say)
    await annotate(kube, seen, {names.RELEASING: note(seen.total, text)})
    say(f"{names.shown(subject.name)}: paused at {seen.total} replicas")
    return replace(seen, begun=seen.total)


async def settled(kube: KubeClient, subject: Subject, say: Callable[[str], None]) -> Subject:
    """Return it as it is once the pause was taken in, or nobody is there to do so."""
    steered = await taken_in(kube, subject)
    if not steered:
        say("no operator has taken the pause in: going on without one")
    pool = await stored(kube, subject.namespace, subject.name)
    return await looked(kube, replace(subject, pool=pool, steered=steered))


async def annotate(kube: KubeClient, subject: Subject, annotations: dict[str, str | None]) -> None:
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


def resumption(subject: Subject, until: datetime) -> str:
    """Return how to go on, or back, after it ended before its end."""
    pool, keys = names.shown(subject.name), f"{names.PAUSED_UNTIL}- {names.RELEASING}-"
    return (
        f"{pool} stays paused until {format_instant(until.replace(microsecond=0))}. Run it again to go on; "
        f"to keep the pool instead: kubectl annotate {pool} -n {subject.namespace} {keys}"
    )
