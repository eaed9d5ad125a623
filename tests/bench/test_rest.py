from collections import Counter

from rest import DWELL, Writes, counted, dwells, owner

NAMES = ["pool-0", "pool-1", "pool-2"]


def test_rates_are_a_minute_a_pool():
    assert counted(NAMES, Counter({"pool-0": 10, "pool-2": 5}), 300) == Writes(3, 15, 1.0, 2.0)


def test_no_writes_are_no_rate():
    assert counted(NAMES, Counter(), 300) == Writes(3, 0, 0, 0)


def test_event_belongs_to_the_pool_that_its_name_begins_with():
    assert owner("pool-1.0f3c2a") == "pool-1"


def test_pool_and_deployment_bear_the_pools_name():
    assert owner("pool-1") == "pool-1"


def test_paces_go_from_the_quickest_to_the_slowest():
    paces = list(dwells(NAMES).values())
    assert (paces[0], paces[-1]) == DWELL
    assert paces == sorted(paces)


def test_one_pool_has_the_quickest_pace():
    assert dwells(["pool-0"]) == {"pool-0": DWELL[0]}
