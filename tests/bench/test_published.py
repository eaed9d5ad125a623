"""The arithmetic of the published cases, and that their page is what the command writes for the figures it holds."""

import json
from decimal import Decimal

import published
import published_queue
import published_schedule
import published_spot
import pytest
from published_page import broken, file_of, monthly, price_of, wrapped
from published_traffic import TRACE


def test_price_is_what_the_first_figure_says():
    assert price_of(Decimal(12_000), 4) == pytest.approx(Decimal("4.1096"), abs=Decimal("0.0001"))


def test_month_of_so_many_gpus_at_their_price_is_the_figure_again():
    assert monthly(6, price_of(Decimal(15_000), 6)) == pytest.approx(Decimal(15_000))


def test_queue_case_holds_for_four_to_six_gpus_before():
    assert "only for 4.00 to 6.00 before" in published_queue.arithmetic()


def test_schedule_needs_no_whole_number_of_gpus_outside():
    assert published_schedule.rest(Decimal("2.8")) == pytest.approx(Decimal("1.942857"), abs=Decimal("0.000001"))


def test_schedule_with_two_outside_is_a_hundred_dollars_too_dear():
    assert published_schedule.month_with(2, price_of(Decimal(12_000), 4)) == pytest.approx(Decimal(8_500))


def test_spot_figure_holds_at_a_discount_of_seventy_percent():
    firm, spot = published_spot.prices()
    assert 1 - spot / firm == pytest.approx(Decimal("0.7037"), abs=Decimal("0.0001"))


def test_a_thousand_that_wait_wait_for_over_a_minute():
    assert published_queue.waiting_time(3) == pytest.approx(1000 / (3 * 8000 / 1632))


def test_long_points_go_on_under_their_text():
    assert broken("- " + "word " * 40).split("\n")[1].startswith("  word")


def test_tables_stay_in_one_line():
    line = "| " + "cell | " * 60
    assert wrapped(line) == line


def test_page_is_what_the_command_writes_for_its_figures():
    page = published.PAGE
    assert page.file.read_text() == page.written(page.kept())


@pytest.mark.skipif(not file_of(TRACE).exists(), reason="the inputs are read from a trace that is not here")
def test_page_was_played_on_these_inputs():
    kept, here = published.PAGE.kept()["inputs"], json.loads(json.dumps(published.inputs()))
    assert kept == {**here, "traces": {name: here["traces"][name] or digest for name, digest in kept["traces"].items()}}


def test_cheap_without_its_replicas_is_not_reached():
    row = {"rule": "as published: 1 + 9, no fallback", "place": "there", "month": 8_000, "ready": 0.6}
    told = published_spot.verdict([row, {**row, "rule": "ours by default"}])
    assert "not reached in any place. Elsewhere the bill is as low because replicas are missing: there (60.00" in told
