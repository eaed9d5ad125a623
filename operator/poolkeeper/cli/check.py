"""`poolkeeper check`: is this YAML right, and what would the operator do with it now?"""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from poolkeeper.api import memo, names
from poolkeeper.api.explain import explanation
from poolkeeper.api.spec import Spec, SpecError, parse_spec
from poolkeeper.cli import check_idle, check_pages, check_ties, money_text
from poolkeeper.cli.check_look import Asked, look
from poolkeeper.cli.connection import UNREACHABLE, As, Context, Kubeconfig, Output, ask, console, print_json
from poolkeeper.cli.manifest import read
from poolkeeper.cli.windows import notes
from poolkeeper.core.decide import decide
from poolkeeper.core.observation import Observation, Reading
from poolkeeper.core.reasons import Reason
from poolkeeper.core.vanishing import believed
from poolkeeper.shell import covering, observe
from poolkeeper.shell.brokers import load_brokers
from poolkeeper.shell.clock import Clock
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import Invalid, TimedOut
from poolkeeper.shell.pools import Pool, Pools
from poolkeeper.shell.servers import load_servers

Json = dict[str, Any]


PATIENCE = 10
"""How long to wait for the cluster's objects, in seconds."""


def check(
    file: Annotated[Path, typer.Option("--file", "-f", help="A YAML file with one or more InferencePools.")],
    offline: Annotated[bool, typer.Option(help="Check the YAML alone, without a cluster.")] = False,
    prometheus: Annotated[
        list[str] | None, typer.Option(metavar="NAME=URL", help="As given to `poolkeeper run`; repeatable.")
    ] = None,
    prometheus_file: Annotated[Path | None, typer.Option(help="As given to `poolkeeper run`.")] = None,
    brokers_file: Annotated[Path | None, typer.Option(help="As given to `poolkeeper run`.")] = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    output: As = Output.TEXT,
) -> None:
    """Check InferencePools: the YAML, then the target, the metrics, and what the operator would do now.

    Leaves with 0 where all is well, 1 where something is wrong with a pool, 2 where it could not be found out.

        [bold]poolkeeper check -f chat.yaml --offline[/bold]
    """
    pools = read(file)
    try:
        brokers = load_brokers(brokers_file) if brokers_file else None
        asked = Asked(load_servers(prometheus or [], prometheus_file), brokers)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    findings = [examined(pool) for pool in pools]
    if not offline:
        sound = [(pool, finding) for pool, finding in zip(pools, findings, strict=True) if not finding["problems"]]
        ask((kubeconfig, context), lambda kube: examine_all(kube, sound, asked))
    if output is Output.JSON:
        print_json({"items": findings})
    else:
        for finding in findings:
            show(finding)
    if any(finding["problems"] for finding in findings):
        raise typer.Exit(1)
    if any(finding["unanswered"] for finding in findings):
        raise typer.Exit(UNREACHABLE)


def examined(pool: Json) -> Json:
    """Return what the YAML alone tells."""
    metadata = pool.get("metadata") or {}
    told: Json = {"problems": [], "unanswered": [], "notes": [], "pods": []}
    finding: Json = {"name": metadata.get("name", ""), **told, "decision": None}
    if pool.get("apiVersion") != names.API_VERSION:
        finding["problems"].append(f"apiVersion: must be {names.API_VERSION} (got {pool.get('apiVersion')!r})")
        return finding
    if not finding["name"]:
        finding["problems"].append("metadata.name: missing")
    try:
        spec = parse_spec(pool.get("spec") or {})
    except SpecError as error:
        finding["problems"] += error.problems
    else:
        finding["problems"] += check_ties.itself(spec.to_core(), finding["name"])
        finding["notes"] += hurried(spec, spec.template) if spec.template else []
        now = Clock.of_this_machine().now()
        finding["notes"] += [*check_pages.cautions(spec.to_core()), *check_idle.cautions(spec.to_core())]
        finding["notes"] += [*notes(spec.to_core(), now), *money_text.notes(spec, now)]
    return finding


