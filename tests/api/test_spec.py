from datetime import timedelta

import pytest

from poolkeeper.api.spec import SpecError, parse_spec, unknown_fields
from poolkeeper.api.target import DEPLOYMENT
from poolkeeper.core.model import (
    ON_DEMAND,
    CapacityType,
    Fallback,
    Guaranteed,
    Mode,
    OutageBehavior,
    Per,
    PodsSource,
    PrometheusSource,
    RabbitSource,
    Recovery,
    RedisSource,
    Slo,
    Tier,
)

MINIMAL = {"targetRef": {"name": "chat"}, "minReplicas": 2, "maxReplicas": 8}
ON_DEMAND_TIER = {"name": "on-demand", "type": "OnDemand"}


def problems(**changes):
    with pytest.raises(SpecError) as caught:
        parse_spec(MINIMAL | changes)
    return caught.value.problems


def core(**changes):
    return parse_spec(MINIMAL | changes).to_core()


def test_the_common_case_is_all_defaults():
    pool = core()
    assert (pool.mode, pool.min_replicas, pool.max_replicas) == (Mode.ACTIVE, 2, 8)
    assert pool.queue.sources == (PodsSource(name="pods", engine="auto", port="http"),)
    assert pool.queue.thresholds_per is Per.REPLICA
    assert (pool.queue.up.above, pool.queue.down.below) == (5, 1)
    assert pool.queue.down.grace_period == timedelta(minutes=5)
    assert pool.startup_timeout is None


def test_a_prometheus_source_carries_its_selector():
    source = {"name": "edge", "prometheus": {"metric": "nginx_queue", "selector": {"b": "2", "a": "1"}, "maxAge": "1m"}}
    (found,) = core(queue={"sources": [source]}).queue.sources
    assert found == PrometheusSource(
        name="edge",
        metric="nginx_queue",
        selector=(("a", "1"), ("b", "2")),
        max_age=timedelta(minutes=1),
    )


def test_a_start_up_timeout_may_be_given():
    assert core(startup={"timeout": "90s"}).startup_timeout == timedelta(seconds=90)


def test_the_slo_is_read():
    assert core(slo={"queueTime": "2s"}).slo == Slo(timedelta(seconds=2), 99)


def test_an_outage_may_keep_at_least_a_size():
    rule = core(queue={"onOutage": {"behavior": "AtLeast", "replicas": 4}}).queue.on_outage
    assert (rule.behavior, rule.replicas) == (OutageBehavior.AT_LEAST, 4)


def test_a_template_means_that_the_workload_is_ours():
    spec = parse_spec({"template": {"spec": {}}, "minReplicas": 1, "maxReplicas": 2, "deletionPolicy": "Delete"})
    assert spec.owns_workload


def test_a_target_means_that_it_is_not():
    assert not parse_spec(MINIMAL).owns_workload


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"minReplicas": 9}, "spec: minReplicas must not be over maxReplicas"),
        ({"minReplicas": -1}, "spec.minReplicas: must be greater than or equal to 0 (got -1)"),
        ({"targetRef": None}, "spec: give either targetRef or template"),
        ({"template": {}}, "spec: give either targetRef or template"),
        (
            {"queue": {"scaleUp": {"above": 0}}},
            "spec.queue.scaleUp.above: must be greater than 0 (got 0)",
        ),
        (
            {"queue": {"scaleUp": {"above": 1}, "scaleDown": {"below": 2}}},
            "spec.queue: scaleDown.below must not be over scaleUp.above",
        ),
        ({"queue": {"interval": "50ms"}}, "spec.queue: interval must be from 100ms to 5m"),
        (
            {"queue": {"onOutage": {"behavior": "AtLeast"}}},
            "spec.queue.onOutage: behavior AtLeast needs replicas",
        ),
        ({"mode": "active"}, "spec.mode: must be 'Active', 'Observe' or 'Paused' (got 'active')"),
        ({"replicas": -1}, "spec.replicas: must be greater than or equal to 0 (got -1)"),
        ({"peerRef": {"name": "decode"}}, "spec.peerRef: peerRef needs minPercent or maxPercent, or both"),
        ({"minReplica": 3}, "spec.minReplica: no such field; did you mean minReplicas? (got 3)"),
        ({"deletionPolicy": "Delete"}, "spec: deletionPolicy Delete needs template"),
        ({"minReplicas": 0}, "spec: minReplicas 0 needs a source besides pods"),
    ],
)
def test_a_bad_spec_names_the_field_and_what_would_be_right(changes, problem):
    (found,) = problems(**changes)
    assert found.startswith(problem)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ({"prometheus": {}}, "give either metric or query"),
        ({"prometheus": {"metric": "m", "query": "q"}}, "give either metric or query"),
        ({"prometheus": {"metric": "m", "freshness": "f"}}, "freshness belongs to query"),
        ({"prometheus": {"query": "q", "selector": {"a": "b"}}}, "selector belongs to metric"),
        ({"prometheus": {"metric": "m}"}}, "must match pattern"),
        ({}, "give exactly one of pods, prometheus, endpointPicker"),
        ({"redis": {}}, "give either list or stream"),
        ({"redis": {"list": "jobs", "stream": "jobs", "group": "workers"}}, "give either list or stream"),
        ({"redis": {"stream": "jobs"}}, "stream and group belong together"),
        ({"rabbitMq": {}}, "rabbitMq.queue: Field required"),
        (
            {"pods": {}, "prometheus": {"metric": "m"}},
            "give exactly one of pods, prometheus, endpointPicker",
        ),
        ({"externalMetric": {"name": "../secrets"}}, "must be one part of a path, as in jobs_waiting"),
    ],
)
def test_a_bad_source_says_what_would_be_right(source, problem):
    (found,) = problems(queue={"sources": [{"name": "a"} | source]})
    assert problem in found


