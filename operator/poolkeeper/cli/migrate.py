"""`poolkeeper migrate`: KEDA's, Kubernetes' and kube-downscaler's objects as InferencePools."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer

from poolkeeper.api.target import KINDS, WorkloadKind
from poolkeeper.cli import split
from poolkeeper.cli.connection import Context, Kubeconfig, Namespace, ask, complaints, print_json, sought_in
from poolkeeper.cli.migration import hpa, keda, objects, pools, replayed, written
from poolkeeper.cli.migration.objects import Group
from poolkeeper.cli.migration.outcome import UNREADABLE, UnfitError
from poolkeeper.cli.migration.pools import Migrated
from poolkeeper.cli.migration.replayed import Replayed
from poolkeeper.cli.question import number, option
from poolkeeper.cli.saved import Force, Out, save
from poolkeeper.cli.simulate_options import PeakReplicas
from poolkeeper.shell.clock import Clock
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import NotFound

Json = dict[str, Any]

DEFAULT = "default"
"""The namespace of who names none."""
SCALERS = {
    "scaledobject": keda.KIND,
    "so": keda.KIND,
    "hpa": hpa.KIND,
    "horizontalpodautoscaler": hpa.KIND,
    **{name.lower(): name for name in KINDS},
    "deploy": "Deployment",
    "sts": "StatefulSet",
}
COLLECTIONS = {
    keda.KIND: "/apis/keda.sh/v1alpha1/namespaces/{}/scaledobjects",
    hpa.KIND: "/apis/autoscaling/v2/namespaces/{}/horizontalpodautoscalers",
}


JOB = "a pool scales what stays: let workers take the jobs from the queue; where these can wait, spec.batch"


class Form(StrEnum):
    """How the pools are printed."""

    YAML = "yaml"
    JSON = "json"


class Refused(NamedTuple):
    """A workload of whose scaler no pool can be made, and why."""

    name: str
    why: str


def migrate(
    name: Annotated[
        str | None, typer.Argument(metavar="KIND/NAME", help="What scales in the cluster, as hpa/chat or so/chat.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", "-f", help="A YAML file with such objects instead.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All that scales in the namespace.")] = False,
    namespace: Namespace = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    out: Out = None,
    force: Force = False,
    replay: Annotated[
        Path | None,
        typer.Option(metavar="TRACE", help="Live the original and the pool on this traffic, too, as simulate does."),
    ] = None,
    peak_replicas: PeakReplicas = None,
    output: Annotated[Form, typer.Option("--output", "-o", help="yaml or json.")] = Form.YAML,
) -> None:
    r"""Turn ScaledObjects, HorizontalPodAutoscalers and kube-downscaler's annotations into InferencePools.

    Prints the pools, in mode Observe; and beside them, line by line, what is carried over, what behaves otherwise and
    by how much, what cannot be carried over and what to do instead, and the commands of a change-over that never
    leaves a workload with two writers. Writes nothing to the cluster. Leaves with 1 where something is no pool.

        [bold]poolkeeper migrate so/chat -n inference --out chat.yaml[/bold]
    """
    if sum((name is not None, file is not None, everything)) != 1:
        raise typer.BadParameter("give KIND/NAME, or -f FILE, or --all")
    bodies = objects.read(file) if file else []
    if file is not None:
        found = objects.groups(bodies, namespace or DEFAULT)
    else:
        found = ask((kubeconfig, context), lambda kube: gathered(kube, namespace, name))
    jobs = [Refused(one, JOB) for one in objects.jobs(bodies)]
    if not found and not jobs:
        raise typer.BadParameter(f"nothing that scales a workload is in {file}")
    made, refused = each(found, out, Clock.of_this_machine().now())
    peak = option("--peak-replicas", peak_replicas, number)
    lives = [replayed.replayed(one, replay, peak) if replay else None for one in made]
    tell(list(zip(made, lives, strict=True)), [*jobs, *refused], output, (out, force))


def each(found: Sequence[Group], out: Path | None, now: datetime) -> tuple[list[Migrated], list[Refused]]:
    """Return the pools, and what cannot be one."""
    places = pools.servers(found)
    made: list[Migrated] = []
    refused: list[Refused] = []
    for group in found:
        try:
            made.append(pools.migrated(group, places, now, str(out) if out else f"{group.target[2]}.yaml"))
        except UnfitError as error:
            refused.append(Refused(called(group), str(error)))
        except UNREADABLE as error:
            words = "one of its fields is not as its kind has it; kubectl apply --dry-run=server -f FILE says which"
            refused.append(Refused(called(group), f"{words} ({type(error).__name__})"))
    return made, refused


def called(group: Group) -> str:
    """Return how a workload is named."""
    return f"{group.target[1].lower()}/{group.target[2]}"


def tell(
    made: Sequence[tuple[Migrated, Replayed | None]],
    refused: Sequence[Refused],
    output: Form,
    place: tuple[Path | None, bool],
) -> None:
    """Print the pools or save them, and say what is to be known of them; leave with 1 where one cannot be."""
    if output is Form.JSON:
        items = [
            shown | told_lives(*one) for shown, one in zip(written.as_json(one for one, _ in made), made, strict=True)
        ]
        print_json({"items": items, "refused": [one._asdict() for one in refused]})
    else:
        save(written.manifest(one for one, _ in made), *place)
        for one, lives in made:
            written.show(complaints, one)
            if lives:
                replayed.show(complaints, lives, named_lives(one))
        for bad in refused:
            complaints.print(f"error: {bad.name}: {bad.why}", markup=False)
    if refused:
        raise typer.Exit(1)


def named_lives(found: Migrated) -> tuple[str, str]:
    """Return how the two lives are called."""
    return found.origin, f"ipool/{found.name}"


def told_lives(found: Migrated, lives: Replayed | None) -> Json:
    """Return the lives as JSON, nothing where there are none."""
    return {"replay": replayed.as_json(lives, named_lives(found))} if lives else {}


async def gathered(kube: KubeClient, namespace: str | None, name: str | None) -> list[Group]:
    """Return what is scaled in a namespace; where one is named, that alone. Leave where that is nothing."""
    place = namespace or kube.access.namespace
    bodies: list[Json] = [await kube.get(f"/api/v1/namespaces/{place}", into=dict)]
    bodies[0] |= {"kind": objects.NAMESPACE}
    for kind, path in COLLECTIONS.items():
        bodies += [body | {"kind": kind} for body in await listed(kube, path.format(place))]
    for known in KINDS.values():
        bodies += [body | {"kind": known.name} for body in await listed(kube, collection(known, place))]
    aimed = objects.aim(named(bodies, name, place), place) if name else None
    found = [one for one in objects.groups(bodies, place) if aimed is None or one.target == aimed]
    if not found:
        what = f"nothing scales {name}" if name else "nothing that scales a workload is"
        raise typer.BadParameter(sought_in(what, place))
    return found


def collection(kind: WorkloadKind, namespace: str) -> str:
    """Return the path of all workloads of a kind in a namespace."""
    return f"{kind.api}/namespaces/{namespace}/{kind.plural}"


async def listed(kube: KubeClient, path: str) -> tuple[Json, ...]:
    """Return a collection; one whose kind is not installed is empty."""
    try:
        return await kube.list(path, item=dict)
    except NotFound:
        return ()


def named(bodies: Sequence[Json], name: str, place: str) -> Json:
    """Return the object that a name like `hpa/chat` means among those of a namespace."""
    kind, _, rest = name.partition("/")
    known = SCALERS.get(kind.lower().partition(".")[0])
    if known is None or not rest:
        raise typer.BadParameter(f"{name!r}: write it as KIND/NAME, with one of {', '.join(SCALERS)}")
    found = next((one for one in bodies if one["kind"] == known and one["metadata"]["name"] == rest), None)
    if found is None:
        kinds = {known, *COLLECTIONS}
        there = [f"{one['kind'].lower()}/{one['metadata']['name']}" for one in bodies if one["kind"] in kinds]
        words = sought_in(f"{name} not found", place)
        raise typer.BadParameter(f"{words}; there are: {split.listed(there) or 'none'}")
    return found
