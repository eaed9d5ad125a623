"""All evidence of a run, held against every invariant: what was wrong, and how much there was to judge by."""

from collections.abc import Sequence

from chaos import bounds, events, graces, leaders, money, split
from chaos.evidence import Span, Step, Write, read, steps
from chaos.faults import Scene
from chaos.ground import NAMESPACE, SEATS, ledger
from chaos.split import Settled
from chaos.verdict import Verdict

Terms = Sequence[tuple[str, Span]]


def judge(scene: Scene, settled: Sequence[Settled], until: float, verdict: Verdict) -> None:
    """Hold all that is known against the invariants; the last leader was asked to end at `until`."""
    ground = scene.ground
    assert ground.cluster.audit_log is not None
    writes = read(ground.cluster.audit_log)
    made = steps((one for one in writes if one.namespace == NAMESPACE), ground.witness.sights)
    renewals = leaders.holds((one for one in writes if one.seat), SEATS)
    terms = leaders.tenures(renewals, scene.seats.lives)
    judge_sizes(scene, settled, made, verdict)
    judge_graces(scene, made, leaders.heard(renewals, scene.seats.lives), writes, verdict)
    judge_writes(scene, made, writes, renewals, verdict)
    judge_money(scene, terms, writes, until, verdict)
    verdict.terms = [span.seconds for _, span in terms]
    verdict.left = sum(seat.left for seat in scene.seats.seats)
    verdict.kills = scene.seats.killed


def judge_sizes(scene: Scene, settled: Sequence[Settled], made: dict[str, list[Step]], verdict: Verdict) -> None:
    """Hold sizes against bounds, and splits."""
    members, ours = scene.ground.members, [step for found in made.values() for step in found if step.seat]
    looks = split.held(members, made, scene.ground.witness.ready, scene.taken)
    verdict.wrongs += [*bounds.check(members, made), *split.exact(members, settled), *split.kept(looks)]
    verdict.steps, verdict.falls = len(ours), sum(step.falls for step in ours)
    verdict.judged |= {
        "sizes held against the bounds": len(ours),
        "splits seen at rest": len(settled),
        "steps held against what was ready": len(looks),
    }


def judge_graces(
    scene: Scene, made: dict[str, list[Step]], tenures: Sequence[Span], writes: Sequence[Write], verdict: Verdict
) -> None:
    """Hold falls against the queues that were shown."""
    breaks, members = scene.ground.load.end(), scene.ground.members
    verdict.wrongs += graces.check(members, made, breaks, tenures, [one for one in writes if one.seat])
    found = graces.judged(members, made, breaks, tenures)
    verdict.judged |= {
        "breaks of a grace seen for sure": found.breaks,
        "falls held against one": found.after_breaks,
        "falls held against the fall before": found.after_falls,
    }


def judge_writes(
    scene: Scene,
    made: dict[str, list[Step]],
    writes: Sequence[Write],
    renewals: Sequence[leaders.Hold],
    verdict: Verdict,
) -> None:
    """Hold writes against the lease, and events against changes."""
    mine = leaders.counted(writes)
    strays, verdict.under_way = leaders.check(mine, renewals, scene.seats.lives)
    verdict.wrongs += [*strays, *events.check(scene.ground.members, writes, made)]
    verdict.judged |= {
        "writes held against the lease": len(mine),
        "events held against changes": len(events.posted(writes)),
    }


def judge_money(scene: Scene, terms: Terms, writes: Sequence[Write], until: float, verdict: Verdict) -> None:
    """Hold the ledger against the pods that there were."""
    ground = scene.ground
    seen = sights([span for _, span in terms], scene.blind)
    looks = money.Looks(seen, [span.begin for _, span in terms], money.stored(writes))
    accounts = money.reckon(ground.witness.stays.values(), looks, until)
    filed = money.filed(ledger(ground.api, ground.account.namespace))
    verdict.money = money.ruled((one.name for one in ground.members), accounts, filed)
    verdict.wrongs += money.check(verdict.money, until)
    verdict.judged |= {"lines of money of which a tenth at most may be off": sum(one.tells for one in verdict.money)}


def sights(terms: Sequence[Span], blind: Sequence[Span]) -> list[Span]:
    """Return the times in which a leader saw the cluster."""
    found = list(terms)
    for one in blind:
        parts = [
            (Span(span.begin, min(span.end, one.begin)), Span(max(span.begin, one.end), span.end)) for span in found
        ]
        found = [part for pair in parts for part in pair if part.seconds]
    return found
