from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import at, published, seen, target
from poolkeeper.api.memo import dump, load
from poolkeeper.core.decide import decide
from poolkeeper.core.memory import Edit, Edits, Grace, Habit, Load, Memory, Pin, Present, Starts, Tiers, Week

GRACE = timedelta(minutes=5)
LATER = at(10_000)


def short(since, until):
    return Memory(grace=Grace(short_since=at(since), sampled_at=at(until)))


def test_a_young_clock_is_not_stored():
    assert "shortSince" not in dump(short(0, 29), GRACE, {})


def test_an_old_clock_is_stored():
    assert dump(short(0, 30), GRACE, {})["shortSince"] == "2026-03-02T12:00:00Z"


def test_a_short_grace_is_stored_after_ten_seconds():
    assert "shortSince" not in dump(short(0, 9), timedelta(seconds=20), {})
    assert "shortSince" in dump(short(0, 10), timedelta(seconds=20), {})


def test_a_stored_clock_stays_while_it_runs():
    stored = dump(short(0, 40), GRACE, {})
    assert dump(short(0, 5), GRACE, stored)["shortSince"] == stored["shortSince"]


def test_a_cleared_clock_is_not_in_the_store():
    stored = dump(short(0, 40), GRACE, {})
    assert "shortSince" not in dump(Memory(), GRACE, stored)


def test_a_restored_clock_goes_on_from_the_last_look():
    memory = load(dump(short(0, 200), GRACE, {}), at(200), LATER)
    assert (memory.grace.short_since, memory.grace.sampled_at) == (at(0), at(200))


def test_a_clock_is_not_trusted_where_nobody_knows_the_last_look():
    assert load(dump(short(0, 200), GRACE, {}), None, LATER).grace == Grace()


def test_a_last_look_before_the_clock_counts_from_the_clock():
    assert load(dump(short(100, 200), GRACE, {}), at(50), LATER).grace.sampled_at == at(100)


def test_what_a_lead_time_leads_to_is_stored():
    memory = Memory(leads_to=at(600))
    assert load(dump(memory, GRACE, {}), at(0), at(1)) == memory


def test_a_clock_of_the_future_is_not_trusted():
    assert load(dump(short(3600, 3700), GRACE, {}), at(100), at(101)).grace == Grace()


def test_a_last_look_in_the_future_is_none():
    assert load(dump(short(0, 3700), GRACE, {}), at(3700), at(100)).grace == Grace()


def test_an_edit_of_the_future_was_made_now():
    memory = Memory(edits=Edits(6, Edit("kubectl", at(3600), 6, 4), (at(3600),)))
    edits = load(dump(memory, GRACE, {}), None, at(100)).edits
    assert (edits.edit.at, edits.restored) == (at(100), (at(100),))


def test_a_reclaim_of_the_future_was_now():
    memory = Memory(tiers=Tiers(reclaimed_at=at(3600), lost_since=at(3600)))
    tiers = load(dump(memory, GRACE, {}), None, at(100)).tiers
    assert (tiers.reclaimed_at, tiers.lost_since) == (at(100), at(100))


def test_what_the_next_look_brings_back_is_not_stored():
    tiers = Tiers(draining_since={"spot": at(0)}, noticed=frozenset({"uid-1"}), starts={"spot": Starts(replicas=3)})
    assert dump(Memory(tiers=tiers), GRACE, {}) == {}


def test_what_cannot_be_read_is_forgotten():
    assert load({"shortSince": "yesterday"}, at(0), LATER) == Memory()
    assert load({"edit": {}}, at(0), LATER) == Memory()
    assert load({"tiers": {"asked": ["spot"]}}, at(0), LATER) == Memory()


MONDAY = date(2026, 3, 2)
LEARNED = Habit("Asia/Tokyo", (Week(MONDAY, (0.5, *range(334), None)),), at(0))


def learned(loads):
    """Return the loads of a week that was stored and read back."""
    memory = Memory(habit=Habit("UTC", (Week(MONDAY, loads),), at(0)))
    return load(dump(memory, GRACE, {}), None, LATER).habit.weeks[0].loads


