"""The section beside KEDA: it follows from its figures, and stands in its place."""

import json

import peers_page
import pytest
from peers_page import HEADING, bill, kept, of_size, placed, ratios, reaction, written

REST = {
    "seconds": 60.0,
    "cpu": {
        "keda-operator": 6.0,
        "keda-adapter": 2.0,
        "horizontal-pod-autoscaler": 3.0,
        "kube-apiserver": 5.0,
        "etcd": 1.5,
        "prometheus": 0.5,
    },
    "memory": {"keda-operator": 160, "keda-adapter": 110, "kube-apiserver": 500},
    "requests": {"poolkeeper": 0.0, "keda": 200.0, "horizontal-pod-autoscaler": 160.0},
    "queries": 120.0,
}


def turn(median, **more):
    made = {
        "at": "2026-11-23T04:00:00+00:00",
        "machine": {"cores": 2, "memory_gb": 24, "load": 1.5},
        "held_seconds": 12.5,
        "reaction": {"n": 20, "min": 1.0, "median": median, "p95": 2 * median, "max": 3 * median},
        "silent": 0,
        "rest": REST,
    }
    return {**made, **more}


FIGURES = {"sizes": {"20": {"prometheus": turn(3.0), "keda-hardened": turn(9.0)}}}
OTHER = "# What was measured\n\n## Before\n\nWords.\n\n## After\n\nWords.\n"


def test_page_on_disk_is_what_the_command_writes_for_its_figures():
    page = peers_page.FILE.read_text(encoding="utf-8")
    figures = kept(page)
    assert figures is None or placed(page, figures) == page


def test_page_without_the_section_gets_it_at_its_end():
    assert placed(OTHER, FIGURES) == f"{OTHER}\n{written(FIGURES)}\n"


def test_section_is_written_anew_in_its_place():
    page = OTHER.replace("## After", f"{HEADING}\n\nOld words.\n\n## After")
    assert placed(page, FIGURES) == OTHER.replace("## After", f"{written(FIGURES)}\n\n## After")


def test_writing_twice_changes_nothing():
    page = placed(OTHER, FIGURES)
    assert placed(page, FIGURES) == page


def test_figures_are_read_back_from_the_page():
    assert kept(placed(OTHER, FIGURES)) == json.loads(json.dumps(FIGURES))


def test_page_without_the_section_holds_no_figures():
    assert kept(OTHER) is None


def test_ratios_are_theirs_over_ours():
    assert "3.0 times as long by the median, 3.0 times by the p95" in ratios(FIGURES["sizes"]["20"])


@pytest.mark.parametrize("missing", ["prometheus", "keda-hardened"])
def test_without_both_there_is_no_ratio(missing):
    assert not ratios({name: one for name, one in FIGURES["sizes"]["20"].items() if name != missing})


def test_where_nobody_reacted_there_is_no_ratio():
    assert not ratios({"prometheus": turn(3.0), "keda": turn(9.0, reaction={"n": 0}, silent=20)})


def test_where_nobody_reacted_there_are_dashes():
    assert reaction({"reaction": {"n": 0}}) == ["-"] * 4


def test_bill_sums_what_is_its_own_and_keeps_others_apart():
    assert bill(REST) == ["8.0", "3.0", "6.5", "0.5", "270", "360", "120"]


def test_every_turn_has_its_row_in_both_tables():
    words = "\n".join(of_size(20, FIGURES["sizes"]["20"]))
    assert words.count("| KEDA + HPA, hardened |") == 2


def test_outage_tells_of_each_system():
    lost = {"keda": {"pools": 20, "lost": 20, "at_minimum": 19}}
    words = written({"outage": {"at": "2026-11-23", "seconds": 420.0, "lost": lost}})
    assert "| KEDA + HPA, defaults | 20 of 20 | 19 of 20 |" in words