def template_of(workload: Json) -> Json:
    """Return the pod template of a workload's spec, that of the leaders where there are groups; empty without one."""
    group = workload.get("leaderWorkerTemplate") or {}
    found: Json = workload.get("template") or group.get("leaderTemplate") or group.get("workerTemplate") or {}
    return found


def hurried(spec: Spec, template: Json) -> list[str]:
    """Return a note where the pods are given less time to end than the pool waits for an idle one (R6)."""
    given = (template.get("spec") or {}).get("terminationGracePeriodSeconds")
    grace, deadline = timedelta(seconds=30 if given is None else given), spec.to_core().drain_deadline
    if grace >= deadline:
        return []
    said = f"terminationGracePeriodSeconds of the pods is {grace.total_seconds():g}"
    return [f"{said}, less than drain.deadline of {spec.drain.deadline}: what a busy pod serves then is cut off sooner"]


async def examine_all(kube: KubeClient, pools: list[tuple[Json, Json]], asked: Asked) -> None:
    """Add what the cluster tells to each finding."""
    for pool, _ in pools:
        pool["metadata"].setdefault("namespace", kube.access.namespace)
    beside = frozenset((pool["metadata"]["namespace"], pool["metadata"]["name"]) for pool, _ in pools)
    for pool, finding in pools:
        await examine(kube, pool, finding, asked._replace(beside=beside))


async def examine(kube: KubeClient, raw: Json, finding: Json, asked: Asked) -> None:
    """Ask the API server whether it would take the pool, then look at its target as the operator would."""
    namespace = raw["metadata"]["namespace"]
    collection = f"/apis/{names.API_VERSION}/namespaces/{namespace}/{names.PLURAL}"
    raw["metadata"].setdefault("generateName", f"{raw['metadata']['name']}-")
    trial = raw | {"metadata": {"generateName": raw["metadata"]["generateName"], "namespace": namespace}}
    try:
        await kube.post(f"{collection}?dryRun=All&fieldValidation=Strict", trial)
    except Invalid as error:
        finding["problems"].append(f"the API server refuses it: {error}")
        return
    pools = Pools()
    for other in await kube.list(collection, item=dict):
        pools.take(other)
    known = pools.get((namespace, raw["metadata"]["name"]))
    finding["notes"] += money_text.lacking(known.status) if known else ()
    pool = pools.take(as_stored(raw, pools, kube))
    cluster = Cluster(kube, (namespace,))
    reflecting = asyncio.create_task(cluster.run())
    try:
        await filled(cluster)
        seen = await look(pool, cluster, asked, kube)
    finally:
        reflecting.cancel()
        with suppress(asyncio.CancelledError):
            await reflecting
    now = kube.clock.now()
    finding["problems"] += check_ties.lacking(pool, pools, asked.beside)
    if words := observe.uninstalled(pool, cluster):
        finding["problems"].append(f"spec.targetRef.kind: {words}")
        return
    finding["unanswered"] += (f"source {name}: {words}" for name, words in seen.unasked.items())
    sight = observe.observation(pool, cluster, pools, seen.readings, now)
    judge(pool, sight, now, finding)
    finding["notes"] += check_pages.told(seen.pages)
    finding["pods"] = [page._asdict() for page in seen.pages]
    if words := covering.left_out(pool, cluster):
        finding["problems"].append(f"{Reason.PODS_NOT_PICKED.sentence}: {words}")
    if pool.spec is not None and sight.target is not None and not pool.spec.owns_workload:
        found: Json = await kube.get(pool.kind.path(namespace, pool.target), into=dict)
        finding["notes"] += hurried(pool.spec, template_of(found["spec"]))


