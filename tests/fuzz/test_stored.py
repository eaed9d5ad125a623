"""Whatever stands where others may write: status, annotations, ledger, journal, price book. It is read or told."""

import copy
import json
import random
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.test_specs import JSON, SEEDS

from builders import BODY, LONG_AGO, START, published, seen
from poolkeeper.api import journal, ledger, memo, names, override, price_book
from poolkeeper.api.refused import RefusedError
from poolkeeper.api.units import format_instant
from poolkeeper.core.decide import decide
from poolkeeper.core.memory import Memory
from poolkeeper.core.model import Mode
from poolkeeper.shell.pools import Pools, lifting, paused_until
from rig.odd_specs import TEXTS, VALUES, places, put

THEN = format_instant(LONG_AGO)
STORED = {
    "target": "uid-9",
    "shortSince": THEN,
    "idleSince": THEN,
    "asked": 4,
    "edit": {"writer": "kubectl", "at": THEN, "ours": 4, "theirs": 2},
    "restored": [THEN, THEN],
    "queues": ["list 'jobs'"],
    "starts": {"template": "t1", "durations": ["90s", "2m", "95s"], "slots": 64},
    "leadsTo": THEN,
    "tiers": {
        "asked": {"on-demand": 2, "spot": 3},
        "starts": {"spot": {"template": "t1", "durations": ["90s"]}},
        "reclaimedAt": THEN,
        "lostSince": THEN,
        "first": "spot",
    },
    "replica": {"work": "1200", "request": "300"},
    "pin": {"replicas": 3, "by": "kubectl", "since": THEN},
    "dueAt": THEN,
    "jobSpeed": "0.5",
    "nodeWait": "3m",
    "late": 4,
    "account": {"at": THEN, "days": {"2026-03-01": {"tiers": {"on-demand": {"replicaHours": "48", "cost": "144"}}}}},
    "observe": {"at": THEN},
}
DAY = "2026-11-22.USD"
DATA = {
    "pool": {"cluster": "prod", "namespace": "ns", "name": "chat", "uid": "8f2c"},
    DAY: {
        "tiers": {"on-demand": {"replicaHours": "48", "cost": "144"}},
        "timezone": "UTC",
        "labels": {"team": "search"},
        "use": {"requests": 12},
        "savings": {"queue": "3", "baseline": "200"},
        "machines": [{"tier": "spot", "place": {"zone": "a", "nodeGPUs": "8"}, "nodes": {"n": ["1", "2"]}}],
    },
}
BOOK = "provider,region,zone,instanceType,gpus,capacityType,pricePerHour,currency,from\n"
TEXT = st.text(max_size=30) | st.sampled_from(TEXTS)


def outcome(read, *known):
    """Return what is read, or why it cannot be."""
    try:
        return read(*known), ""
    except (ValueError, RefusedError) as error:
        return None, str(error)


def spoilt(found, seed, times=3):
    """Return JSON with some places that hold something else."""
    chance = random.Random(seed)  # noqa: S311  hypothesis gives the seed
    made = copy.deepcopy(found)
    for _ in range(times):
        path = chance.choice([place.path for place in places(made, None) if place.path])
        put(made, path, chance.choice(chance.choice((TEXTS, VALUES))))
    return made


@given(SEEDS)
def test_a_stored_memory_that_somebody_spoilt_can_be_decided_by(seed):
    memory = memo.load(spoilt(STORED, seed), LONG_AGO, START)
    spec = published(mode=Mode.ACTIVE)
    for waiting in (0, 5000, None):
        decision, memory = decide(spec, seen(waiting), memory, START)
        assert 0 <= decision.size <= max(spec.max_replicas, decision.current)


@given(SEEDS)
def test_a_spoilt_memory_can_be_stored_again(seed):
    stored = spoilt(STORED, seed)
    made = memo.dump(memo.load(stored, LONG_AGO, START), published().queue.down.grace_period, stored)
    assert json.loads(json.dumps(made)) == made


@given(JSON)
def test_what_is_no_memory_is_none(stored):
    assert isinstance(memo.load(stored if isinstance(stored, dict) else {}, None, START), Memory)


@given(SEEDS)
def test_a_status_and_annotations_of_any_kind_leave_a_pool_its_spec(seed):
    body = copy.deepcopy(BODY) | {"status": spoilt({"acceptedSpec": BODY["spec"], "memory": STORED}, seed)}
    chance = random.Random(seed)  # noqa: S311  as above
    known = (names.PAUSED_UNTIL, names.OVERRIDE, names.BUDGET_LIFTED_UNTIL, names.LAST_APPLIED)
    body["metadata"]["annotations"] = {name: chance.choice(TEXTS) for name in known}
    assert Pools().take(body).core.max_replicas == 8


@given(TEXT)
def test_an_instant_in_an_annotation_is_read_or_told(text):
    marks = {names.PAUSED_UNTIL: text, names.BUDGET_LIFTED_UNTIL: text}
    lifted = lifting(marks)
    assert (paused_until(marks) is None) is (not text)
    assert (lifted.until is None) is bool(lifted.problem or not text)


@given(TEXT | JSON.map(json.dumps) | st.fixed_dictionaries({"until": TEXT, "spec": JSON}).map(json.dumps))
def test_an_override_is_read_or_its_problem_is_told(text):
    found = override.read(text)
    assert (found is None) is (not text)
    assert found is None or found.problem or (found.until and found.changes)


@given(SEEDS)
def test_a_month_of_the_ledger_is_read_or_its_key_is_named(seed):
    held = {key: json.dumps(value) for key, value in spoilt(DATA, seed).items()}
    found, problem = outcome(ledger.entries, {"metadata": {"name": "november"}, "data": held})
    assert found or problem.startswith("configmap/november: ") or DAY not in held


@given(st.binary(max_size=200), st.booleans(), JSON)
def test_a_chunk_of_the_journal_is_read_or_its_problem_is_told(records, is_pressed, pool):
    held = b64encode(journal.press(records) if is_pressed else records).decode()
    pages = journal.pages(
        {"metadata": {"name": "j"}, "data": {"pool": json.dumps(pool)}, "binaryData": {"records": held}}
    )
    assert pages.records or pages.problems or not records


def test_a_chunk_that_unpacks_to_gigabytes_is_not_unpacked():
    packed, problem = journal.unpress(journal.press(bytes(journal.LARGEST + 1)))
    assert (len(packed), problem) == (journal.LARGEST, "it is torn: its end is missing")


@given(st.lists(st.lists(TEXT, max_size=9).map(",".join), max_size=4).map("\n".join))
def test_a_price_book_is_read_or_its_lines_are_named(rows):
    for text in (rows, BOOK + rows):
        found, problem = outcome(price_book.parse, text, "book")
        assert found or problem.startswith("line ")


@pytest.mark.parametrize("text", ["\n" * 2**20, "," * 2**20, '"' * 2**20, "a\n" * 2**19, "é" * 2**20])
def test_a_price_book_of_the_largest_size_ends_soon(text):
    with pytest.raises(price_book.PriceBookError) as refused:
        price_book.parse(text, "book")
    assert len(refused.value.problems) < 200
