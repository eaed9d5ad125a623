"""Every picture that pages show is there and small, and each that the commands make is shown."""

import json

import pytest
from tests.docs.pages import DOCS, WRITTEN, inline

from drawings import DRAWINGS
from monitoring.panels import ROWS, SHARE, Panel
from monitoring.rules import HOME
from screenshots import DASHBOARD, LARGEST, PICTURES, pages
from screenshots.charts import picture
from screenshots.dashboard import Answered, Series, chosen, named

IMAGES = DOCS / "images"
SHOWN = {
    (page.parent / str(image.attrs["src"])).resolve()
    for page in WRITTEN
    for image in inline(page)
    if image.type == "image" and "://" not in str(image.attrs["src"])
}
LINES = Panel("Idle $currency", "", (), format=SHARE)


def test_what_pages_show_is_what_is_in_the_folder():
    assert {path.name for path in SHOWN if path.parent == IMAGES} == {path.name for path in IMAGES.iterdir()}


def test_no_page_shows_a_picture_that_is_not_there():
    assert not [path for path in SHOWN if not path.exists()]


def test_the_folder_has_what_the_commands_make():
    assert {path.name for path in IMAGES.iterdir()} == PICTURES | set(DRAWINGS)


@pytest.mark.parametrize("path", sorted(SHOWN), ids=lambda path: path.name)
def test_a_picture_is_small(path):
    assert path.stat().st_size < LARGEST


@pytest.mark.parametrize("row", ROWS)
def test_a_row_of_the_dashboard_is_drawn_with_every_panel(row):
    drawn = (IMAGES / DASHBOARD[row]).read_text()
    titles = [chosen(panel.title) for panel in ROWS[row]]
    assert not [title for title in titles if f">{title}</text>" not in drawn]


def test_every_panel_of_the_dashboard_is_in_a_row_that_is_drawn():
    dashboard = json.loads((HOME / "dashboard.json").read_text())
    assert {panel["title"] for panel in dashboard["panels"] if panel["type"] == "row"} == set(DASHBOARD)


def test_a_panel_tells_the_newest_value_in_its_unit():
    assert ">62.5 %</text>" in drawn(Series("chat", ((0, 0.5), (60, 0.625))))


def test_a_panel_without_an_answer_says_so():
    assert ">no data</text>" in drawn()


def test_a_legend_leaves_out_a_label_that_a_series_lacks():
    assert named("{{pool}} {{phase}}", {"pool": "chat"}) == "chat"


def test_without_a_browser_pictures_of_pages_stay(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(pages.shutil, "which", lambda _: None)
    pages.take(tmp_path)
    assert "chromium is not here" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_the_page_on_simulating_has_the_morning_of_its_picture():
    assert pages.found(r"(awk .*?> morning\.csv)").startswith("awk")


def drawn(*series):
    return picture("A row", [Answered(LINES, series)], 0, 60)
