"""A pool of three in made markets: what is ready and what is paid, reckoned by hand."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
import skyserve
from skyserve import MAKERS, market
from skyserve_market import TICK, Market, held, spread, stock_of

CALM = [16] * 6
GONE = [16, 0, 16, 16, 16, 16]
END = TICK * len(CALM)
HOURS = END / 3600


def of(name, **zones):
    return held(MAKERS[name](list(zones)), market(zones), 3)


@pytest.mark.parametrize("name", ["ours", "SkyServe, fallback"])
def test_three_in_a_calm_zone_cost_three_spot_prices(name):
    assert of(name, a=CALM).cost == pytest.approx(Decimal(3 * HOURS))


def test_three_on_demand_cost_three_times_as_much():
    assert of("all on-demand", a=CALM).cost == pytest.approx(Decimal(9 * HOURS))


def test_without_fallback_nothing_is_ready_until_spot_has_started_again():
    missing = TICK + 120
    assert of("spot, no fallback", a=GONE).available == pytest.approx(1 - missing / END, abs=1e-4)


def test_fallback_is_missing_for_one_start_and_no_longer():
    assert of("ours", a=GONE).available == pytest.approx(1 - 120 / END, abs=0.001)


def test_skyserve_is_missing_for_one_start_where_it_looks_as_it_loses():
    assert of("SkyServe, fallback", a=GONE).available == pytest.approx(1 - 120 / END)


def test_other_zones_keep_what_one_loses():
    assert of("spot, no fallback", a=GONE, b=CALM, c=CALM).ready_share > 1 - 200 / END


def test_pods_without_stock_move_to_a_zone_that_has_some():
    assert of("spot, no fallback", a=[0] * 6, b=CALM).ready_share > 1 - 200 / END


def test_nothing_is_paid_for_what_has_no_stock():
    there = Market({"a": [0] * 6}, Decimal(3), Decimal(1), timedelta(seconds=120))
    assert held(MAKERS["spot, no fallback"](["a"]), there, 3).cost == 0


def test_stock_is_told_where_it_changes():
    assert stock_of([3, 3, 1], timedelta(0)).ticks == ((0.0, 3), (2 * TICK, 1))


@pytest.mark.parametrize("size", range(8))
def test_parts_of_a_size_are_all_of_it(size):
    assert sum(spread(size, ["a", "b", "c"]).values()) == size


def test_page_is_what_the_command_writes_for_its_figures():
    page = skyserve.PAGE
    assert page.file.read_text() == page.written(page.kept())


def test_page_was_played_on_these_inputs():
    kept, here = skyserve.PAGE.kept()["inputs"], json.loads(json.dumps(skyserve.inputs()))
    assert kept == {**here, "traces": {name: here["traces"][name] or digest for name, digest in kept["traces"].items()}}
