"""A change of a spec's field is read by the spec's own models."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest

from poolkeeper.simulate.what_if import WhatIfError, variants

SPEC = {"targetRef": {"name": "chat"}, "minReplicas": 2, "maxReplicas": 8}
SCHEDULED = SPEC | {"schedule": {"windows": [{"name": "day", "from": "08:00", "to": "18:00", "minReplicas": 3}]}}


def only(change, spec=SPEC):
    [found] = variants(spec, change)
    return found.spec


def refused(change, spec=SPEC):
    with pytest.raises(WhatIfError) as told:
        list(variants(spec, change))
    return str(told.value)


def test_each_value_gives_a_variant():
    found = list(variants(SPEC, "queue.scaleUp.above=800,1200"))
    assert [one.spec.queue.up.above for one in found] == [800, 1200]


def test_a_variant_is_named_after_its_change():
    found = list(variants(SPEC, "spec.queue.scaleUp.above=800,1200"))
    assert [one.name for one in found] == ["queue.scaleUp.above=800", "queue.scaleUp.above=1200"]


def test_what_was_not_changed_stays():
    spec = SPEC | {"queue": {"scaleUp": {"step": 2}}}
    assert only("queue.scaleUp.above=800", spec).queue.up.step == 2


def test_the_pool_itself_stays_as_it_is():
    spec = SPEC | {"queue": {"scaleUp": {"above": 5}}}
    only("queue.scaleUp.above=800", spec)
    assert spec["queue"]["scaleUp"]["above"] == 5


def test_a_duration_is_read():
    assert only("queue.scaleDown.gracePeriod=10m").queue.down.grace_period == timedelta(minutes=10)


def test_a_price_is_text():
    assert only("cost.pricePerGPUHour.on-demand=3.50").cost.prices == {"on-demand": Decimal("3.50")}


def test_an_hour_is_text():
    [window] = only("schedule.windows[0].from=10:00", SCHEDULED).schedule.windows
    assert window.start == "0 10 * * *"


def test_an_element_of_a_list_is_changed():
    [window] = only("schedule.windows[0].minReplicas=5", SCHEDULED).schedule.windows
    assert window.limits.floor == 5


def test_an_unknown_field_is_refused_with_the_one_that_was_meant():
    assert refused("queue.scaleUp.abov=5") == "spec.queue.scaleUp.abov: no such field; did you mean above? (got 5)"


def test_an_unknown_part_is_refused_with_the_one_that_was_meant():
    assert "spec.qeue: no such field; did you mean queue?" in refused("qeue.scaleUp.above=5")


def test_a_field_that_is_elsewhere_is_named_with_its_path():
    assert (
        refused("gracePeriod=5m") == "spec.gracePeriod: no such field (got '5m'); near it: queue.scaleDown.gracePeriod"
    )


def test_a_field_like_none_is_refused_with_the_page_that_lists_them():
    assert refused("xyzzy=5").endswith("the fields are in docs/reference/fields.md")


def test_a_value_that_the_field_does_not_take_is_refused():
    assert re.match(r"spec\.queue\.scaleDown\.gracePeriod: ", refused("queue.scaleDown.gracePeriod=soon"))


def test_bounds_that_contradict_each_other_are_refused():
    assert "minReplicas must not be over maxReplicas" in refused("minReplicas=9")


def test_an_element_that_is_not_there_is_refused():
    assert "spec.schedule.windows[1]: there is no such element" in refused(
        "schedule.windows[1].minReplicas=5", SCHEDULED
    )


def test_a_part_of_a_number_is_refused():
    assert refused("minReplicas.low=5") == "spec.minReplicas: has no field 'low' in the pool's YAML"


@pytest.mark.parametrize("change", ["queue.scaleUp.above", "queue.scaleUp.above=", "=5", "queue..above=5"])
def test_what_is_no_change_is_refused_with_an_example(change):
    assert refused(change).endswith("write it as in queue.scaleUp.above=800,1200")


def test_a_value_that_is_no_yaml_is_told_as_it_was_given():
    assert "'{'" in refused("queue.scaleUp.above={")
