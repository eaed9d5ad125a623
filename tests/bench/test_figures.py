import json

import figures
import pytest
from figures import Figures


def test_order_statistics_interpolate_as_numpy_does():
    twenty = [float(value) for value in range(1, 21)]
    assert figures.figures(twenty) == Figures(20, 1.0, 10.5, 19.05, 20.0)


def test_order_of_the_latencies_does_not_matter():
    assert figures.figures([3.0, 1.0, 2.0]) == figures.figures([1.0, 2.0, 3.0])


def test_one_latency_is_all_its_order_statistics():
    assert figures.figures([0.5]) == Figures(1, 0.5, 0.5, 0.5, 0.5)


def test_nothing_measured_gives_no_figures():
    with pytest.raises(ValueError, match="nothing was measured"):
        figures.figures([])


def test_line_holds_every_figure_and_the_remark():
    line = Figures(20, 0.1, 0.51, 1.2, 1.333).line("direct", "aim: median < 1")
    assert line == "direct      n 20   min 0.10  median 0.51  p95 1.20  max 1.33 s   (aim: median < 1)"


def test_file_holds_the_five_fields_by_name():
    shaped = figures.shaped({"direct": Figures(20, 0.1, 0.5, 1.2, 1.3)})
    assert shaped == {"direct": {"n": 20, "min": 0.1, "median": 0.5, "p95": 1.2, "max": 1.3}}


def test_saved_figures_are_json_in_the_out_directory(tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "OUT", tmp_path / "out")
    path = figures.save("bench-x", {"direct": {"n": 1}})
    assert (path, json.loads(path.read_text())) == (tmp_path / "out/bench-x.json", {"direct": {"n": 1}})
