"""What the trial of odd pools makes of refusals and conditions."""

from collections import Counter
from typing import Any, cast

import pytest

from rig.odd_specs import Case
from rig.odd_targets import aimed, grounds, is_aimed, target
from rig.trial import Tally, Trial, conditions, explanation, names_field


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ('422: InferencePool "a" is invalid: spec.minReplicas: Invalid value: "five"', True),
        ('422: InferencePool "a" is invalid: spec: Invalid value: "object": give either targetRef or template', True),
        ('400: strict decoding error: unknown field "spec.minReplica"', True),
        ("413: Request entity too large: limit is 3145728", True),
        ('422: InferencePool "a" is invalid: spec.schedule.windows[0].from: Required value', True),
        ("500: internal error", False),
        ("admission webhook denied the request: the spec is wrong", False),
        ("422: your spec was not to our liking: sorry", False),
        ("422: no inspec.minReplicas here", False),
        ("422: no special reason", False),
    ],
)
def test_a_refusal_names_a_field_unless_the_whole_is_too_large(words, named):
    assert names_field(words) is named


@pytest.mark.parametrize(
    ("problem", "explained"),
    [
        (
            "spec.schedule.windows[0].start: '61 9 * * *' is no cron expression: out of range",
            True,
        ),
        ("spec.cost.timezone: 'Europe' is no IANA time zone; write one, as in UTC", True),
        ("spec.cost.commitments[0].until: '2027-02-30' is no date; write one, as in 2027-06-30", True),
        ("spec.template: is nested over 32 deep, and no pod template is", True),
        ("spec.schedule.windows[0].end: '0 0 31 2 *' never fires: no such day exists (window office)", True),
        ("spec.schedule.windows[0]: the ends of window office coincide with its starts: it would never end", True),
        ("spec.schedule.windows[0].start: must have at least 9 characters", False),
        ("spec.cost.timezone: must have at most 64 characters", False),
        ("spec.cost.commitments[0].until: is longer than an hour", False),
        ("spec.minReplicas: must be a valid integer", False),
    ],
)
def test_what_only_the_parser_refuses_has_a_reason_or_is_unexplained(problem, explained):
    assert bool(explanation(problem)) is explained


def test_a_condition_of_an_earlier_generation_tells_nothing():
    known = [{"type": "Ready", "observedGeneration": 2}, {"type": "ScalingActive", "observedGeneration": 1}]
    assert list(conditions({"metadata": {"generation": 2}, "status": {"conditions": known}})) == ["Ready"]


def test_a_pool_over_a_good_spec_s_target_gets_its_own():
    assert is_aimed(aimed({"targetRef": {"name": "chat"}, "minReplicas": 2}, "odd-1"), "odd-1")


@pytest.mark.parametrize(
    "reference", [None, "chat", {"name": "usd"}, {"name": 3}, {"name": "chat", "kind": "StatefulSet"}, {}]
)
def test_an_odd_target_stays(reference):
    assert aimed({"targetRef": reference}, "odd-1") == {"targetRef": reference}


def test_the_target_of_a_pool_on_spot_may_be_split():
    spec = {"capacity": {"tiers": [{"type": "Spot", "provider": "gke"}]}}
    assert "affinity" in target(spec, "odd-1", 1, {})["spec"]["template"]["spec"]


def test_the_target_of_another_pool_runs_anywhere():
    assert "affinity" not in target({"capacity": None}, "odd-1", 1, {})["spec"]["template"]["spec"]


def test_the_targets_nodes_are_theirs_alone():
    assert [node["metadata"]["labels"]["rig"] for node in grounds({"rig": "odd"})] == ["odd"] * 3


class Served:
    """An API server that takes all, whose pools are told a reason each; the canary has what it asks for."""

    def __init__(self, **reasons: str) -> None:
        self.reasons, self.floor = reasons, 0
        self.made: list[tuple[str, str]] = []
        self.gone: list[str] = []

    def post(self, _: str, body: dict[str, Any]) -> dict[str, Any]:
        self.made.append((body.get("kind", "Node"), body["metadata"]["name"]))
        return body

    def patch(self, _: str, body: dict[str, Any]) -> None:
        self.floor = body["spec"]["minReplicas"]

    def get(self, _: str) -> dict[str, Any]:
        told = [self.pool(name, reason) for name, reason in self.reasons.items()]
        return {"spec": {"replicas": self.floor}, "items": told}

    def pool(self, name: str, reason: str) -> dict[str, Any]:
        known = {"type": "ScalingActive", "reason": reason, "observedGeneration": 1}
        metadata = {"name": name.replace("_", "-"), "generation": 1}
        return {"metadata": metadata, "status": {"conditions": [known]}}

    def delete(self, path: str) -> None:
        self.gone.append(path.rpartition("/")[2])


def offered(api: Served, target: str) -> Trial:
    """Return a trial of one pool."""
    trial = Trial(cast("Any", api), "odd", cast("Any", None))
    trial.prepare()
    trial.offer([Case("drawn", {"targetRef": {"name": target}, "minReplicas": 1, "maxReplicas": 2})])
    return trial


def test_a_pool_over_its_own_target_is_served():
    api = Served(odd_1="AsExpected")
    tally = offered(api, "chat").tally
    assert (("Deployment", "odd-1") in api.made, tally.served, tally.wrongs) == (True, 1, [])


def test_those_that_are_split_are_counted():
    assert Tally(told=Counter({"SplitReady AsExpected": 2, "SplitReady AtRisk": 1, "Ready AsExpected": 9})).split == 3


def test_a_pool_without_a_target_is_counted_apart():
    tally = offered(Served(odd_1="TargetNotFound"), "usd").tally
    assert (tally.served, tally.without_target, tally.wrongs) == (0, 1, [])


def test_a_pool_that_does_not_find_its_own_target_is_wrong(monkeypatch):
    monkeypatch.setattr("rig.trial.SERVED", 0.0)
    assert len(offered(Served(odd_1="TargetNotFound"), "chat").tally.untold) == 1


def test_a_good_pool_that_is_called_invalid_is_wrong():
    assert len(offered(Served(odd_1="InvalidSpec"), "chat").tally.untold) == 1


def test_of_a_batch_nothing_stays_but_the_canary():
    api = Served(odd_1="AsExpected")
    offered(api, "chat")
    assert api.gone == ["inferencepools?labelSelector=odd=yes", "deployments?fieldSelector=metadata.name!=canary"]
