"""`poolkeeper override`: what somebody lifts for a while, against the spec and without Git taking it back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from poolkeeper.api.names import API_VERSION, BUDGET_LIFTED_BY, BUDGET_LIFTED_UNTIL, PLURAL, shown
from poolkeeper.api.units import format_instant, parse_duration
from poolkeeper.cli.connection import Context, Kubeconfig, Namespace, ask, complaints, console, stored
from poolkeeper.core.costing import Enforce
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import KubeError

Json = dict[str, Any]

LONGEST = timedelta(days=31)
WHO = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


@dataclass(frozen=True, slots=True)
class Lifting:
    """What is asked for: until when no budget holds the pool back, by whom and why; None: it does again."""

    until: datetime | None
    by: str = ""

    @property
    def annotations(self) -> dict[str, str | None]:
        """What to write on the pool."""
        return {
            BUDGET_LIFTED_UNTIL: format_instant(self.until) if self.until else None,
            BUDGET_LIFTED_BY: self.by if self.until else None,
        }


def override(
    name: Annotated[str, typer.Argument(help="The pool's name, `chat` or `ipool/chat`.")],
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
    """Lift what a used-up budget holds back, for a while; an event tells who did it and why.

        [bold]poolkeeper override chat --budget --for 2h --because "launch day"[/bold]

    It is an annotation that expires, not a change of the spec: Git does not take it back. `--clear` ends it.
    """
    if not (budget or clear):
        raise typer.BadParameter("say what to lift: --budget")
    if clear == (lasting is not None):
        raise typer.BadParameter("give --for and a duration, as in --for 2h, or --clear")
    duration = lasted(lasting)

    async def lift(kube: KubeClient) -> list[str]:
        pool = await stored(kube, namespace, name.rpartition("/")[2])
        if duration and not budget_of(pool):
            complaints.print(f"error: {shown(pool['metadata']['name'])} has no budget: there is nothing to lift")
            raise typer.Exit(1)
        made = Lifting(*(await lifted(kube, duration, because) if duration else (None,)))
        await write(kube, pool["metadata"], made)
        return told(pool, made)

    for line in ask((kubeconfig, context), lift):
        console.print(line, markup=False)


def lasted(text: str | None) -> timedelta | None:
    """Return how long the lifting is to last, None where it is to end."""
    try:
        duration = parse_duration(text) if text is not None else None
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    if duration is not None and not timedelta(0) < duration <= LONGEST:
        raise typer.BadParameter(
            f"--for must be over 0 and at most {LONGEST.days} days: the month's budget is new then"
        )
    return duration


async def lifted(kube: KubeClient, duration: timedelta, because: str) -> tuple[datetime, str]:
    """Return until when it is lifted, by the server's clock, and by whom and why."""
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


async def write(kube: KubeClient, metadata: Json, made: Lifting) -> None:
    """Write the annotations on the pool that was read, and on no other of its name."""
    path = f"/apis/{API_VERSION}/namespaces/{metadata['namespace']}/{PLURAL}/{metadata['name']}"
    await kube.patch(path, {"metadata": {"uid": metadata["uid"], "annotations": made.annotations}})


def told(pool: Json, made: Lifting) -> list[str]:
    """Return what was done, and what that means for this pool."""
    named = shown(pool["metadata"]["name"])
    if made.until is None:
        return [f"{named}: its budget counts again"]
    done = f"{named}: its budget holds nothing back until {format_instant(made.until)}"
    if budget_of(pool).get("enforce") != Enforce.HOLD_SCALE_UP:
        return [done, "it would not have: spec.cost.budget.enforce is not HoldScaleUp"]
    return [done]


def budget_of(pool: Json) -> Json:
    """Return a pool's budget, empty where it has none."""
    found: Json = (pool["spec"].get("cost") or {}).get("budget") or {}
    return found
