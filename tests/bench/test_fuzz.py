"""What the trial of odd pools makes of refusals and conditions."""

import pytest

from rig.trial import conditions, explanation, names_field


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ('422: InferencePool "a" is invalid: spec.minReplicas: Invalid value: "five"', True),
        ('422: InferencePool "a" is invalid: spec: Invalid value: "object": give either targetRef or template', True),
        ('400: strict decoding error: unknown field "spec.minReplica"', True),
        ("413: Request entity too large: limit is 3145728", True),
        ("500: internal error", False),
        ("422: no special reason", False),
    ],
)
def test_a_refusal_names_a_field_unless_the_whole_is_too_large(words, named):
    assert names_field(words) is named


@pytest.mark.parametrize(
    ("problem", "explained"),
    [
        ("spec.schedule.windows[0].start: '61 9 * * *' is no cron expression; look at the minute, '61'", True),
        ("spec.cost.timezone: 'Europe' is no IANA time zone", True),
        ("spec.cost.commitments[0].until: '2027-02-30' is no date", True),
        ("spec.template: is nested over 32 deep, and no pod template is", True),
        ("spec.minReplicas: must be a valid integer", False),
    ],
)
def test_what_only_the_parser_refuses_has_a_reason_or_is_unexplained(problem, explained):
    assert bool(explanation(problem)) is explained


def test_a_condition_of_an_earlier_generation_tells_nothing():
    known = [{"type": "Ready", "observedGeneration": 2}, {"type": "ScalingActive", "observedGeneration": 1}]
    assert list(conditions({"metadata": {"generation": 2}, "status": {"conditions": known}})) == ["Ready"]
