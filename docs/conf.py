"""How Sphinx makes the site of these pages: `make docs` writes it to out/docs.

The lists of links on the index pages are the site's table of contents: there is no second one.
"""

import re
from importlib.metadata import version as installed

from sphinx.application import Sphinx

project = "Poolkeeper"
author = "The Poolkeeper authors"
project_copyright = "The Poolkeeper authors, Apache License 2.0"
release = version = installed("poolkeeper")

extensions = ["myst_parser", "sphinx_copybutton"]
exclude_patterns = ["_build"]
source_suffix = {".md": "markdown"}
root_doc = "index"
myst_heading_anchors = 4
nitpicky = True

html_theme = "furo"
html_title = f"Poolkeeper {release}"
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0b6e4f", "color-brand-content": "#0b6e4f"},
    "dark_css_variables": {"color-brand-primary": "#4fd1a5", "color-brand-content": "#4fd1a5"},
}

INDEXES = {"index", "decisions/README"}
SECTION = re.compile(r"^## (?P<title>.+)$", re.MULTILINE)
LISTED = re.compile(r"\]\((?P<page>[\w./-]+)\.md\)")


def contents(title: str, section: str) -> str:
    """Return a table of contents, not shown in the page, of what a section links to."""
    pages = "\n".join(dict.fromkeys(LISTED.findall(section)))
    caption = f":caption: {title}\n" if title else ""
    return f"\n```{{toctree}}\n:hidden:\n{caption}\n{pages}\n```\n" if pages else ""


def add_contents(_: Sphinx, name: str, source: list[str]) -> None:
    """Add to an index page what its lists say, a table for each section."""
    if name in INDEXES:
        _, *sections = SECTION.split(source[0]) if SECTION.search(source[0]) else ("", "", source[0])
        pairs = zip(sections[::2], sections[1::2], strict=True)
        source[0] += "".join(contents(title, section) for title, section in pairs)


def setup(app: Sphinx) -> None:
    """Tell Sphinx."""
    app.connect("source-read", add_contents)
