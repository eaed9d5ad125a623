"""`poolkeeper override`: what somebody changes or lifts for a while, without Git taking it back."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from poolkeeper.api.names import API_VERSION, BUDGET_LIFTED_BY, BUDGET_LIFTED_UNTIL, OVERRIDE, PLURAL, shown
from poolkeeper.api.override import LASTS, Override, fixed, laid_over, summary
from poolkeeper.api.spec import SpecError, parse_spec
from poolkeeper.api.units import format_instant, parse_duration
from poolkeeper.cli.connection import Context, Kubeconfig, Namespace, PoolName, ask, complaints, console, stored
from poolkeeper.core.costing import Enforce
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import KubeError

Json = dict[str, Any]

WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for: `changes` of the spec, and that no `budget` holds the pool back; until when, by whom and why.

    Until None: all of it ends.
    """

    until: datetime | None = None
    by: str = ""
    budget: bool = False
    changes: Json = field(default_factory=dict)

    @property
    def annotations(self) -> dict[str, str | None]:
        """What to write on the pool: what is not asked for stays as it is, but all of it at the end."""
        if self.until is None:
            return dict.fromkeys((BUDGET_LIFTED_UNTIL, BUDGET_LIFTED_BY, OVERRIDE))
        made: dict[str, str | None] = {}
        if self.budget:
            made |= {BUDGET_LIFTED_UNTIL: format_instant(self.until), BUDGET_LIFTED_BY: self.by}
        return made | ({OVERRIDE: Override(self.until, self.by, self.changes).text} if self.changes else {})


def override(
    name: PoolName,
    least: Annotated[int | None, typer.Option("--min", min=0, help="Another minReplicas.")] = None,
    most: Annotated[int | None, typer.Option("--max", min=1, help="Another maxReplicas.")] = None,
    fields: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="Another value of a field of the spec; lists as JSON."),
    ] = None,
    budget: Annotated[
        bool, typer.Option("--budget", help="Let the pool grow although the month's budget is used up.")
    ] = False,
    lasting: Annotated[str | None, typer.Option("--for", metavar="DURATION", help="How long, as in 2h.")] = None,
    because: Annotated[str, typer.Option(help="Why; it stands in the event that tells of it.")] = "",
    clear: Annotated[bool, typer.Option("--clear", help="End it now.")] = False,
    namespace: Namespace = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
) -> None:
    """Change fields of the spec for a while, or lift what a used-up budget holds back; an event tells who and why.

        [bold]poolkeeper override chat --min 6 --max 10 --set queue.scaleUp.above=500 --for 2h[/bold]
        [bold]poolkeeper override chat --budget --for 2h --because "launch day"[/bold]

    It is an annotation that expires, not a change of the spec: Git does not take it back. A second one takes the place
    of the first. What the spec's own rules forbid is refused. `--clear` ends all of it.
    """
    changes = changed(least, most, fields or [])
    if not (budget or changes or clear):
        raise typer.BadParameter("say what to change or lift: --min, --max, --set or --budget")
    if clear == (lasting is not None):
        raise typer.BadParameter("give --for and a duration, as in --for 2h, or --clear")
    duration = lasted(lasting)

    async def write_it(kube: KubeClient) -> list[str]:
        pool = await stored(kube, namespace, name.rpartition("/")[2])
        for problem in problems(pool, changes, budget=budget and not clear):
            complaints.print(f"error: {problem}", markup=False)
            raise typer.Exit(1)
        made = Wish(*await terms(kube, duration, because), budget, changes) if duration else Wish()
        await write(kube, pool["metadata"], {"annotations": made.annotations})
        return told(pool, made)

    for line in ask((kubeconfig, context), write_it):
        console.print(line, markup=False)


def changed(least: int | None, most: int | None, fields: list[str]) -> Json:
    """Return the changes of the spec that the options ask for."""
    bounds = {"minReplicas": least, "maxReplicas": most}
    made: Json = {name: value for name, value in bounds.items() if value is not None}
    for one in fields:
        path, equals, text = one.removeprefix("spec.").partition("=")
        *parents, last = path.split(".")
        inside: Json | None = made
        for part in parents:
            inside = inside.setdefault(part, {}) if isinstance(inside, dict) else None
        if not (equals and last and all(parents) and isinstance(inside, dict)):
            raise typer.BadParameter(f"--set {one!r}: write FIELD=VALUE, as in queue.scaleUp.above=500")
        inside[last] = meant(text)
    return made


def meant(text: str) -> Any:  # noqa: ANN401  JSON of any kind
    """Return a value as JSON reads it, else the text itself: durations need no quotes."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def lasted(text: str | None) -> timedelta | None:
    """Return how long it is to last, None where it is to end."""
    try:
        duration = parse_duration(text) if text is not None else None
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    if duration is not None and not timedelta(0) < duration <= LASTS:
        raise typer.BadParameter(f"--for must be over 0 and at most {LASTS.days} days: what lasts belongs in Git")
    return duration


def problems(pool: Json, changes: Json, *, budget: bool) -> Iterator[str]:
    """Yield what keeps a pool from being changed so, in words."""
    if budget and not budget_of(pool):
        yield f"{shown(pool['metadata']['name'])} has no budget: there is nothing to lift"
    if fixed(changes):
        yield fixed(changes)
    if changes:
        yield from broken(laid_over(pool["spec"], changes))


def broken(spec: Json) -> list[str]:
    """Return what is wrong with a spec, each with its field."""
    try:
        parse_spec(spec)
    except SpecError as error:
        return error.problems
    return []


async def terms(kube: KubeClient, duration: timedelta, because: str) -> tuple[datetime, str]:
    """Return until when it holds, by the server's clock, and by whom and why."""
    who = await asker(kube)
    return (kube.clock.now() + duration).replace(microsecond=0), ": ".join(filter(None, (who, because)))


async def asker(kube: KubeClient) -> str:
    """Return who the API server says we are; empty where it does not tell."""
    question = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    try:
        answer: Json = await kube.ask(WHO, question, into=dict)
    except KubeError:
        return ""
    return str(answer.get("status", {}).get("userInfo", {}).get("username", ""))


async def write(kube: KubeClient, metadata: Json, changes: Json, spec: Json | None = None) -> None:
    """Write changes of the metadata and the spec on the pool that was read, and on no other of its name."""
    path = f"/apis/{API_VERSION}/namespaces/{metadata['namespace']}/{PLURAL}/{metadata['name']}"
    await kube.patch(path, {"metadata": {"uid": metadata["uid"], **changes}} | ({"spec": spec} if spec else {}))


def told(pool: Json, made: Wish) -> list[str]:
    """Return what was done, and what that means for this pool."""
    named = shown(pool["metadata"]["name"])
    if made.until is None:
        return [f"{named}: the spec counts as it was applied, and its budget, too"]
    until, said = format_instant(made.until), []
    if made.changes:
        said.append(f"{named}: {summary(Override(changes=made.changes))} until {until}")
    if made.budget:
        said.append(f"{named}: its budget holds nothing back until {until}")
        if budget_of(pool).get("enforce") != Enforce.HOLD_SCALE_UP:
            said.append("it would not have: spec.cost.budget.enforce is not HoldScaleUp")
    return said


def budget_of(pool: Json) -> Json:
    """Return a pool's budget, empty where it has none."""
    found: Json = (pool["spec"].get("cost") or {}).get("budget") or {}
    return found