async def filled(cluster: Cluster) -> None:
    """Wait until everything was listed once; TimedOut, which says what was not, after `PATIENCE`."""
    try:
        async with asyncio.timeout(PATIENCE):
            await cluster.synced()
    except TimeoutError:
        missing = (kind for kind, reflector in cluster.reflectors.items() if not reflector.is_synced)
        words = "; ".join(cluster.problems()) or "no answer"
        raise TimedOut(f"{', '.join(missing)} could not be listed within {PATIENCE} s: {words}") from None


def as_stored(raw: Json, pools: Pools, kube: KubeClient) -> Json:
    """Return a pool's object as if it had just been made, or just been changed where there is one of its name.

    Of that one's status, what it remembers is kept: what covers for spot now is no part of the size.
    """
    known = pools.get((raw["metadata"]["namespace"], raw["metadata"]["name"]))
    made = {
        "uid": known.uid if known else "check",
        "generation": known.generation + 1 if known else 1,
        "creationTimestamp": (known.created_at if known else kube.clock.now()).isoformat(),
    }
    status = {"memory": known.status.get("memory")} if known else {}
    return raw | {"metadata": {"annotations": {}, **raw["metadata"], **made}, "status": status}


def judge(pool: Pool, seen: Observation, now: datetime, finding: Json) -> None:
    """Say what the look means."""
    if seen.target is None and pool.spec is not None and not pool.spec.owns_workload:
        target = pool.kind.shown(pool.target)
        finding["problems"].append(f"spec.targetRef.name: {target} does not exist in {pool.key[0]}")
        return
    if seen.conflict is not None:
        finding["problems"].append(f"{seen.conflict.reason.sentence}: {seen.conflict.detail}")
    if seen.unsplit is not Reason.AS_EXPECTED:
        passing = seen.unsplit is Reason.SIBLING_MISSING
        words = ": ".join(filter(None, (seen.unsplit.sentence, seen.unsplit_detail)))
        finding["notes" if passing else "problems"].append(f"spec.capacity: {words}")
    memory = memo.load(pool.status.get("memory") or {}, None, now)
    for reading in believed(seen.readings, memory.known_queues)[0]:
        broken = reading.fault is not None or (reading.faults and not reading.pods)
        finding["problems" if broken else "notes"].append(told(reading))
    if pool.core is not None and seen.target is not None and not finding["unanswered"]:
        decision, _ = decide(pool.core, seen, memory, now)
        finding["decision"] = explanation(decision, now)


def told(reading: Reading) -> str:
    """Return what a source answered, in words."""
    if not reading.applies:
        return f"source {reading.source}: no pod is ready, so there is nobody to ask"
    if reading.fault is not None:
        return f"source {reading.source}: {reading.fault.value}: {reading.detail or reading.fault.sentence}"
    if reading.waiting is not None:
        return f"source {reading.source}: {reading.waiting:g} waiting"
    answered, silent = len(reading.pods), len(reading.faults)
    words = f"source {reading.source}: {answered} of {answered + silent} pods answer"
    if answered:
        return f"{words}, {sum(pod.waiting for pod in reading.pods):g} waiting"
    return f"{words} ({reading.faults[0].reason.value}: {reading.faults[0].detail})"


def show(finding: Json) -> None:
    """Print a finding for people."""
    fine = "[yellow]not known[/yellow]" if finding["unanswered"] else "[green]ok[/green]"
    mark = "[red]wrong[/red]" if finding["problems"] else fine
    console.print(f"{names.shown(finding['name'])}: {mark}")
    for problem in (*finding["problems"], *finding["unanswered"]):
        console.print(f"  - {problem}", markup=False)
    for note in finding["notes"]:
        console.print(f"  {note}", markup=False)
    decision = finding["decision"]
    if decision:
        moves = any(tier["found"] != tier["size"] for tier in decision["tiers"])
        still = f"{decision['current']} -> {decision['size']}: {decision['because']}"
        console.print(f"  now: {decision['message'] if moves else still}", markup=False)
