"""What the page of the start-up cliff says of figures, and how it draws them."""

import json
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree as ET

import cliff
from cliff_plot import curves

from poolkeeper.core.arrivals import Arrival
from poolkeeper.simulate.trace import Trace

FALLING = dict(zip(cliff.STARTUPS, (1.0, 1.0, 0.995, 0.9, 0.85, 0.8, 0.79), strict=True))


def told(shares):
    found = {startup: {policy: {"in_sla": share} for policy in cliff.POLICIES} for startup, share in shares.items()}
    return cliff.verdict(found).split("\n")[0]


def test_cliff_is_where_the_share_falls_most():
    assert told(FALLING).endswith("falls most from 60 to 120 s, by 9.50 points.")


def test_reach_is_every_start_up_with_enough_inside():
    assert "99 % inside at 0 s, 30 s, 60 s;" in told(FALLING)


def test_what_stays_as_it_is_does_not_fall():
    assert told(dict.fromkeys(cliff.STARTUPS, 0.5)).endswith("never 99 % inside; does not fall.")


def test_who_never_has_enough_inside_is_told_so():
    assert "never 99 % inside" in told(dict.fromkeys(cliff.STARTUPS, 0.5))


def test_plot_is_well_formed_and_has_a_curve_for_each():
    drawn = ET.fromstring(curves((0, 60), {"ours": [100, 90], "theirs": [80, 20]}, "Shares"))  # noqa: S314  made here
    assert len([one for one in drawn.iter() if one.tag.endswith("polyline")]) == 2


def test_first_days_are_as_long_as_they_say():
    trace = Trace(datetime(2026, 1, 5, tzinfo=UTC), timedelta(minutes=10), (Arrival(1, 1, 1),) * 1000)
    assert len(cliff.first_days(trace).bins) == cliff.DAYS.days * 144


def test_page_is_what_the_command_writes_for_its_figures():
    page = cliff.PAGE
    assert page.file.read_text() == page.written(page.kept())


def test_page_was_played_on_these_inputs():
    kept, here = cliff.PAGE.kept()["inputs"], json.loads(json.dumps(cliff.inputs()))
    assert kept == {**here, "traces": {name: here["traces"][name] or digest for name, digest in kept["traces"].items()}}
