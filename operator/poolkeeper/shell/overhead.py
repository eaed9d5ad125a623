"""What a node costs a pool beyond the pool's replicas on it (R8, docs/decisions/0031). No input or output here.

    boots      from its creation to its first pod's scheduling, if that pod is the pool's, and had been waiting for it
    in use     what replicas leave over of its GPUs, as long as all pods with GPUs on it are the pool's
    empty      all of it, from when its last replica is gone until it is gone itself or another's pod comes; for an
               hour at most: after that nobody is about to take it away

Only of nodes that are made when pods need them: one that stands there anyway is nobody's overhead.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal

from poolkeeper.api.gpus import even
from poolkeeper.core.days import OVERHEAD
from poolkeeper.core.meter import Billed
from poolkeeper.core.rates import Rental
from poolkeeper.shell.tenancy import Room, Site
from poolkeeper.shell.views import PodView

KEPT = timedelta(hours=1)
"""How long an empty node is the pool's that held it last."""


@dataclass(frozen=True, slots=True)
class Lodger:
    """A replica that is paid for, on a node (None: not known). `used` GPUs nobody else can have; None: not known."""

    pod: PodView
    site: Site | None
    billed: Billed
    used: Decimal | None


@dataclass(frozen=True, slots=True)
class Upkeep:
    """A node that the pool is on, or was last: its boot, and what it has to `spare`, as far as the pool pays for it.

    `latest` is when the last replica came, `emptied_at` when the last one was gone; `alone`: it holds no one else's.
    """

    room: Room
    site: Site
    latest: datetime
    own: tuple[Lodger, ...] = ()
    boot: Billed | None = None
    spare: Billed | None = None
    alone: bool = False
    emptied_at: datetime | None = None


def lodged(room: Room, own: Sequence[Lodger], before: Upkeep | None, now: datetime) -> Upkeep | None:
    """Return the upkeep of a node that has replicas of the pool; `before` is that of the last look, if it had any."""
    site = room.site
    if site is None:
        return None
    if before is not None and before.room is room and before.own == tuple(own):
        return before
    before = before if before and before.site.uid == site.uid else None
    uids = {one.pod.uid for one in own}
    alone = site.made and site.gpus is not None and all(pod.uid in uids for pod in room.tenants)
    latest = max([one.billed.since for one in own] + ([before.latest] if before else []))
    since = latest if before is None or latest > before.latest else now
    left = spare(site, own) if alone else None
    return Upkeep(
        room=room,
        site=site,
        latest=latest,
        own=tuple(own),
        boot=before.boot if before else boot(site, room.tenants, own),
        spare=charge(site, left, since, before),
        alone=alone,
    )


def emptied(room: Room, before: Upkeep, now: datetime) -> Upkeep | None:
    """Return the upkeep of a node that the pool has left, None where that is over."""
    site, since = room.site, before.emptied_at or now
    if site is None or site.uid != before.site.uid or room.tenants or not before.alone or now - since >= KEPT:
        return None
    return replace(before, room=room, site=site, own=(), spare=charge(site, site.gpus, since, before), emptied_at=since)


def boot(site: Site, tenants: Sequence[PodView], own: Sequence[Lodger]) -> Billed | None:
    """Return the time until a node's first pod, None where it was not made for a pod of the pool."""
    pods = {pod.uid: pod for pod in (*tenants, *(one.pod for one in own))}
    first = min(pods.values(), key=lambda pod: (begun(pod), pod.uid))
    waited = first.created_at <= site.created_at < begun(first)
    if not (site.made and site.gpus and waited and any(one.pod is first for one in own)):
        return None
    return Billed(f"node/{site.uid}/boot", rental(site, site.gpus), site.created_at, begun(first))


def spare(site: Site, own: Sequence[Lodger]) -> Decimal | None:
    """Return how many GPUs replicas leave over, None where nobody knows."""
    used = [one.used for one in own if one.used is not None]
    return even(site.gpus - sum(used, Decimal(0))) if site.gpus is not None and len(used) == len(own) else None


def charge(site: Site, gpus: Decimal | None, since: datetime, before: Upkeep | None) -> Billed | None:
    """Return what is charged for GPUs to spare: the same as before while they are as many, None for none."""
    if gpus is None or gpus <= 0:
        return None
    found = rental(site, gpus)
    known = before.spare if before else None
    return known if known and known.rental == found else Billed(f"node/{site.uid}", found, since)


def rental(site: Site, gpus: Decimal) -> Rental:
    """Return GPUs of a node as a rental."""
    return Rental(OVERHEAD, site.place, gpus, site.machine)


def begun(pod: PodView) -> datetime:
    """Return since when a pod is on its node."""
    return pod.scheduled_at or pod.created_at
