"""The site is made without a warning: every page is in its contents, every link between pages leads somewhere."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.docs.pages import DOCS


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    """The site, as `make docs` makes it."""
    made = tmp_path_factory.mktemp("site")
    build = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", str(DOCS), str(made)]
    done = subprocess.run(build, capture_output=True, text=True, check=False)  # noqa: S603  our own pages
    assert done.returncode == 0, done.stderr
    return made


def test_every_page_is_on_the_site(site):
    pages = {path.relative_to(DOCS).with_suffix(".html") for path in DOCS.rglob("*.md")}
    assert not [page for page in pages if not (site / page).exists()]


def test_the_contents_lead_to_every_how_to(site):
    contents = (site / "index.html").read_text()
    assert not [path for path in (DOCS / "how-to").glob("*.md") if f"how-to/{path.stem}.html" not in contents]


def test_drawings_come_with_it(site):
    assert {path.name for path in (DOCS / "images").glob("*.svg")} <= {path.name for path in site.glob("_images/*")}
