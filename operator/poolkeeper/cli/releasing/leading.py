"""Whether an operator lives that would take a pause in, and stands by what it has written."""

from contextlib import suppress
from datetime import datetime, timedelta

from poolkeeper.api.units import parse_instant
from poolkeeper.cli.connection import leases
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import KubeError


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
