"""An override: read, laid over a spec, judged by the spec's own rules, and told."""

import json

import pytest

from builders import at
from poolkeeper.api.override import (
    Override,
    applied,
    in_force,
    laid_over,
    override_condition,
    override_status,
    read,
    summary,
    told,
)
from poolkeeper.core.reasons import Reason

SPEC = {"targetRef": {"name": "chat"}, "minReplicas": 2, "maxReplicas": 8, "queue": {"interval": "5s"}}
CHANGES = {"minReplicas": 6, "queue": {"scaleUp": {"above": 500}}}
GIVEN = Override(at(7200), "ann: night", CHANGES)


def written(**changes):
    return json.dumps({"until": "2026-03-02T14:00:00Z", "spec": CHANGES} | changes)


def test_it_is_read_as_it_was_written():
    assert read(GIVEN.text) == GIVEN


def test_no_annotation_is_no_override():
    assert read("") is None


@pytest.mark.parametrize("text", ["soon", "[]", "3", "{}", written(until="soon"), written(until=None)])
def test_what_cannot_be_read_says_what_would_be_right(text):
    assert 'write {"until": "2026-03-08T07:30:00Z"' in read(text).problem


@pytest.mark.parametrize("spec", [{}, [], None, "minReplicas=6"])
def test_what_changes_nothing_says_so(spec):
    found = read(written(spec=spec))
    assert (found.changes, found.problem) == (
        {},
        "poolkeeper.io/override changes nothing: its spec must hold fields",
    )


@pytest.mark.parametrize("spec", ['{"a":' * 32 + "1" + "}" * 32, "[" * 32 + "]" * 32])
def test_one_that_is_nested_too_deep_is_refused(spec):
    assert "nested over 32 deep" in read(f'{{"until": "2026-03-02T14:00:00Z", "spec": {{"queue": {spec}}}}}').problem


def test_one_so_deep_that_it_cannot_be_read_says_what_would_be_right():
    assert 'write {"until": "2026-03-08T07:30:00Z"' in read("[" * 4000 + "]" * 4000).problem


def test_one_that_is_too_long_is_refused():
    assert read(" " * 8192 + written()).problem.endswith("characters: at most 8192 are read")


@pytest.mark.parametrize("field", ["targetRef", "template", "deletionPolicy", "replicas"])
def test_what_the_pool_is_stays(field):
    assert read(written(spec={field: 1})).problem.startswith(f"spec.{field} cannot be overridden")


def test_what_somebody_wrote_is_told_in_part():
    assert len(read(written(by="x\n" * 999)).by) == 256


def test_fields_are_changed_one_by_one():
    assert laid_over(SPEC, CHANGES)["queue"] == {"interval": "5s", "scaleUp": {"above": 500}}


def test_null_takes_a_field_away():
    assert "queue" not in laid_over(SPEC, {"queue": None, "slo": None})


def test_a_list_is_changed_as_a_whole():
    assert laid_over({"a": [1, 2]}, {"a": [3]}) == {"a": [3]}


def test_a_good_one_makes_another_spec():
    spec, found = applied(SPEC, GIVEN)
    assert (spec.min_replicas, spec.queue.scale_up.above, found) == (6, 500, GIVEN)


def test_a_bad_one_says_what_the_spec_would_say():
    spec, found = applied(SPEC, Override(at(60), "", {"minReplicas": 9}))
    assert (spec, found.problem) == (None, "spec: minReplicas must not be over maxReplicas (9 is over 8)")


def test_the_first_of_many_problems_are_told():
    problem = applied(SPEC, Override(at(60), "", {f"x{number}\n": 1 for number in range(9)}))[1].problem
    assert [number for number in range(9) if f"spec.x{number}:" in problem] == [0, 1, 2]


def test_one_that_could_not_be_read_is_not_applied():
    refused = Override(problem="garbage")
    assert applied(SPEC, refused) == (None, refused)


@pytest.mark.parametrize(
    ("found", "second", "holds"),
    [(None, 0, False), (GIVEN, 7199, True), (GIVEN, 7200, False), (Override(problem="garbage"), 9999, True)],
)
def test_it_is_told_of_until_its_end(found, second, holds):
    assert in_force(found, at(second)) is holds


def test_the_status_tells_fields_and_values():
    assert override_status(GIVEN) == {
        "until": "2026-03-02T14:00:00Z",
        "by": "ann: night",
        "summary": "minReplicas 6, queue.scaleUp.above 500",
    }


def test_text_lists_and_nothing_are_told_as_they_are():
    changes = {"queue": {"interval": "2s"}, "slo": None, "capacity": {}}
    assert summary(Override(changes=changes)) == "queue.interval 2s, slo null, capacity {}"


def test_a_refused_one_is_told_with_its_problem():
    refused = Override(problem="garbage")
    assert override_status(refused) == {"summary": "refused: garbage"}
    assert override_condition(refused)[1:3] == ("False", Reason.OVERRIDE_REFUSED)


def test_one_in_force_is_a_condition():
    kind, state, reason, words = override_condition(GIVEN)
    assert (kind, state, reason) == ("Overridden", "True", Reason.OVERRIDDEN)
    assert words.endswith("queue.scaleUp.above 500, until 2026-03-02T14:00:00Z, by ann: night")


def test_nobody_is_made_up():
    assert told(Override(at(7200), "", {"minReplicas": 6})) == "minReplicas 6, until 2026-03-02T14:00:00Z"
