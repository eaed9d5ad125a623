"""An audit as JSON: money and GPUs as strings, null where something is unknown."""

from decimal import Decimal
from typing import Any

from poolkeeper.api.holding_costs import CENT
from poolkeeper.api.units import format_instant
from poolkeeper.cli.audit_finding import Audit, Finding, idle_share, pending, saving

Json = dict[str, Any]


def as_json(about: Audit) -> Json:
    """Return all of it; money and GPUs as strings, null where something is unknown."""
    totals, found = about.totals, saving(about.findings)
    return {
        "at": format_instant(about.at),
        "looked": about.looked,
        "currency": about.currency,
        "totals": {
            "workloads": len(about.findings),
            "gpus": {
                "offered": text(totals.offered),
                "allocatable": text(totals.allocatable),
                "allocated": text(totals.allocated),
                "free": text(totals.free),
                "cordoned": text(totals.cordoned),
            },
            "idleNodes": list(totals.idle_nodes),
            "month": text(totals.month),
            "unpricedWorkloads": totals.unpriced,
            "freeMonth": text(totals.free_month),
            "cordonedMonth": text(totals.cordoned_month),
            "idleShare": rounded(idle_share(about.findings)),
            "saves": ends(found),
        },
        "workloads": [workload(one) for one in about.findings],
        "pending": [{"pod": name, "why": why} for name, why in pending(about.findings)],
        "skipped": list(about.skipped),
        "notes": list(about.notes),
    }


def workload(one: Finding) -> Json:
    """Return one workload."""
    holding, use, scaler = one.holding, one.use, one.holding.scaler
    return {
        "namespace": holding.namespace,
        "kind": holding.top.kind,
        "apiVersion": holding.top.api_version,
        "name": holding.top.name,
        "team": holding.team or None,
        "manager": holding.manager or None,
        "replicas": holding.replicas,
        "ready": one.ready,
        "gpus": text(one.cost.gpus),
        "waiting": text(one.cost.wanted),
        "gpuKinds": list(one.cost.kinds),
        "capacity": one.cost.capacity or None,
        "state": use.state.value,
        "why": use.why,
        "busy": rounded(one.busy),
        "lastRequest": format_instant(use.last) if use.last else None,
        "month": text(one.cost.month),
        "prices": list(one.cost.words),
        "assumed": one.cost.assumed,
        "saves": ends(one.saves),
        "method": use.saving.method if use.saving else None,
        "autoscaler": scaler and {"kind": scaler.kind, "name": scaler.name, "trouble": scaler.trouble or None},
        "notes": list(one.notes),
    }


def ends(found: tuple[Decimal, Decimal] | None) -> Json | None:
    """Return a range of money."""
    return None if found is None else {"least": str(found[0]), "most": str(found[1])}


def text(number: Decimal | None) -> str | None:
    """Return a number as text, without an exponent or zeros that tell nothing; null where it is unknown."""
    if number is None:
        return None
    return f"{number:f}" if number == number.quantize(CENT) and "." in str(number) else f"{number.normalize():f}"


def rounded(share: float | None) -> float | None:
    """Return a share to four decimals."""
    return None if share is None else round(share, 4)
