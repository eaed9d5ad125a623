"""What an audit reads, in order, and what becomes of it: the cluster, the pods' pages, a server's history."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from poolkeeper.api.holding_costs import cost, totals
from poolkeeper.api.holdings import Holding, holdings
from poolkeeper.api.survey import Survey
from poolkeeper.api.units import format_duration
from poolkeeper.cli.audit_finding import Audit, Finding, rank
from poolkeeper.cli.audit_prices import Given, of_cluster
from poolkeeper.core.prices import Book
from poolkeeper.shell.glimpse import Glimpse, Seen, glimpse
from poolkeeper.shell.history import History
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.past import Past, past, reach
from poolkeeper.shell.servers import ServerConfig
from poolkeeper.shell.survey import Surveyor
from poolkeeper.simulate.series import Series
from poolkeeper.simulate.use import Known, State, Use, used

Told = Callable[[str, float], None]

READING, LOOKING = 0.1, 0.2
"""How far it is when the cluster was read, and when the pods were looked at."""


@dataclass(frozen=True, slots=True)
class Look:
    """What the cluster told; `end` is the instant that the audit is of, `book` the operator's prices."""

    survey: Survey
    holdings: tuple[Holding, ...]
    glimpse: Glimpse | None = None
    book: Book | None = None
    end: datetime | None = None


async def look(kube: KubeClient, namespace: str | None, span: timedelta, told: Told) -> Look:
    """Read the cluster, then look at its pods' pages twice, `span` apart; zero: not at all."""
    survey = await Surveyor(kube, namespace, lambda words: told(words, READING)).survey()
    found = holdings(survey)
    seen = await glimpse(kube, survey.pods, span, lambda words: told(words, LOOKING)) if span else None
    return Look(survey, found, seen, await of_cluster(kube))


def judge(seen: Look, server: ServerConfig | None, days: int, given: Given, told: Told) -> Audit:
    """Return the audit of what was seen; what a server knows of the past is read on the way.

    Raises:
        HistoryError: the server cannot be asked.
    """
    if server is not None:
        reach(server)
    tariff, end = given.tariff(seen.book), seen.end or seen.survey.at
    findings = []
    for number, one in enumerate(seen.holdings):
        share = LOOKING + (1 - LOOKING) * number / len(seen.holdings)
        told(f"{one.shown}: reading its past" if server else one.shown, share)
        before = past(server, one, end, days) if server else Past()
        use = used(known(one, before, seen.glimpse), end, steady(told, one.shown, share))
        findings.append(Finding(one, cost(one, seen.survey, tariff), use, busy(before, use), notes(before)))
    ordered = tuple(sorted(findings, key=rank))
    return Audit(
        at=end,
        findings=ordered,
        totals=totals(seen.survey, [one.cost for one in findings], tariff),
        looked=looked(seen, server, days),
        currency=given.currency,
        skipped=(*seen.survey.skipped, *refused(seen.glimpse)),
        notes=tuple(dict.fromkeys(assumptions(ordered))),
    )


def steady(told: Told, name: str, share: float) -> Told:
    """Return how a search tells of a workload: its own share would jump back and forth, its words are enough."""
    return lambda words, _: told(f"{name}: {words}", share)


def known(holding: Holding, before: Past, seen: Glimpse | None) -> Known:
    """Return what is known of a workload's use."""
    # who is not ready serves nobody
    pods = [seen.pods.get(pod.uid) for pod in holding.pods if pod.ready_at is not None] if seen else []
    told = [one for one in pods if one is not None]
    complete = len(told) == len(pods)
    return Known(
        replicas=holding.replicas,
        sized=holding.poolable,
        mean=before.replicas,
        load=series(before.requests) if before.requests else None,
        unused=since(told) if complete else None,
        at_work=before.at_work,
        gpu=before.gpu,
        # a pod that told nothing may have been at work
        glimpsed=any(one.busy for one in told) if told and (complete or any(one.busy for one in told)) else None,
    )


def since(told: list[Seen]) -> datetime | None:
    """Return since when engines have counted no request, None where one has, or does not count."""
    if not told or any(one.requests != 0 or one.busy for one in told):
        return None
    instants = [one.since for one in told if one.since is not None]
    return max(instants, default=None)


def series(found: History) -> Series:
    """Return a history as load: each value is the mean of the step that ends with it."""
    return Series(found.start - found.step, found.step, found.values)


def busy(before: Past, use: Use) -> float | None:
    """Return the share of time that was used, by what tells it best; None where nothing does."""
    if before.at_work is not None:
        return before.at_work
    if before.gpu is not None:
        return before.gpu
    return 0.0 if use.state is State.FORGOTTEN else None


def notes(before: Past) -> tuple[str, ...]:
    """Return what could not be read of a past, and what else is known of its GPUs."""
    found = [f"history: {before.problem}"] if before.problem else []
    if before.gpu is not None and before.at_work is not None:
        found.append(f"GPUs {100 * before.gpu:.0f} % busy by DCGM")
    gaps = before.requests.gaps if before.requests else ()
    return (*found, *(f"{gap.start:%F}: {gap.words}" for gap in gaps))


def looked(seen: Look, server: ServerConfig | None, days: int) -> str:
    """Return how the use was found."""
    if server is not None:
        return f"Use: {days} days of {server.url}."
    if seen.glimpse is None:
        return "Use: nobody looked; --prometheus URL or --look 10s tells it."
    if seen.glimpse.refused:
        return "Use: unknown, since pods' pages may not be read; --prometheus URL tells it."
    span, pods = format_duration(seen.glimpse.span), len(seen.glimpse.pods)
    return f"Use: seen for {span}, at {pods} of {len(seen.survey.pods)} pods; --prometheus URL tells that of weeks."


def refused(seen: Glimpse | None) -> tuple[str, ...]:
    """Return that pods' pages may not be read."""
    return (f"pods' pages: {seen.refused}",) if seen and seen.refused else ()


def assumptions(findings: tuple[Finding, ...]) -> Iterator[str]:
    """Yield what the money rests on."""
    assumed = dict.fromkeys(words for one in findings if one.cost.assumed for words in one.cost.words)
    if assumed:
        yield f"? is a guess: {'; '.join(list(assumed)[:3])}."
    replayed = [one for one in findings if one.use.proposal is not None]
    if replayed:
        yield (
            "A replay takes today's size to carry the largest load that was no outlier, a start to take 4m, and a "
            "request to be allowed to wait 2s: poolkeeper recommend takes other figures."
        )
