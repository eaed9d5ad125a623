import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from builders import at, published, seen
from poolkeeper.api import observe_memo
from poolkeeper.api.explain import explanation
from poolkeeper.api.memo import dump, load
from poolkeeper.api.observe import ObserveStatus, measured, observed
from poolkeeper.api.status import Verdict, render
from poolkeeper.core.decide import decide
from poolkeeper.core.memory import NOTHING_MEASURED, Counterfactual, Memory
from poolkeeper.core.observed import Checked, Day, Figures, Side, Sums

OURS = Side(40.0, Decimal(120), 30.0, 29.85, 12)
THEIRS = Side(96.0, Decimal(288), 30.0, 29.97, 3)
DAY = Sums(24.0, 24.0, OURS, THEIRS, Checked(24.0, 11.52, 1000.0, 999.0))
FIGURES = Figures(
    at(0), at(86400), total=DAY, days=(Day(date(2026, 3, 2), DAY),), size=2, capacity=7.5, measured=True, currency="USD"
)
KNOWN = Counterfactual(FIGURES, FIGURES)
PERIOD = published().queue.down.grace_period


def changed(**changes):
    return observed(replace(FIGURES, total=DAY._replace(**changes)))


def stored(known):
    return json.loads(json.dumps(dump(Memory(counterfactual=known), PERIOD, {})))


LATER = at(90_000)


def restored(known, now=LATER):
    return load(stored(known), now, now).counterfactual


def test_it_has_both_sides():
    told = observed(FIGURES)
    assert told["ours"] == {"replicaHours": "40.0", "cost": "120.00", "insideShare": "99.5%", "changes": 12}
    assert told["theirs"] == {"replicaHours": "96.0", "cost": "288.00", "insideShare": "99.9%", "changes": 3}


def test_it_has_the_saving():
    assert observed(FIGURES)["saving"] == {"replicaHours": "56.0", "cost": "168.00", "percent": 58}


def test_it_says_how_far_to_trust_it():
    assert observed(FIGURES)["error"] == {"wait": "480ms", "predictedShare": "99.9%", "measuredShare": "99.9%"}


def test_it_tells_all_in_words():
    assert observed(FIGURES)["message"] == (
        "40.0 replica-hours instead of 96.0 in 24.0 hours, 58 % less; 120.00 instead of 288.00 USD; "
        "99.5% inside the SLA instead of 99.9%; the modelled wait is off by 480ms"
    )


def test_a_pool_that_would_have_cost_more_says_so():
    assert "24 % more" in changed(ours=OURS._replace(cost=Decimal(357)))["message"]


def test_without_all_prices_it_is_about_replica_hours():
    told = changed(priced=23.0, ours=OURS._replace(replica_hours=48.0))
    assert (told["saving"], "cost" in told["ours"]) == ({"replicaHours": "48.0", "percent": 50}, False)


def test_without_counters_their_share_is_modelled():
    told = changed(checked=Checked(24.0, 11.52), theirs=THEIRS._replace(inside=27.0))
    assert (told["theirs"]["insideShare"], told["error"]) == ("90.0%", {"wait": "480ms"})


def test_of_what_never_came_nothing_is_said():
    told = observed(replace(FIGURES, total=Sums(1.0), days=()))
    assert told["message"] == "0.00 replica-hours instead of 0.00 in 1.00 hours"
    assert (told["error"], told["saving"]) == ({}, {"replicaHours": "0.00"})


def test_it_says_that_a_replica_may_do_more():
    assert "so that it may be more" in observed(replace(FIGURES, measured=False))["message"]


def test_it_has_the_days_one_by_one():
    (day,) = observed(FIGURES)["days"]
    assert (day["day"], day["savingPercent"], day["theirs"]["replicaHours"]) == ("2026-03-02", 58, "96.0")


def test_it_is_what_the_schema_says():
    for figures in (FIGURES, replace(FIGURES, until=at(90_000), total=Sums(1.0))):
        assert ObserveStatus.model_validate(observed(figures), by_alias=True)


def test_nothing_is_explained_before_anything_is_counted():
    assert measured(NOTHING_MEASURED) is None
    assert measured(Counterfactual(replace(FIGURES, total=Sums()))) is None


def test_the_explanation_has_it_as_it_is():
    decision, _ = decide(published(), seen(500), Memory(counterfactual=KNOWN), at(0))
    assert explanation(decision, at(0))["observe"] == observed(replace(FIGURES, until=at(0)))


def test_the_status_has_what_was_told():
    newer = Counterfactual(replace(FIGURES, total=Sums()), FIGURES)
    decision, memory = decide(published(), seen(None, target=None), Memory(counterfactual=newer), at(0))
    status = render(Verdict(decision, 1, at(0)), {}, dump(memory, PERIOD, {}), None)
    assert status["observe"] == observed(FIGURES)


def test_what_was_told_survives_a_restart():
    assert restored(KNOWN) == KNOWN


def test_so_do_frozen_figures_of_a_pool_without_a_size():
    figures = replace(FIGURES, until=at(90_000), size=None)
    assert restored(Counterfactual(figures, figures)).figures == figures


def test_what_is_newer_than_that_is_not_stored():
    newer = Counterfactual(replace(FIGURES, total=Sums()), FIGURES)
    assert stored(newer) == stored(KNOWN)


def test_nothing_told_stores_nothing():
    assert "observe" not in stored(NOTHING_MEASURED)


def test_storing_what_was_stored_changes_nothing():
    third = Counterfactual(told=replace(FIGURES, capacity=1 / 3, total=DAY._replace(hours=1 / 3)))
    assert stored(restored(third)) == stored(third)


def test_figures_that_cannot_be_read_cost_no_clock():
    broken = stored(KNOWN) | {"target": "chat"}
    broken["observe"]["total"] = "garbage"
    memory = load(broken, at(0), at(0))
    assert (memory.target, memory.counterfactual) == ("chat", NOTHING_MEASURED)


def test_figures_of_a_time_to_come_are_of_now():
    assert restored(KNOWN, now=at(10)).figures.at == at(10)


@pytest.mark.parametrize("capacity", ["nan", "inf", "-1", "much"])
def test_a_stored_capacity_that_is_none_is_not_believed(capacity):
    stored = observe_memo.dump(Counterfactual(FIGURES, FIGURES)) | {"capacity": capacity}
    assert observe_memo.load(stored, at(0)) == Counterfactual()
