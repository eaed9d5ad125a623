"""Whatever a pool may be, and whatever may be seen of it, for the laws."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import strategies as st

from builders import at, loading, pod, reading
from poolkeeper.core.memory import Edit, Edits, Grace, Memory, Served, Starts, Tiers
from poolkeeper.core.model import (
    ON_DEMAND,
    CapacityType,
    Combine,
    Fallback,
    Guaranteed,
    OnOutage,
    OutageBehavior,
    Per,
    PoolSpec,
    Queue,
    Recovery,
    ScaleDown,
    ScaleUp,
    Slo,
    Tier,
)
from poolkeeper.core.observation import Observation, PodFault, PodSample, Reading, Target, Wait
from poolkeeper.core.reasons import Reason

WAITS = st.none() | st.sampled_from(Wait)
FAULTS = [reason for reason in Reason if reason.startswith("Metric")]


def spans(*seconds: float) -> st.SearchStrategy[timedelta]:
    return st.sampled_from([timedelta(seconds=second) for second in seconds])


def depths() -> st.SearchStrategy[float]:
    """Return queue depths of any size, most of them near the thresholds."""
    return st.integers(0, 60) | st.integers(0, 5000) | st.floats(0, 1e308)


@st.composite
def ups(draw) -> ScaleUp:
    return ScaleUp(
        above=draw(st.integers(1, 20) | st.floats(0.5, 2000)),
        step=draw(st.integers(1, 4)),
        max_step=draw(st.integers(1, 8)),
        delay=draw(spans(0, 10)),
        settle=draw(spans(0, 30)),
    )


@st.composite
def queues(draw, **fixed) -> Queue:
    up = draw(ups())
    down = ScaleDown(
        below=up.above * draw(st.sampled_from([0, 0.1, 0.5, 1])),
        step=draw(st.integers(1, 3)),
        grace_period=draw(spans(0, 5, 60, 300)),
    )
    drawn = {
        "up": up,
        "down": down,
        "combine": draw(st.sampled_from(Combine)),
        "thresholds_per": draw(st.sampled_from(Per)),
        "slots_per_replica": draw(st.none() | st.integers(1, 64)),
        "on_outage": draw(
            st.builds(OnOutage, spans(0, 30), st.sampled_from(OutageBehavior), st.integers(0, 12)),
        ),
    }
    return Queue(**drawn | fixed)


@st.composite
def specs(draw, queue: dict | None = None, **fixed) -> PoolSpec:
    floor = draw(st.integers(0, 6))
    drawn = {
        "min_replicas": floor,
        "max_replicas": max(1, floor + draw(st.integers(0, 12))),
        "queue": draw(queues(**queue or {})),
        "slo": draw(st.none() | st.just(Slo(timedelta(seconds=2)))),
        "startup_timeout": draw(st.none() | spans(60)),
    }
    return PoolSpec(**drawn | fixed)


@st.composite
def split_specs(draw, **fixed) -> PoolSpec:
    """Return a pool on spot and on-demand, with any guarantee and any timers."""
    spot = Tier(
        "spot",
        CapacityType.SPOT,
        fallback=Fallback(draw(spans(0, 40, 120)), draw(st.none() | st.integers(0, 12))),
        recovery=Recovery(draw(spans(0, 60, 600)), draw(spans(0, 90, 300))),
    )
    drawn = {
        "tiers": draw(st.sampled_from([(spot, ON_DEMAND), (ON_DEMAND, spot)])),
        "guaranteed": Guaranteed(draw(st.integers(0, 12)), draw(st.sampled_from([0, 10, 50, 100]))),
        "drain_deadline": draw(spans(0, 120)),
    }
    return draw(specs(**drawn | fixed))


def any_specs(**fixed) -> st.SearchStrategy[PoolSpec]:
    """Return pools of one tier and of two."""
    return specs(**fixed) | split_specs(**fixed)


@st.composite
def targets(draw, first: int = 0, **fixed) -> Target:
    """Return a target with pods in any state, more or fewer than it asks for, numbered from `first`."""
    states = draw(st.lists(st.sampled_from(["old", "young", "loading", "homeless", "fallen"]), max_size=12))
    pods = []
    for number, state in enumerate(states, first):
        began = -draw(st.integers(0, 1200))
        pods.append(
            {
                "old": pod(number),
                "young": loading(number, since=began, ready_at=at(began / 2)),
                "loading": loading(number, since=began),
                "homeless": loading(number, since=began, scheduled_at=None, wait=draw(WAITS)),
                "fallen": pod(number, ready_at=None, unready_since=at(began)),
            }[state]
        )
    drawn = {
        "replicas": max(0, len(pods) + draw(st.integers(-2, 2))),
        "writer": "somebody",
        "ours": draw(st.booleans()),
        "pods": tuple(pods),
        "rolling": draw(st.booleans()),
    }
    return Target(**drawn | fixed)


@st.composite
def siblings(draw) -> tuple[Target, ...]:
    """Return what stands on spot: nothing, or a target of which any pods are under notice and a quota may refuse some.

    The tier may be one that the spec does not have.
    """
    if draw(st.booleans()):
        return ()
    found = draw(targets(first=100, tier=draw(st.sampled_from(["spot", "spot", "old"]))))
    noticed = [replace(one, notice=draw(st.sampled_from(["", "reclaimed"]))) for one in found.pods]
    found = replace(found, pods=tuple(noticed))
    if found.replicas <= len(noticed) or draw(st.booleans()):
        return (found,)
    return (replace(found, failure="exceeded quota", failure_since=at(-draw(st.integers(0, 1200)))),)


@st.composite
def pages(draw) -> Reading:
    """Return a per-pod reading, some pods silent; at least one entry."""
    answers = draw(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 64), st.integers(0, 100)), max_size=6))
    silent = draw(st.integers(0 if answers else 1, 3))
    return Reading(
        "pods",
        at(draw(st.integers(-12, 0))),
        pods=tuple(
            PodSample(f"uid-{number}", waiting, running, 0.01 * running, inside=late / 2, finished=late)
            for number, (waiting, running, late) in enumerate(answers)
        ),
        faults=tuple(PodFault(f"uid-{20 + number}", Reason.METRIC_TIMEOUT) for number in range(silent)),
    )


def readings() -> st.SearchStrategy[tuple[Reading, ...]]:
    """Return up to three readings of any kind."""
    seconds = st.integers(-12, 0)
    number = st.builds(reading, depths(), seconds)
    failure = st.builds(lambda second, fault: reading(None, second, fault=fault), seconds, st.sampled_from(FAULTS))
    absent = st.builds(lambda second: Reading("pods", at(second), applies=False), seconds)
    return st.lists(number | failure | absent | pages(), max_size=3).map(tuple)


def observations(**fixed) -> st.SearchStrategy[Observation]:
    drawn = {"target": targets(), "readings": readings()} | {name: st.just(value) for name, value in fixed.items()}
    return st.builds(Observation, **drawn)


def split_observations() -> st.SearchStrategy[Observation]:
    """Return looks at a target and what stands beside it, whether the pool may be split or not."""
    reasons = st.sampled_from(
        [Reason.AS_EXPECTED, Reason.AS_EXPECTED, Reason.TARGET_NOT_PINNED, Reason.SIBLING_MISSING]
    )
    return st.builds(Observation, target=targets(uid="uid"), readings=readings(), siblings=siblings(), unsplit=reasons)


@st.composite
def memories(draw) -> Memory:
    """Return what earlier decisions may have left behind at second 0."""
    looked = draw(st.none() | st.integers(-40, 0))
    since = None if looked is None else draw(st.none() | st.integers(-4000, looked))
    edit = draw(st.none() | st.tuples(st.integers(-4000, 0), st.integers(0, 12), st.integers(0, 12)))
    late = draw(st.integers(0, 100))
    return Memory(
        grace=Grace(
            short_since=None if since is None else at(since),
            long_since=None if since is None else draw(st.sampled_from([None, at(since)])),
            sampled_at=None if looked is None else at(looked),
        ),
        starts=Starts("t1", durations=(timedelta(seconds=40),) * draw(st.integers(0, 4)), known=frozenset()),
        edits=Edits(
            asked=draw(st.none() | st.integers(0, 12)),
            edit=edit and Edit("somebody", at(edit[0]), edit[1], edit[2]) if edit and edit[1] != edit[2] else None,
            restored=tuple(at(-600) for _ in range(draw(st.integers(0, 3)))),
        ),
        served=Served(minutes=((at(-60), late, 100),)),
        outage_since=draw(st.none() | st.just(at(-45))),
        silent_since={"uid-20": at(-400)},
    )


@st.composite
def split_memories(draw) -> Memory:
    """Return what earlier decisions over two tiers may have left behind, of the pods that `siblings` draws too.

    Nobody has just added replicas by hand.
    """
    asked = st.dictionaries(st.sampled_from(["on-demand", "spot", "old"]), st.integers(0, 12))
    since = st.none() | st.integers(-1200, 0).map(at)
    waits = st.dictionaries(st.sampled_from(["on-demand", "spot"]), st.integers(-300, 0).map(at))
    noticed = st.frozensets(st.sampled_from([f"uid-{number}" for number in range(100, 112)]))
    tiers = st.builds(Tiers, asked=asked, draining_since=waits, noticed=noticed, reclaimed_at=since, lost_since=since)
    known = draw(memories())
    edit = known.edits.edit
    if edit and edit.theirs > edit.ours:
        known = replace(known, edits=replace(known.edits, edit=None))
    return replace(known, tiers=draw(tiers))


@st.composite
def ripe(draw) -> tuple[PoolSpec, Observation, Memory]:
    """Return a pool whose time to shrink has come: short queue, idle, the clock has run."""
    above = draw(st.integers(1, 2000))
    queue = Queue(
        thresholds_per=draw(st.sampled_from(Per)),
        up=ScaleUp(above=above),
        down=ScaleDown(below=above / 2, step=draw(st.integers(1, 3))),
    )
    floor = draw(st.integers(1, 6))
    spec = PoolSpec(floor, floor + draw(st.integers(1, 12)), queue=queue, slo=Slo(timedelta(seconds=2)))
    size = spec.min_replicas + draw(st.integers(2, 9))
    target = Target(size, writer="poolkeeper", ours=True, pods=tuple(pod(number) for number in range(size)))
    grace = Grace(short_since=at(-301), sampled_at=at(-1))
    return spec, Observation(target, (reading(0),)), Memory(grace=grace, edits=Edits(asked=size))
