"""Days as the ledger's ConfigMaps have them."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from poolkeeper.api import ledger
from poolkeeper.api.amounts import NAMED, brief
from poolkeeper.api.ledger import Entry, configmap_name, data, entries, labels, month_in
from poolkeeper.core.days import Amount, Day, Line, Machine, Part, Savings, Use
from poolkeeper.core.prices import Place

NOVEMBER = date(2026, 11, 1)
UID = "6c1f0f4e-4d5e-4bb3-9d1a-2f1d6f9f3c11"
DAY = Day(
    date(2026, 11, 22),
    Amount(
        lines={
            "on-demand": Line(
                *map(Decimal, ("47.998611111", "95.997222222", "0", "287.991666666", "287.991666666", "182.4"))
            ),
            "spot": Line(
                *map(Decimal, ("96.123456789", "192.246913578", "0", "576.740740734", "173.02222222", "173.02222222"))
            ),
        },
        savings=Savings(Decimal("144.123456789"), Decimal("72.5"), Decimal("403.718518514"), Decimal(1152)),
        use=Use(123456, 98765432, 12345678, 142.123456, 12.345678, 3.25, 61.5),
        gap=Decimal("0.416666667"),
    ),
)
ENTRY = Entry("prod", "inference", "chat", UID, "USD", "America/New_York", {"team": "search", "model": "llama"}, DAY)


def configmap(*found, **more):
    known = {key: text for entry in found for key, text in data(entry).items()}
    return {"metadata": {"name": configmap_name(NOVEMBER, UID)}, "data": known | more}


def test_a_month_has_a_name_that_tells_pool_and_month():
    assert configmap_name(NOVEMBER, UID) == f"poolkeeper-ledger-2026-11-{UID}"


@pytest.mark.parametrize(
    ("name", "month"),
    [
        (configmap_name(NOVEMBER, UID), NOVEMBER),
        ("poolkeeper-prices", None),
        ("poolkeeper-ledger-2026-13-uid", None),
        ("poolkeeper-ledger-2026-11", None),
    ],
)
def test_the_month_is_in_the_name(name, month):
    assert month_in(name) == month


def test_months_are_found_by_their_labels():
    found = labels(NOVEMBER, UID)
    assert found[ledger.SELECTOR] == "2026-11"
    assert UID in found.values()


def test_a_day_comes_out_as_it_went_in():
    assert entries(configmap(ENTRY)) == (ENTRY,)


def test_days_come_out_in_order():
    before = replace(ENTRY, day=Day(date(2026, 11, 3)), labels={})
    assert entries(configmap(ENTRY, before)) == (before, ENTRY)


def test_a_day_that_is_written_again_is_one():
    less = replace(ENTRY, day=Day(DAY.on, Amount({"spot": Line(effective=Decimal(1))})))
    assert entries(configmap(less, ENTRY)) == (ENTRY,)


def test_a_day_keeps_the_labels_that_the_pool_had():
    moved = replace(ENTRY, day=Day(date(2026, 11, 23)), labels={"team": "ads"}, currency="EUR", timezone="UTC")
    assert entries(configmap(ENTRY, moved)) == (ENTRY, moved)


def test_a_day_in_two_currencies_is_two():
    euros = replace(ENTRY, currency="EUR")
    assert entries(configmap(ENTRY, euros)) == (euros, ENTRY)


def test_a_day_takes_little_room():
    plain = replace(ENTRY, labels={"team": "search"}, day=replace(DAY, amount=replace(DAY.amount, gap=Decimal(0))))
    assert len(data(plain)["2026-11-22.USD"]) < 600


def spread(nodes, zones):
    """Return a day on so many machines in so many zones, in both tiers, whose names are as long as they get."""
    machines = {
        Machine(
            ("spot", "on-demand")[number % 2], place(number % zones), f"/subscriptions/{'0' * 80}/{number:06}"
        ): Part(Decimal(f"{24 + number}.123456789"), Decimal("72.123456789"))
        for number in range(nodes)
    }
    return Day(DAY.on, replace(DAY.amount, machines=machines))


def place(number):
    return Place("aws", "us-east-1", f"us-east-1-{number}", "p5.48xlarge", "NVIDIA-H100", node_gpus=Decimal(8))


def test_a_month_of_many_machines_fits_a_configmap():
    text = data(replace(ENTRY, day=spread(2000, 20)))["2026-11-22.USD"]
    assert 31 * len(text) < 2**20 / 2


def test_machines_without_names_are_in_the_sum():
    day = spread(200, 3)
    (entry,) = entries(configmap(replace(ENTRY, day=day)))
    before, after = (sum(one.cost for one in each.amount.machines.values()) for each in (day, entry.day))
    assert after == before


def test_the_largest_machines_are_told_by_name():
    found = brief(spread(200, 3).amount.machines)
    named = [one for one in found if one.node]
    assert (len(named), min(found[one].gpu_hours for one in named)) == (NAMED, Decimal("174.123456789"))


def test_few_machines_all_have_names():
    machines = spread(50, 3).amount.machines
    assert brief(machines) is machines


def test_people_can_read_a_day():
    amount = Amount({"spot": Line(*map(Decimal, ("24", "24", "0", "72", "21.6", "21.6")))})
    assert data(replace(ENTRY, labels={}, day=Day(DAY.on, amount)))["2026-11-22.USD"] == (
        '{"tiers":{"spot":{"replicaHours":"24","cost":"21.6","list":"72"}},"timezone":"America/New_York"}'
    )


@pytest.mark.parametrize("found", [{}, {"data": None}, {"data": {"README": "not json"}}])
def test_a_configmap_without_days_has_no_entries(found):
    assert entries(found) == ()


def test_what_a_later_version_adds_is_passed_over():
    later = json.loads(data(ENTRY)["2026-11-22.USD"]) | {"more": 1}
    pool = json.loads(data(ENTRY)["pool"]) | {"more": 1}
    added = {"2026-11-22.USD": json.dumps(later), "pool": json.dumps(pool), "summary": "?", "2026-11": "?"}
    assert entries(configmap(ENTRY, **added)) == (ENTRY,)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("2026-11-23.USD", "not json"),
        ("2026-11-23.USD", "[]"),
        ("2026-11-23.USD", "{}"),
        ("2026-11-23.USD", '{"timezone":"UTC","tiers":{"spot":{"cost":"much"}}}'),
        ("2026-11-23.USD", '{"timezone":"UTC","tiers":{"spot":{"cost":"Infinity"}}}'),
        ("2026-11-31.USD", '{"timezone":"UTC"}'),
        ("pool", "not json"),
        ("pool", '{"name":"chat"}'),
    ],
)
def test_what_cannot_be_read_is_named(key, text):
    with pytest.raises(ValueError, match=f"configmap/poolkeeper-ledger-2026-11-{UID}: {key} cannot be read"):
        entries(configmap(ENTRY, **{key: text}))


def test_days_of_no_pool_cannot_be_read():
    found = configmap(ENTRY)
    del found["data"]["pool"]
    with pytest.raises(ValueError, match="pool cannot be read"):
        entries(found)
