"""The pool that a workload would get: found in its past where there is one, else the usual; it begins in Observe."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import typer

from poolkeeper.api.names import API_VERSION, KIND
from poolkeeper.cli.audit_finding import Finding, between
from poolkeeper.cli.counted import counted
from poolkeeper.cli.recommended_pool import Json, manifest, written
from poolkeeper.cli.report_delivery import write
from poolkeeper.simulate.use import State

OBSERVE = (
    "In mode Observe it decides, prices and explains, and writes nothing to the workload. "
    "Take `mode` out to let it act."
)
USUAL = "Nothing is known of its past: these bounds leave one replica, and never more than there are now."
NOT_A_NAME = re.compile(r"[^a-z0-9-]+")
LONGEST = 63
LEAST = 2
"""Of one replica none can go."""
FEW = 5
"""So many workloads without a file are told one by one."""


def pool(one: Finding) -> Json | None:
    """Return the pool that a workload would get, None where none could set its size, or there is nothing to set."""
    sized = one.holding.sized
    if sized is None or lacking(one):
        return None
    kind = {} if sized.reference.kind == "Deployment" else {"kind": sized.reference.kind}
    target: dict[str, Any] = {**kind, "name": sized.reference.name}
    spec: Json = {"targetRef": target, "mode": "Observe", "minReplicas": 1, "maxReplicas": one.holding.replicas}
    name = NOT_A_NAME.sub("-", sized.reference.name)[:LONGEST].strip("-")
    metadata = {"name": name, "namespace": one.holding.namespace}
    body: Json = {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": spec}
    use = one.use
    if use.proposal is None or use.question is None:
        return body
    return manifest(body, use.question, use.proposal, "auto")


def lacking(one: Finding) -> str:
    """Return why a workload gets no pool, nothing where it gets one."""
    name, scaler = one.holding.shown, one.holding.scaler
    if scaler is not None and scaler.kind == "ipool":
        return f"{name} has ipool/{scaler.name} already"
    if not one.holding.poolable:
        return f"{name}: no pool can set the size of its kind, {one.holding.top.kind}"
    if one.holding.replicas < LEAST:
        return f"{name} has {counted(one.holding.replicas, 'replica')}, and a pool keeps one"
    return ""


def outcome(findings: Iterable[Finding], folder: Path, places: Iterable[Path]) -> Iterator[str]:
    """Yield which files were written into a folder, and for which workloads there is none."""
    written = [f"written: {place}" for place in places]
    yield from written
    missing = [words for one in findings if (words := lacking(one))]
    if len(missing) > FEW:
        missing[FEW:] = [f"and {counted(len(missing) - FEW, 'workload')} more"]
    if missing or not written:
        start = "not written" if written else f"nothing written to {folder}/"
        yield f"{start}: {'; '.join(missing) or 'no workload has GPUs'}"


def shown(body: Json) -> str:
    """Return a pool in a few words."""
    spec = body["spec"]
    windows = [f"{one['minReplicas']} on {one['days']} {one['from']}-{one['to']} UTC" for one in windows_of(spec)]
    beside = f", {'; '.join(windows)}" if windows else ""
    return f"its pool: {spec['minReplicas']} to {spec['maxReplicas']}{beside}"


def windows_of(spec: Json) -> list[Json]:
    """Return a pool's windows."""
    return list((spec.get("schedule") or {}).get("windows") or ())


def remarks(one: Finding, currency: str) -> list[str]:
    """Return what the reader of a pool must know first."""
    found = [f"{one.holding.top.kind} {one.holding.shown}: {one.use.why}."]
    if one.saves and one.use.saving:
        found.append(f"It would save {between(one.saves)} {currency} a month: {one.use.saving.method}.")
    if one.use.proposal is not None:
        found += [one.use.proposal.because, *one.use.proposal.notes]
    elif one.use.state is State.UNKNOWN:
        found.append(USUAL)
    if one.holding.scaler is not None:
        found.append(f"{one.holding.scaler.shown} sets its size now: remove that before the pool acts.")
    return [*found, OBSERVE]


def write_all(findings: Iterable[Finding], folder: Path, currency: str) -> dict[str, Path]:
    """Write the pools into a folder, a file each; return where each is, by its workload's UID."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise typer.BadParameter(f"{folder}: {error.strerror}", param_hint="--write") from error
    places: dict[str, Path] = {}
    taken: set[str] = set()
    for one in findings:
        body = pool(one)
        if body is None:
            continue
        metadata = body["metadata"]
        if f"{metadata['namespace']}/{metadata['name']}" in taken:  # another kind has the same name
            metadata["name"] = f"{metadata['name'][: LONGEST - 20]}-{one.holding.top.kind.lower()}"
        taken.add(f"{metadata['namespace']}/{metadata['name']}")
        name = f"{metadata['namespace']}-{metadata['name']}.yaml"
        places[one.holding.top.uid] = write(written(body, remarks(one, currency)), folder, name)
    return places
