"""What holds over many looks in a row, in a world that carries out what was decided."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from builders import Rig, at, published, reading
from poolkeeper.core.demand import below, steps_up
from poolkeeper.core.memory import Edits, Grace, Memory
from poolkeeper.core.model import OnOutage, OutageBehavior, PoolSpec, ScaleDown
from poolkeeper.core.observation import PodFault, PodSample, Reading
from poolkeeper.core.reasons import Reason
from strategies import FAULTS, queues, spans, specs

KINDS = {"short": 0, "between": 500, "long": 1001, "very long": 3500}
GAPS = st.sampled_from([1, 5, 9, 10, 29, 30, 31, 45, 60, 120])


def moments(marks, gaps=GAPS, least: int = 1):
    """Return histories: lists of (second, mark), each some gap after the one before."""
    steps = st.lists(st.tuples(gaps, st.sampled_from(marks)), min_size=least, max_size=25)
    return steps.map(lambda found: [(sum(gap for gap, _ in found[: n + 1]), found[n][1]) for n in range(len(found))])


def readings(mark: str, second: float) -> tuple[Reading, ...]:
    """Return what a history's mark looks like."""
    if mark in KINDS:
        return (reading(KINDS[mark], second),)
    if mark == "partial":
        return (reading(0, second), reading(None, second, fault=Reason.METRIC_TIMEOUT))
    if mark == "silent":
        page = {"pods": (PodSample("a", 0),), "faults": (PodFault(f"quiet-{second}", Reason.METRIC_TIMEOUT),)}
        return (Reading("pods", reading(0, second).at, **page),)
    if mark == "absent":
        return (Reading("pods", reading(0, second).at, applies=False),)
    if mark == "nothing":
        return ()
    return (reading(None, second, fault=Reason(mark)),)


BAD = ["partial", "silent", "nothing", *FAULTS]


def expected(history, grace: float, size: int, floor: int) -> list[int]:
    """Return R2's sizes, reckoned another way: add up the time that counts since the last break or step."""
    sizes, counted, before = [], None, None
    for number, (second, mark) in enumerate(history):
        gap = 0 if before is None else second - before
        short = mark == "short" and size > floor
        counted = None if not short else 0 if counted is None else counted + (gap if gap <= 30 else 0)
        if counted is not None and counted >= grace and number:
            size, counted = size - 1, 0
        before = second
        sizes.append(size)
    return sizes


@given(moments(["short", "short", "short", "short", "between", "absent", "partial"]), st.sampled_from([1, 20, 60]))
def test_a_step_down_comes_exactly_when_the_grace_period_has_been_spent(history, grace):
    spec = published(queue={"down": ScaleDown(below=100, grace_period=timedelta(seconds=grace))})
    rig = Rig(spec, 6)
    sizes = [rig.look(second, *readings(mark, second)).size for second, mark in history]
    assert sizes == expected(history, grace, 6, 2)


@given(moments([*KINDS, *BAD, "absent"], least=10), specs(slo=None))
def test_no_shrink_comes_before_a_grace_period_of_whole_short_samples(history, spec):
    rig, whole, down_at = Rig(spec, spec.max_replicas + 2), None, None
    for second, mark in history:
        before = rig.size
        rig.look(second, *readings(mark, second))
        counts = mark in KINDS or (mark == "absent" and before > spec.max_replicas)
        whole = None if not counts else second if whole is None else whole
        if rig.size < before:
            began = max(whole, down_at or 0)
            assert timedelta(seconds=second - began) >= spec.queue.down.grace_period
            down_at = second


@given(moments(BAD, least=5), st.integers(2, 12), specs())
def test_bad_metrics_in_any_mixture_never_scale_down(history, size, spec):
    rig = Rig(spec, size)
    rig.memory = Memory(grace=Grace(short_since=at(-400), sampled_at=at(0)), edits=Edits(asked=size))
    sizes = [rig.look(second, *readings(mark, second)).size for second, mark in history]
    assert [size, *sizes] == sorted([size, *sizes])


@given(moments(["partial"], st.just(15), least=20), st.integers(2, 8))
def test_a_partial_sample_never_lowers_however_long(history, size):
    rig = Rig(published(), size)
    assert {rig.look(second, *readings(mark, second)).size for second, mark in history} == {size}


@st.composite
def looks(draw, history):
    """Return the seconds of extra looks, each at most 10 s after the sample that it sees again."""
    extra = []
    for (second, _), (following, _) in zip(history, [*history[1:], (history[-1][0] + 20, "")], strict=True):
        spots = st.floats(0.01, min(9.99, following - second - 0.01))
        extra.append(sorted(draw(st.lists(spots, max_size=2))))
    return extra


NEAR = {f"{times} x above": times for times in (0, 0.5, 1, 1.5, 2, 3, 5)}