def test_a_learned_week_is_stored_without_the_slot_under_way():
    habit = replace(LEARNED, present=Present(ends=at(1800), load=5.0))
    assert load(dump(Memory(habit=habit), GRACE, {}), None, LATER).habit == LEARNED


def test_nothing_is_stored_before_the_first_slot_has_ended():
    assert dump(Memory(habit=Habit("UTC", present=Present(ends=at(1800)))), GRACE, {}) == {}


def test_the_newest_week_is_read_first():
    weeks = tuple(Week(MONDAY - timedelta(days=7 * ago)) for ago in range(3))
    assert load(dump(Memory(habit=Habit("UTC", weeks, at(0))), GRACE, {}), None, LATER).habit.weeks == weeks


def test_a_learned_week_that_has_not_changed_stays_as_it_is_stored():
    stored = dump(Memory(habit=LEARNED), GRACE, {})
    assert dump(Memory(habit=LEARNED), GRACE, stored)["habit"] is stored["habit"]


@pytest.mark.parametrize("changed", [{"until": at(1800)}, {"zone": "UTC"}])
def test_a_learned_week_that_has_changed_is_stored_anew(changed):
    habit = replace(LEARNED, weeks=(Week(MONDAY),), **changed)
    stored = dump(Memory(habit=LEARNED), GRACE, {})
    assert load(dump(Memory(habit=habit), GRACE, stored), None, LATER).habit == habit


def test_nine_weeks_take_less_than_nine_kilobytes():
    weeks = tuple(Week(MONDAY - timedelta(days=7 * ago), (1234.5,) * 336) for ago in range(9))
    assert len(str(dump(Memory(habit=Habit("UTC", weeks, at(0))), GRACE, {}))) < 9000


@given(st.floats(0.01, 1e6))
def test_a_load_is_stored_to_a_tenth_of_a_percent(one):
    assert learned((one, *[None] * 335)) == (pytest.approx(one, rel=1e-3), *[None] * 335)


@pytest.mark.parametrize(
    "habit",
    [None, "", [], {}, {"zone": "UTC"}, {"zone": "UTC", "weeks": {}, "until": "noon"}]
    + [
        {"zone": "UTC", "until": "2026-03-02T12:00:00Z", "weeks": weeks}
        for weeks in ([], {"2026": ""}, {"2026-03-02": "AAAA"}, {"2026-03-02": 5})
    ],
)
def test_a_learned_week_that_cannot_be_read_costs_no_clock(habit):
    stored = dump(short(0, 200), GRACE, {}) | {"habit": habit}
    memory = load(stored, at(200), LATER)
    assert (memory.habit, memory.grace.short_since) == (Habit(), at(0))


sizes = st.integers(0, 50)
instants = st.integers(0, 10_000).map(at)
edits = st.builds(Edit, st.text(max_size=5), instants, sizes, sizes)
starts = st.builds(
    Starts,
    template=st.text(min_size=1, max_size=5),
    durations=st.lists(st.integers(0, 10**6).map(lambda ms: timedelta(milliseconds=ms)), max_size=4).map(tuple),
    slots=st.none() | st.floats(0, 500),
)
names = st.sampled_from(["spot", "on-demand", "spot-b"])
memories = st.builds(
    Memory,
    edits=st.builds(Edits, st.none() | sizes, st.none() | edits, st.lists(instants, max_size=3).map(tuple)),
    starts=starts,
    habit=st.sampled_from([Habit(), LEARNED]),
    tiers=st.builds(
        Tiers,
        asked=st.dictionaries(names, sizes),
        starts=st.dictionaries(names, starts),
        reclaimed_at=st.none() | instants,
        lost_since=st.none() | instants,
    ),
)


@given(memories)
def test_what_is_stored_survives_a_round_trip(memory):
    assert load(dump(memory, GRACE, {}), None, LATER) == memory


