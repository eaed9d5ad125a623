"""A pool's world: what is paid, what is cut off, and what the operator and its peers see."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from builders import START, at
from poolkeeper.core.arrivals import Arrival
from poolkeeper.core.machines import Startup, Stock
from poolkeeper.core.model import ON_DEMAND, CapacityType, PoolSpec, Slo, Tier
from poolkeeper.core.observation import PodSample
from poolkeeper.core.reasons import Reason
from poolkeeper.core.world import Ground, World

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
STEP = 10 * SECOND
POOL = PoolSpec(0, 20)
SPLIT = PoolSpec(0, 20, tiers=(Tier("spot", CapacityType.SPOT), ON_DEMAND))
STARTUP = Startup(MINUTE)
QUIET = Arrival(0, 0, 0)


def world(size: int = 4, spec: PoolSpec = POOL, spot: int = 0, **ground) -> World:
    return World(Ground(**{"startup": STARTUP, **ground}), spec, START, {"on-demand": size, "spot": spot}, 7)


def run(made: World, rate: float, seconds: float) -> World:
    """Let requests come, so many a second, in steps of ten seconds."""
    for _ in range(round(seconds / 10)):
        made.advance(Arrival(rate * 10, 1155, 211), STEP)
    return made


def accounted(made: World) -> float:
    """Return the requests that ended, wait, run, drain or were cut off."""
    serving = made.serving
    return serving.finished + serving.waits.waiting + serving.running + made.draining + made.cut_off


def test_time_passes():
    assert run(world(), 1, 60).now == at(60)


def test_a_ready_replica_is_paid():
    made = run(world(4, prices={"on-demand": Decimal("3.60")}), 1, 1000)
    assert (made.paid["on-demand"], made.spent) == (pytest.approx(4000), pytest.approx(4.0))


def test_a_loading_replica_is_paid_and_does_not_serve():
    made = world(4)
    made.resize("on-demand", 5)
    run(made, 1, 50)
    assert (made.paid["on-demand"], made.ready) == (pytest.approx(250), 4)


def test_a_replica_serves_once_it_has_started():
    made = world(4)
    made.resize("on-demand", 5)
    assert run(made, 1, 60).ready == 5


def test_a_replica_that_is_ready_within_a_step_serves_from_then_on():
    made = world(0, startup=Startup(5 * SECOND))
    made.resize("on-demand", 1)
    run(made, 1, 10)
    assert made.serving.waits.percentile(1) == pytest.approx(5, abs=0.02)


def test_a_wait_for_a_node_is_free():
    made = world(0, node_wait=30 * SECOND)
    made.resize("on-demand", 1)
    assert run(made, 1, 60).paid["on-demand"] == pytest.approx(30)


def test_a_price_holds_from_its_second_on():
    made = world(1, prices={"on-demand": Decimal(36)}, repriced={"on-demand": ((55.0, Decimal(72)),)})
    assert run(made, 1, 100).spent == pytest.approx(0.01 * 55 + 0.02 * 45)


def test_what_runs_on_a_replica_that_goes_is_finished():
    made = run(world(4), 20, 300)
    made.resize("on-demand", 3)
    run(made, 10, 300)
    assert (made.cut_off, made.draining) == (0, 0)


def test_a_draining_replica_is_paid_until_it_is_done():
    made = run(world(4), 20, 300)
    made.resize("on-demand", 3)
    before = made.paid["on-demand"]
    run(made, 10, 100)
    assert 300 + 20 < made.paid["on-demand"] - before < 300 + 60


def test_what_is_not_done_at_the_deadline_is_cut_off():
    made = run(world(4, drain=5 * SECOND), 20, 300)
    running = made.serving.running / 4
    made.resize("on-demand", 3)
    run(made, 10, 10)
    assert running / 4 < made.cut_off < running


def test_where_work_is_redelivered_what_a_replica_had_waits_again():
    made = run(world(4, redelivers=True), 4, 100)
    before = made.serving.running
    made.resize("on-demand", 2)
    assert made.given_back == pytest.approx(before / 2)
    assert made.serving.waits.waiting == pytest.approx(before / 2)


def test_without_a_drain_all_is_cut_off():
    made = run(world(4, drain=timedelta(0)), 20, 300)
    running = made.serving.running / 4
    made.resize("on-demand", 3)
    run(made, 10, 10)
    assert made.cut_off == pytest.approx(running)


def test_an_idle_replica_goes_at_once():
    made = world(4)
    made.resize("on-demand", 3)
    assert (made.drains, made.ready) == ([], 3)


def test_a_market_takes_back_what_it_gave():
    made = run(world(2, SPLIT, 2, stock={"spot": Stock(((0.0, 2), (305.0, 1)))}), 15, 310)
    assert (made.ready, made.gauges().by_tier["spot"]) == (3, (2, 1))


def test_what_runs_where_the_market_takes_back_has_its_notice():
    stock = {"spot": Stock(((0.0, 2), (305.0, 1)), notice=4 * SECOND)}
    made = run(world(2, SPLIT, 2, stock=stock), 15, 320)
    assert 5 < made.cut_off < 35


def test_a_replica_under_notice_is_shown_and_paid():
    stock = {"spot": Stock(((0.0, 2), (305.0, 1)), notice=MINUTE)}
    made = run(world(2, SPLIT, 2, stock=stock), 15, 350)
    assert made.observe().siblings[0].pods[1].notice
    assert made.paid["spot"] == pytest.approx(700)


CHANGES = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8), st.floats(0, 60)), min_size=1, max_size=12)


@given(CHANGES, st.integers(0, 30))
def test_no_request_is_lost_whatever_comes_and_goes(changes, drain):
    stock = {"spot": Stock(((0.0, 4), (95.0, 1), (205.0, 6)), reclaims=20.0, notice=5 * SECOND)}
    made = world(2, SPLIT, 2, stock=stock, drain=drain * SECOND)
    for kept, spot, rate in changes:
        made.resize("on-demand", kept)
        made.resize("spot", spot)
        run(made, rate, 50)
    assert accounted(made) == pytest.approx(made.serving.waits.total, abs=1e-6)


@given(CHANGES)
def test_the_same_seed_gives_the_same_world(changes):
    ends = set()
    for _ in range(2):
        stock = {"spot": Stock(reclaims=20.0, notice=5 * SECOND)}
        made = world(2, SPLIT, 2, stock=stock, startup=Startup(MINUTE, sigma=0.5))
        for kept, spot, rate in changes:
            made.resize("on-demand", kept)
            made.resize("spot", spot)
            run(made, rate, 50)
        ends.add((made.serving.finished, made.serving.waits.waiting, made.paid["spot"], made.cut_off))
    assert len(ends) == 1


def test_the_operator_sees_every_ready_pod():
    made = run(world(4), 20, 300)
    made.resize("on-demand", 5)
    seen = made.observe()
    assert [pod.uid for pod in seen.target.pods[:4]] == [one.uid for one in seen.readings[0].pods]


def test_the_samples_are_whole():
    made = run(world(4), 20, 300)
    sample = made.observe().readings[0].pods[0]
    assert sample == PodSample(
        "on-demand-1",
        waiting=0.0,
        running=pytest.approx(made.serving.running / 4),
        kv_usage=made.serving.kv_usage(4),
        inside=pytest.approx(1500),
        finished=pytest.approx(1500),
        requests=pytest.approx(made.serving.finished / 4),
        prompt_tokens=pytest.approx(1500 * 1155),
        generation_tokens=pytest.approx(made.serving.finished / 4 * 211),
    )


def test_a_pods_counters_begin_with_it():
    made = run(world(4), 20, 300)
    made.resize("on-demand", 5)
    run(made, 20, 110)
    assert made.observe().readings[0].pods[4].finished == pytest.approx(50 * 20 / 5)


def test_a_pods_counters_go_on_when_others_come_and_go():
    made = run(world(4), 20, 300)
    made.resize("on-demand", 2)
    run(made, 8, 100)
    assert made.observe().readings[0].pods[0].finished == pytest.approx(1500 + 400)


def test_inside_counts_what_started_within_the_slo():
    made = run(world(4, PoolSpec(0, 9, slo=Slo(MINUTE))), 40, 60)
    late = run(world(4), 40, 60)
    assert made.observe().readings[0].pods[0].inside > late.observe().readings[0].pods[0].inside


def test_whoever_holds_the_queue_tells_its_length_while_nobody_is_ready():
    assert run(world(0), 2, 30).observe().readings[0].waiting == 60


def test_other_tiers_are_siblings():
    made = world(2, SPLIT, 3)
    assert [(one.tier, one.replicas) for one in made.observe().siblings] == [("spot", 3)]


def test_the_target_is_where_nothing_is_reclaimed():
    assert world(2, SPLIT, 3).observe().target.tier == "on-demand"


def test_late_figures_are_as_old_as_they_are():
    made = run(world(4, metric_delay=20 * SECOND), 20, 300)
    reading = made.observe().readings[0]
    assert (reading.at, reading.pods[0].finished) == (at(280), pytest.approx(1400))


def test_figures_that_are_late_from_the_start_are_those_of_the_start():
    assert world(4, metric_delay=20 * SECOND).observe().readings[0].at == at(0)


def test_late_figures_know_nothing_of_a_new_pod():
    made = run(world(4, metric_delay=30 * SECOND), 20, 300)
    made.resize("on-demand", 5)
    run(made, 20, 60)
    assert (made.ready, len(made.observe().readings[0].pods)) == (5, 4)


def test_in_a_silence_nobody_can_be_asked():
    made = run(world(4, silences=((50.0, 100.0),)), 20, 60)
    assert made.observe().readings[0].fault is Reason.METRIC_REFUSED


def test_in_a_silence_a_query_adds_up_to_nothing():
    made = run(world(4, silences=((50.0, 100.0),)), 60, 60)
    seen = made.gauges()
    assert (seen.missing, seen.waiting, seen.running, seen.arrival_rate) == (True, 0, 0, 0)


def test_after_a_silence_all_is_seen_again():
    assert not run(world(4, silences=((50.0, 100.0),)), 20, 100).gauges().missing


def test_gauges_show_what_is_there():
    made = run(world(4), 20, 300)
    made.resize("on-demand", 5)
    seen = made.gauges()
    assert (seen.now, seen.size, seen.ready, seen.by_tier) == (300, 5, 4, {"on-demand": (5, 4)})


def test_gauges_count_since_the_last_look():
    made = run(world(4), 20, 300)
    made.gauges()
    assert run(made, 8, 60).gauges().arrival_rate == pytest.approx(8)


def test_a_look_at_once_after_another_has_no_rates():
    made = run(world(4), 20, 300)
    made.gauges()
    assert made.gauges().throughput == 0


def test_utilization_is_throughput_over_capacity():
    made = run(world(4), 20, 600)
    made.gauges()
    run(made, 20, 100)
    assert made.gauges().utilization == pytest.approx(20 / (4 * 64 * 20 / 211))


def test_without_replicas_nothing_is_in_use():
    assert run(world(0), 2, 30).gauges().utilization == 0


MANY = [Arrival(50 + 3 * number, 1155, 211 + number) for number in range(20)]


def test_gliding_comes_to_the_same_as_step_by_step():
    glided, stepped = run(world(), 5, 50), run(world(), 5, 50)
    for arrival in MANY:
        stepped.advance(arrival, STEP)
    assert glided.glide(MANY, STEP) == (len(MANY), None)
    assert (glided.observe(), glided.spent) == (stepped.observe(), stepped.spent)


def test_nobody_glides_past_what_is_due():
    made = world()
    made.resize("on-demand", 5)
    assert (made.glide(MANY, STEP), made.now) == ((5, None), at(50))


def test_a_queue_ends_it_and_what_was_seen_before_is_known():
    glided, stepped = run(world(), 5, 50), run(world(), 5, 50)
    passed, before = glided.glide([*MANY[:3], Arrival(9000, 1155, 211), *MANY], STEP)
    for arrival in MANY[:3]:
        stepped.advance(arrival, STEP)
    assert (passed, glided.observe(before)) == (4, stepped.observe())


@pytest.mark.parametrize("ground", [{}, {"metric_delay": STEP}])
def test_what_drains_and_figures_that_are_late_go_on_as_step_by_step(ground):
    glided, stepped = (run(world(**ground), 20, 100) for _ in range(2))
    for made in (glided, stepped):
        made.resize("on-demand", 3)
    for arrival in MANY:
        stepped.advance(arrival, STEP)
    assert glided.glide(MANY, STEP) == (len(MANY), None)
    assert (glided.observe(), glided.spent) == (stepped.observe(), stepped.spent)


def test_what_a_pod_counts_does_not_hang_on_who_looks():
    seen, alone = world(), world()
    for _ in range(30):
        run(seen, 7.3, 10).observe()
    assert run(alone, 7.3, 300).observe() == seen.observe()