@given(st.data(), moments([*NEAR, *NEAR, *BAD, "absent"], least=5), st.integers(0, 60))
def test_extra_looks_at_the_same_samples_change_nothing(data, history, load):
    spec = data.draw(specs(queue={"on_outage": OnOutage()}))
    plain, restless = Rig(spec, 4, load), Rig(spec, 4, load)
    for (second, mark), extra in zip(history, data.draw(looks(history)), strict=True):
        near = (reading(NEAR.get(mark, 0) * spec.queue.up.above, second),)
        seen = near if mark in NEAR else readings(mark, second)
        for rig in (plain, restless):
            rig.look(second, *seen)
        for later in extra:
            restless.look(second + later, *seen)
        assert (plain.size, plain.memory.grace) == (restless.size, restless.memory.grace)


@given(st.data(), specs(slo=None, startup_timeout=None), st.integers(0, 5000), st.integers(1, 599), st.integers(9, 60))
def test_a_constant_queue_never_cascades_while_models_load(data, spec, over, load, every):
    size = data.draw(st.integers(max(1, spec.min_replicas), spec.max_replicas))
    down = replace(spec.queue.down, grace_period=timedelta(hours=2))
    spec = replace(spec, queue=replace(spec.queue, up=replace(spec.queue.up, delay=timedelta(0)), down=down))
    waiting = spec.queue.down.below * size + over
    rig = Rig(spec, size, load)
    settled = load + spec.queue.up.settle.total_seconds()
    sizes = rig.run(range(0, int(settled), every), waiting)
    assert set(sizes) <= {min(spec.max_replicas, size + steps_up(spec.queue, waiting, size))}


@given(queues(), st.integers(2, 12), st.floats(0, 0.99))
def test_up_and_down_never_meet(queue, size, share):
    queue = replace(queue, down=replace(queue.down, grace_period=timedelta(0)))
    waiting = share * below(queue, size - 1)
    rig = Rig(PoolSpec(0, 12, queue=queue), size)
    sizes = rig.run(range(size + 2), waiting)
    assert sizes == sorted(sizes, reverse=True)


@given(st.integers(3, 12), st.lists(st.integers(0, 64), min_size=12, max_size=12), st.integers(1, 64))
def test_a_step_down_leaves_nobody_busier_than_allowed(size, running, slots):
    rig = Rig(published(max_replicas=12, queue={"slots_per_replica": slots}, drain_deadline=timedelta(0)), size)
    rig.memory = Memory(grace=Grace(short_since=at(-400), sampled_at=at(-1)), edits=Edits(asked=size))
    page = tuple(PodSample(f"uid-{number + 1}", 0, load) for number, load in enumerate(running[:size]))
    rig.look(0, Reading("pods", at(0), pods=page))
    assert (rig.size < size) == (sum(running[:size]) <= 0.75 * slots * (size - 1))


@given(st.integers(9, 40), st.lists(st.sampled_from(list(KINDS.values())), min_size=30, max_size=80), st.integers(1, 3))
def test_a_pool_over_its_maximum_leaves_one_step_per_grace_period(size, queue, step):
    down = ScaleDown(below=100, step=step, grace_period=timedelta(seconds=20))
    rig = Rig(published(queue={"down": down}), size)
    sizes = [rig.queue(5 * second, waiting).size for second, waiting in enumerate(queue)]
    over = [each for each in sizes if each > 8]
    assert over == [max(size - step * (number // 4), 8) for number in range(len(over))]


@given(st.integers(2, 9), st.integers(0, 12), st.integers(7, 60))
def test_a_foreign_size_is_dealt_with_in_its_time(ours, theirs, every):
    rig = Rig(published(max_replicas=12), ours)
    rig.queue(0, 500)
    rig.write(theirs, 1)
    sizes = {second: rig.queue(second, 500).size for second in range(1, 400, every)}
    due = 0 if theirs < 2 else 301 if theirs < ours else 10**6
    assert sizes == {second: ours if second >= due else theirs for second in sizes}


@given(st.integers(2, 9), st.integers(1, 3), st.integers(25, 300))
def test_a_foreign_growth_stays_for_an_hour_of_empty_queue(ours, more, every):
    rig = Rig(published(max_replicas=12), ours)
    rig.queue(0, 500)
    rig.write(ours + more, 1)
    kept = {rig.queue(second, 0).size for second in range(1, 3601, every)}
    assert kept == {ours + more}


@given(spans(0, 30, 100), st.integers(0, 20), st.integers(2, 8))
def test_an_outage_lifts_once_and_in_its_time(after, replicas, size):
    rule = OnOutage(after, OutageBehavior.AT_LEAST, replicas)
    rig = Rig(published(queue={"on_outage": rule}), size)
    sizes = [rig.look(second, *readings("MetricTimeout", second)).size for second in range(0, 200, 5)]
    lifted = max(size, min(8, replicas))
    assert sizes == [lifted if 5 * number >= after.total_seconds() else size for number in range(40)]


@given(st.integers(2, 6), st.lists(st.integers(0, 3000), min_size=5, max_size=30), st.integers(1, 2000))
def test_more_work_all_along_never_ends_in_fewer_replicas(size, queue, more):
    down = ScaleDown(below=100, grace_period=timedelta(seconds=2))
    spec = published(max_replicas=12, queue={"down": down})
    less, greater = Rig(spec, size, load=0), Rig(spec, size, load=0)
    for second, waiting in enumerate(queue):
        less.queue(second, waiting)
        greater.queue(second, waiting + more)
        assert less.size <= greater.size