@settings(max_examples=25)  # each one is ten minutes of looks
@given(st.integers(0, 400), st.integers(1, 25))
def test_a_restart_makes_a_shrink_neither_early_nor_late_by_more_than_the_gap(killed, gap):
    """Short samples each second; the process dies after `killed` seconds and is back `gap` seconds later."""
    spec, memory, stored, fired = published(), Memory(), {}, None
    for second in range(800):
        if killed < second <= killed + gap:
            continue
        if second == killed + gap + 1:
            memory = load(stored, at(killed), at(second))
        decision, memory = decide(spec, seen(50, second, target=target(3)), memory, at(second))
        if decision.size == 2:
            fired = second
            break
        stored = dump(memory, GRACE, stored)
    assert fired is not None
    early_death_costs = killed + gap + 1 if killed < 30 else 0
    assert 300 <= fired <= 300 + max(gap + 1, early_death_costs)


def doing(work, request):
    return Memory(load=Load(per_replica=work, works=request, requests=1.0))


def test_what_a_replica_can_do_is_stored_to_two_digits():
    stored = dump(doing(11126.4, 2268.0), GRACE, {})
    found = load(stored, LATER, LATER).load
    assert stored["replica"] == {"work": "1.1e+04", "request": "2.3e+03"}
    assert (found.per_replica, found.mean) == (11000, 2300)


@pytest.mark.parametrize(("work", "stays"), [(119.0, True), (81.0, True), (121.0, False), (79.0, False)])
def test_what_is_stored_stands_until_it_is_far_off(work, stays):
    stored = {"replica": {"work": "1e+02", "request": "5"}}
    assert (dump(doing(work, 5.0), GRACE, stored)["replica"] is stored["replica"]) is stays


@pytest.mark.parametrize("known", [Load(), Load(works=5.0, requests=1.0), Load(per_replica=5.0)])
def test_what_is_not_known_of_a_replica_is_not_stored(known):
    assert "replica" not in dump(Memory(load=known), GRACE, {})


@pytest.mark.parametrize(
    "stored",
    [5, {"work": "1"}, {"work": "nan", "request": "1"}, {"work": "1", "request": "inf"}, {"work": "0", "request": "1"}],
)
def test_a_replica_that_cannot_be_read_costs_nothing_else(stored):
    found = load(dump(short(0, 200), GRACE, {}) | {"replica": stored}, at(200), LATER)
    assert (found.load, found.grace.short_since) == (Load(), at(0))


def test_queues_that_vanish_are_known_over_a_restart():
    memory = Memory(known_queues=("list 'jobs' of redis 'default'",))
    assert load(dump(memory, GRACE, {}), None, LATER) == memory


def test_since_when_a_pool_is_pinned_is_stored():
    memory = Memory(pin=Pin(6, "kubectl", at(0)))
    assert load(dump(memory, GRACE, {}), at(0), at(1)) == memory


def test_a_pin_from_the_future_counts_from_now():
    assert load(dump(Memory(pin=Pin(6, "", at(60))), GRACE, {}), at(0), at(1)).pin.since == at(1)


def idle(since: float, until: float) -> Memory:
    return Memory(grace=Grace(idle_since=at(since), sampled_at=at(until)))


def test_the_idle_clock_is_stored_once_it_is_older_than_a_tenth_of_its_time():
    hour = timedelta(hours=1)
    assert "idleSince" not in dump(idle(0, 359), GRACE, {}, hour)
    assert dump(idle(0, 360), GRACE, {}, hour)["idleSince"] == "2026-03-02T12:00:00Z"


def test_the_idle_clock_goes_on_from_where_somebody_last_looked():
    assert load({"idleSince": "2026-03-02T12:00:00Z"}, at(30), at(40)).grace == idle(0, 30).grace


def test_both_clocks_go_on_together():
    stored = {"idleSince": "2026-03-02T12:00:00Z", "shortSince": "2026-03-02T12:00:10Z"}
    assert load(stored, at(30), at(40)).grace == replace(idle(0, 30).grace, short_since=at(10))


def test_an_idle_clock_of_the_future_is_not_trusted():
    assert load({"idleSince": "2026-03-02T12:01:00Z"}, at(30), at(40)).grace == Grace()


def test_the_tier_of_the_first_replica_survives():
    memory = Memory(tiers=Tiers(first="on-demand"))
    assert load(dump(memory, GRACE, {}), at(0), at(0)).tiers.first == "on-demand"