def test_every_problem_is_named_at_once():
    assert len(problems(mode="x", queue={"interval": "soon", "combine": "Min"})) == 3


def test_sources_must_have_names_of_their_own():
    twice = [{"name": "a", "pods": {}}, {"name": "a", "pods": {"port": 9}}]
    assert problems(queue={"sources": twice}) == ["spec.queue: source names must differ"]


@pytest.mark.parametrize(
    ("given", "source"),
    [
        ({"redis": {"list": "jobs"}}, RedisSource("a", "default", "jobs")),
        ({"redis": {"server": "b", "stream": "s", "group": "g"}}, RedisSource("a", "b", "s", "g")),
        ({"rabbitMq": {"queue": "jobs"}}, RabbitSource("a", "default", "jobs", "/")),
        ({"rabbitMq": {"server": "b", "queue": "q", "vhost": "v"}}, RabbitSource("a", "b", "q", "v")),
    ],
)
def test_a_broker_s_queue_is_named(given, source):
    assert core(queue={"sources": [{"name": "a"} | given]}).queue.sources == (source,)


def test_zero_replicas_are_fine_where_somebody_else_knows_the_queue():
    sources = [{"name": "edge", "prometheus": {"metric": "m"}}]
    assert core(minReplicas=0, queue={"sources": sources}).min_replicas == 0


def test_fields_that_do_not_exist_are_found_wherever_they_are():
    assert unknown_fields(MINIMAL | {"queue": {"intervall": "1s"}, "minReplica": 1}) == [
        "spec.queue.intervall",
        "spec.minReplica",
    ]


def test_a_good_spec_has_no_unknown_fields():
    assert unknown_fields(MINIMAL) == []


def test_a_start_up_timeout_is_a_duration_or_auto():
    assert problems(startup={"timeout": "soon"})[0].startswith("spec.startup.timeout: 'soon' is no duration")


def test_without_capacity_all_is_the_targets():
    pool = core()
    assert (pool.tiers, pool.guaranteed, pool.spot) == ((ON_DEMAND,), Guaranteed(), None)


def test_capacity_alone_means_spot_with_on_demand_behind_it():
    assert core(capacity={}).tiers == (Tier("spot", CapacityType.SPOT), ON_DEMAND)


def test_what_is_guaranteed_is_read():
    held = {"base": 2, "percentAboveBase": 10}
    assert core(capacity={"guaranteed": held}).guaranteed == Guaranteed(2, 10)


def test_a_tier_of_spot_says_whose_it_is_and_how_it_is_covered():
    spot = {"name": "cheap", "type": "Spot", "provider": "gke", "fallback": {"after": "1m", "maxReplicas": 6}}
    (found, _) = core(capacity={"tiers": [spot | {"recovery": {"backoff": "90s"}}, ON_DEMAND_TIER]}).tiers
    fallback, recovery = Fallback(timedelta(minutes=1), 6), Recovery(backoff=timedelta(seconds=90))
    assert found == Tier("cheap", CapacityType.SPOT, "gke", fallback, recovery)


def test_spot_may_be_given_up():
    assert core(capacity={"tiers": [ON_DEMAND_TIER]}).spot is None


def test_replicas_drain_for_two_minutes_or_as_long_as_is_said():
    said = core(drain={"deadline": "0s"}).drain_deadline
    assert (core().drain_deadline, said) == (timedelta(minutes=2), timedelta(0))


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "LeaderWorkerSet", "Rollout"])
def test_a_target_of_each_kind_needs_no_version(kind):
    assert parse_spec(MINIMAL | {"targetRef": {"kind": kind, "name": "chat"}}).kind.name == kind


def test_what_a_template_makes_is_a_deployment():
    assert parse_spec({"template": {}, "minReplicas": 1, "maxReplicas": 2}).kind is DEPLOYMENT


def test_kinds_that_cannot_be_scaled_are_told_those_that_can():
    with pytest.raises(SpecError, match="'Deployment', 'StatefulSet', 'LeaderWorkerSet' or 'Rollout'"):
        parse_spec(MINIMAL | {"targetRef": {"kind": "DaemonSet", "name": "chat"}})


def test_any_kind_may_have_its_pods_annotated_and_tiers_without_spot():
    on_demand = {"tiers": [{"name": "on-demand", "type": "OnDemand"}]}
    spec = {"targetRef": {"kind": "Rollout", "name": "chat"}, "capacity": on_demand, "cost": {"annotate": ["Pods"]}}
    assert parse_spec(MINIMAL | spec).kind.name == "Rollout"
