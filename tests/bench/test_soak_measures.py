import os

import pytest
from soak_measures import GROWTHS, Growth, Slope, forgotten, largest, process, series, size, sizes_by_label, slope

PAGE = """# HELP a words
a{pool="chat"} 1
a{pool="gone"} 2
b 3
"""


def test_the_slope_of_a_line_is_certain():
    assert slope([(0, 5.0), (1, 7.0), (2, 9.0)], bound=1.0) == Slope(2.0, 0.0, 1.0)


def test_a_slope_s_margin_is_two_standard_errors():
    found = slope([(0, 0.0), (1, 1.0), (2, 0.0), (3, 1.0)], bound=1.0)
    assert found
    assert (round(found.rise, 3), round(found.margin, 3)) == (0.2, 0.566)


def test_of_two_points_nothing_is_certain():
    assert slope([(0, 5.0), (1, 70.0)], bound=1.0) is None


@pytest.mark.parametrize(
    ("rise", "margin", "verdict"),
    [(0.5, 0.4, "flat"), (0.5, 0.6, "unknown"), (2.0, 0.5, "grows"), (-9.0, 1.0, "flat")],
)
def test_flat_is_what_surely_grows_by_no_more_than_its_bound(rise, margin, verdict):
    assert Slope(rise, margin, bound=1.0).verdict == verdict


def test_a_slope_is_told_with_its_margin_and_its_bound():
    assert (
        Slope(0.5, 0.1, bound=1.0).line("tasks", "tasks a day")
        == "tasks      +0.500 ± 0.100 tasks a day: flat (bound 1)"
    )


def test_of_one_instant_nothing_is_certain():
    assert slope([(1, 5.0)] * 3, bound=1.0) is None


LEAK = [
    {"day": number, "looks": 3500 * number, "resident": 100 + number / 2, "tasks": 60 + number} for number in range(9)
]


@pytest.mark.parametrize(
    ("figure", "per", "scale", "rise"),
    [
        ("resident", "day", 1, 0.5),
        ("resident", "look", 2**20, 149.797),
        ("tasks", "run", 1, 8.0),
        ("tasks", "day", 1, 1.0),
    ],
)
def test_a_rise_is_told_a_day_a_look_or_a_run(figure, per, scale, rise):
    found = Growth(figure, "", per, 1.0, scale).slope(LEAK)
    assert found
    assert round(found.rise, 3) == rise


def test_a_leak_that_is_flat_by_the_day_grows_by_the_look():
    found = {one.name: one.slope(LEAK) for one in GROWTHS if one.figure == "resident"}
    assert [one and one.verdict for one in found.values()] == ["flat", "grows"]


def test_of_a_run_that_was_none_nothing_is_told():
    assert Growth("tasks", "tasks", "run", 2.0).slope([]) is None


def test_this_process_has_memory_and_threads():
    held = process(os.getpid())
    assert min(held.resident, held.threads) > 0


def test_sizes_are_those_of_json():
    assert size({"a": "é"}) == len('{"a":"\\u00e9"}')


def test_the_largest_of_nothing_is_nothing():
    assert largest([]) == 0


def test_series_have_no_values():
    assert series(PAGE) == ['a{pool="chat"}', 'a{pool="gone"}', "b"]


def test_series_of_pools_that_are_gone_are_found():
    assert forgotten(PAGE, living=["chat"], gone=["gone", "chat"]) == ['a{pool="gone"}']


def test_config_maps_are_told_by_their_label():
    maps = [{"metadata": {"labels": {"x": "1"}}, "data": {"k": "four"}}, {"metadata": {}, "data": {"k": "v"}}]
    assert sizes_by_label(maps, "x") == [4]


def test_bytes_of_a_config_map_are_counted_too():
    assert sizes_by_label([{"metadata": {"labels": {"x": "1"}}, "binaryData": {"k": "AAAA", "l": "BB=="}}], "x") == [8]
