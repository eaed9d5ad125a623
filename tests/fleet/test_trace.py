import gzip
import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleet import shapes, trace
from fleet.arrivals import requests
from fleet.trace import Bin, Trace

SMALL = Trace("small", 10.0, (Bin(3, 30, 9), Bin(0, 0, 0), Bin(1, 5, 2)))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "chat.csv.gz"
    path.write_bytes(gzip.compress(b"second,requests,prompt_tokens,output_tokens,extra\n0,2,100,20,x\n60,1,,,x\n"))
    return path


def test_a_file_gives_its_bins_and_their_width(file: Path) -> None:
    loaded = trace.load(file)
    assert (loaded.name, loaded.width, loaded.bins[0]) == ("chat", 60.0, Bin(2, 100, 20))


def test_unknown_tokens_are_typical_ones(file: Path) -> None:
    assert trace.load(file).bins[1] == Bin(1, trace.TYPICAL_PROMPT, trace.TYPICAL_OUTPUT)


def test_a_file_of_one_row_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "short.csv.gz"
    path.write_bytes(gzip.compress(b"second,requests,prompt_tokens,output_tokens\n0,2,100,20\n"))
    with pytest.raises(ValueError, match="at least two rows"):
        trace.load(path)


def test_a_named_file_is_looked_for_where_the_environment_says(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POOLKEEPER_TRACES", str(file.parent))
    assert shapes.named("chat").requests == 3


def test_a_generated_hour_stands_in_for_a_missing_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POOLKEEPER_TRACES", str(tmp_path))
    assert (shapes.named("chat").name, shapes.named("chat").duration) == ("generated", 3600)


def test_a_shape_with_a_number_missing_is_refused() -> None:
    with pytest.raises(ValueError, match="step:1"):
        shapes.named("step:1")


@pytest.mark.parametrize(("text", "expected"), [("constant:5", 18_000), ("step:1:3:1800", 7_200), ("ramp:0:2", 3_599)])
def test_a_shape_has_the_requests_that_its_numbers_say(text: str, expected: int) -> None:
    assert shapes.named(text).requests == expected


def test_a_generated_load_has_the_rate_it_was_asked_for() -> None:
    assert shapes.generated(20.0, 3600).requests == pytest.approx(20 * 3600, rel=0.1)


def test_the_weekend_is_quieter_than_the_same_hour_of_a_weekday() -> None:
    day = 24 * 3600
    assert shapes.weekly(5 * day + 14 * 3600) < shapes.weekly(2 * day + 14 * 3600)


def test_generated_minutes_are_as_bursty_as_published() -> None:
    counts = [each.requests for each in shapes.generated(45.0, 4 * 3600, start=0).bins]
    minutes = [sum(counts[at : at + 60]) for at in range(0, len(counts), 60)]
    steps = [after - before for before, after in itertools.pairwise(minutes)]
    dispersion = sum(step**2 for step in steps) / 2 / len(steps) / (sum(minutes) / len(minutes))
    assert 3.0 < dispersion < 9.0  # published: 5.7; a Poisson process has 1


@given(st.lists(st.integers(0, 50), min_size=1, max_size=50), st.floats(0.01, 20))
def test_scaling_loses_no_more_than_one_request(counts: list[int], rate: float) -> None:
    scaled = Trace("any", 1.0, tuple(Bin(count, count, count) for count in counts)).scaled(rate)
    assert abs(scaled.requests - sum(counts) * rate) < 1.001


def test_scaling_keeps_the_size_of_a_request() -> None:
    assert SMALL.scaled(2).bins[0] == Bin(6, 60, 18)


def test_a_window_begins_anew_at_zero() -> None:
    assert SMALL.window(20, 10).bins == (Bin(1, 5, 2),)


def test_requests_come_in_order_and_inside_their_bins() -> None:
    arrivals = [each.arrival for each in requests(SMALL, seed=1)]
    assert arrivals == sorted(arrivals)
    assert [arrival // 10 for arrival in arrivals] == [0, 0, 0, 2]


@given(st.integers(1, 200), st.integers(0, 1_000_000), st.integers(0, 2**32))
def test_the_requests_of_a_bin_share_its_tokens(count: int, tokens: int, seed: int) -> None:
    sizes = [each.prompt_tokens for each in requests(Trace("any", 1.0, (Bin(count, tokens, 0),)), seed)]
    assert min(sizes) >= 1
    assert tokens <= sum(sizes) <= tokens + count


def test_the_same_seed_gives_the_same_requests() -> None:
    def run(seed: int) -> list[tuple[float, int, int]]:
        return [(each.arrival, each.prompt_tokens, each.output_tokens) for each in requests(SMALL, seed)]

    assert run(7) == run(7)
    assert run(7) != run(8)


def test_wide_bins_are_bursty_by_the_minute() -> None:
    wide = Trace("wide", 6000.0, (Bin(100 * 600, 600, 600), Bin(0, 0, 0)))
    minutes = [0] * 100
    for each in requests(wide, seed=3):
        minutes[int(each.arrival // 60)] += 1
    mean = sum(minutes) / 100
    assert 3.0 < sum((count - mean) ** 2 for count in minutes) / 100 / mean < 9.0


@pytest.mark.skipif(not (trace.directory() / "azure2023_conv.csv.gz").exists(), reason="the shared traces are not here")
def test_the_real_trace_has_the_figures_of_its_readme() -> None:
    real = shapes.named("azure2023_conv")
    assert (real.requests, real.width, len(real.bins)) == (19_366, 1.0, 3503)
