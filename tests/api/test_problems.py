"""What is wrong with a spec is said with the field, what would be right, and what breaks it."""

import pytest

from poolkeeper.api.spec import SpecError, parse_spec

MINIMAL = {"targetRef": {"name": "chat"}, "minReplicas": 2, "maxReplicas": 8}
OFFICE = {"name": "office", "from": "08:00", "to": "18:00", "minReplicas": 4}
LAUNCH = {"name": "launch", "start": "0 9 24 11 *", "end": "0 21 24 11 *", "minReplicas": 8}


def problems(spec):
    with pytest.raises(SpecError) as caught:
        parse_spec(spec)
    return caught.value.problems


def scheduled(*windows, **fields):
    return MINIMAL | {"schedule": fields | ({"windows": list(windows)} if windows else {})}


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        (scheduled(outside="10%"), "spec.schedule.outside: must be a mapping, as in {percent: 10} (got '10%')"),
        (MINIMAL | {"forecast": True}, "spec.forecast: must be a mapping, as in {enabled: true}"),
        (MINIMAL | {"drain": True}, "spec.drain: must be a mapping"),
        (MINIMAL | {"queue": {"sources": {}}}, "spec.queue.sources: must be a list"),
        (scheduled(OFFICE, leadTime=10), "spec.schedule.leadTime: must be text, as in 10m (got 10)"),
        (
            scheduled(OFFICE | {"days": ["Mon", "Tue"]}),
            "spec.schedule.windows[0].days: must be text, as in Mon,Tue or Mon-Fri",
        ),
        (3, "spec: must be a mapping (got 3)"),
    ],
)
def test_a_value_of_another_kind_shows_what_would_be_right(spec, problem):
    assert problems(spec) == [problem]


def test_a_value_that_the_words_tell_is_not_told_twice():
    assert problems(scheduled(OFFICE | {"to": "25:00"})) == [
        "spec.schedule.windows[0].to: '25:00' is no time of day; write hours and minutes, as in 08:00"
    ]


def test_a_bad_name_says_what_a_name_is_made_of():
    (found,) = problems(scheduled(OFFICE | {"name": "Office Hours"}))
    assert found.endswith("must be lower-case letters, digits and hyphens, as in office-hours (got 'Office Hours')")


@pytest.mark.parametrize(
    ("spec", "problem"),
    [
        (
            scheduled(OFFICE, timeZone="UTC"),
            "spec.schedule.timeZone: no such field; did you mean timezone? (got 'UTC')",
        ),
        (
            scheduled(OFFICE | {"minReplica": 3}),
            "spec.schedule.windows[0].minReplica: no such field; did you mean minReplicas? (got 3)",
        ),
        (MINIMAL | {"bogus": 1}, "spec.bogus: no such field (got 1)"),
    ],
)
def test_a_field_that_is_none_says_which_may_be_meant(spec, problem):
    assert problems(spec) == [problem]


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("targetRef", {"name": "deployment/chat"}),
        ("targetRef", {"name": "Chat_v2"}),
        ("peerRef", {"name": "ipool/nobody", "minPercent": 1}),
    ],
)
def test_a_name_of_an_object_is_a_name_alone(field, given):
    (found,) = problems(MINIMAL | {field: given})
    assert found.startswith(f"spec.{field}.name: must be a name alone: ")


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ("0 25 * * *", "; look at the hour, '25'"),
        ("0 9 24 13 *", "; look at the month, '13'"),
        ("0 9 31 2 *", "never fires: no such day exists (window launch)"),
        ("0 0 9 24 11 *", "without seconds or years (window launch)"),
    ],
)
def test_a_bad_cron_expression_says_which_of_its_fields_is_wrong(start, words):
    (found,) = problems(scheduled(LAUNCH | {"start": start}))
    assert found.endswith(words)


@pytest.mark.parametrize(
    ("spec", "detail"),
    [
        (MINIMAL | {"minReplicas": 9}, "(9 is over 8)"),
        (scheduled(OFFICE | {"maxReplicas": 3}), "(window office: 4 is over 3)"),
        (
            scheduled(OFFICE | {"minReplicas": 9}, LAUNCH, outside={"maxReplicas": 10}),
            "(window office: minReplicas 9 is over 8; outside: maxReplicas 10 is over 8)",
        ),
        (scheduled(outside={"minReplicas": 9}), "(outside: minReplicas 9 is over 8)"),
        (scheduled(OFFICE, OFFICE, LAUNCH), "(office)"),
        (scheduled(OFFICE, {"name": "bare", "from": "08:00", "to": "18:00"}), "(window bare)"),
    ],
)
def test_a_broken_rule_tells_what_breaks_it(spec, detail):
    (found,) = problems(spec)
    assert found.endswith(detail)
