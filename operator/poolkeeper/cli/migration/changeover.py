"""The commands that hand a workload over, and never leave it with two writers or with none.

    Observe         the pool decides and writes nothing; the other scaler goes on
    Active          the pool is in Conflict with the other scaler, and writes nothing; that goes on
    paused, gone    the other scaler writes nothing; the pool sees that within a second, and begins

kube-downscaler is the one that nothing in the cluster tells of: it is told to leave the workload alone before the pool
is made Active.
"""

from collections.abc import Iterator, Sequence

from poolkeeper.cli.migration import hpa
from poolkeeper.cli.migration.keda import PAUSED
from poolkeeper.cli.migration.objects import Group
from poolkeeper.cli.migration.outcome import Json, Step
from poolkeeper.core.reasons import Reason

PATIENCE = "--timeout=120s"


def steps(group: Group, name: str, file: str) -> list[Step]:
    """Return the change-over of a workload to the pool of this name, which is in this file."""
    space, kind, workload = group.target
    scalers = [shown(one) for one in group.scalers]
    pool = f"ipool/{name} -n {space}"
    made = [applied(pool, file, scalers)]
    if group.told:
        command = f"kubectl annotate {kind.lower()}/{workload} -n {space} downscaler/exclude=true --overwrite"
        made.append(Step("Tell kube-downscaler to leave the workload alone: no conflict would tell of it", (command,)))
    made.append(activated(pool, group.scalers))
    made += [stopped(one, space) for one in group.scalers]
    if scalers:
        command = f"kubectl wait {pool} --for=condition=Conflict=false {PATIENCE}"
        made.append(Step("From here on the pool is the only writer", (command,)))
    return [*made, *(gone for one in group.scalers for gone in ended(one, space))]


def shown(body: Json) -> str:
    """Return how kubectl names a scaler."""
    short = "hpa" if body["kind"] == hpa.KIND else str(body["kind"]).lower()
    return f"{short}/{body['metadata']['name']}"


def applied(pool: str, file: str, scalers: Sequence[str]) -> Step:
    """Return how the pool is made, to look on."""
    beside = f", while {' and '.join(scalers)} goes on" if scalers else ""
    commands = (f"kubectl apply -f {file}", f"kubectl wait {pool} --for=condition=Ready {PATIENCE}")
    name, _, space = pool.removeprefix("ipool/").partition(" -n ")
    words = f"Make the pool. In mode Observe it decides and writes nothing{beside}: read for some days what it would do"
    return Step(words, (*commands, f"poolkeeper explain {name} -n {space}"))


def activated(pool: str, scalers: Sequence[Json]) -> Step:
    """Return how the pool begins to write: with another scaler there, not yet."""
    command = f"""kubectl patch {pool} --type=merge -p '{{"spec":{{"mode":"Active"}}}}'"""
    if not scalers:
        return Step("Let the pool write the size; put mode: Active into its file in Git too", (command,))
    reasons = " or ".join(sorted({conflict(one) for one in scalers}))
    words = (
        f"Make the pool Active, in its file in Git too. It finds the other scaler (Conflict, {reasons}) and "
        "still writes nothing"
    )
    return Step(words, (command, f"kubectl wait {pool} --for=condition=Conflict {PATIENCE}"))


def conflict(body: Json) -> str:
    """Return the reason of the conflict with a scaler."""
    return (Reason.CONFLICT_AUTOSCALER if body["kind"] == hpa.KIND else Reason.CONFLICT_SCALED_OBJECT).value


def stopped(body: Json, space: str) -> Step:
    """Return how a scaler ceases to write."""
    if body["kind"] == hpa.KIND:
        words = "Delete the autoscaler, in Git too; it leaves the size as it is"
        return Step(words, (f"kubectl delete {shown(body)} -n {space}",))
    words = "Pause KEDA: it deletes its own autoscaler and leaves the size be. Back: Observe, then annotate paused-"
    return Step(words, (f"kubectl annotate {shown(body)} -n {space} {PAUSED}=true --overwrite",))


def ended(body: Json, space: str) -> Iterator[Step]:
    """Yield how what is paused goes for good."""
    if body["kind"] == hpa.KIND:
        return
    scaler = f"{shown(body)} -n {space}"
    commands = [f"kubectl delete {scaler}"]
    if ((body["spec"].get("advanced") or {}).get("restoreToOriginalReplicaCount")) is True:
        patch = """'{"spec":{"advanced":{"restoreToOriginalReplicaCount":false}}}'"""
        commands = [f"kubectl patch {scaler} --type=merge -p {patch}", *commands]
    yield Step(
        "Once it convinces, delete what is paused, in Git too (not while a source reads KEDA's metric)", tuple(commands)
    )
