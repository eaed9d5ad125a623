"""The pages that people read, taken apart: fenced blocks with their stage directions, links, and words in code.

A stage direction is a comment right above a fenced block, which readers do not see:

    not run: WHY        the block is not executed
    file: NAME          the YAML is saved as NAME, as the text asks the reader to
    background: WORDS   the command goes on while the page does; it has started once it has printed WORDS
    fails: CODE         the command leaves with CODE
    fleet: JSON         told to the pretended engines before the block, for what the text takes as given
    shows               each line stands in what the block above printed; `…` stands for anything
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
GENERATED = sorted((DOCS / "reference").glob("*.md"))
ROOTS = [ROOT / f"{name}.md" for name in ("README", "CONTRIBUTING", "CHANGELOG", "RELEASING")]
WRITTEN = sorted([*ROOTS, *DOCS.glob("**/*.md")])
WRITTEN = [page for page in WRITTEN if page not in GENERATED]
PAGES = [*WRITTEN, *GENERATED]

_NOTE = re.compile(r"<!--\s*(?P<key>[a-z ]+?)\s*(:\s*(?P<value>.*?))?\s*-->", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, the stage directions above it, and the line that it begins in."""

    page: Path
    language: str
    text: str
    line: int
    notes: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """Say where it is."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def shown(page: Path) -> str:
    """Return how a test is named after a page."""
    return str(page.relative_to(ROOT))


def tokens(page: Path) -> list[Token]:
    """Return a page as Markdown's parser reads it."""
    return MarkdownIt().parse(page.read_text(encoding="utf-8"))


def blocks(page: Path) -> Iterator[Block]:
    """Yield a page's fenced blocks in order."""
    notes: dict[str, str] = {}
    for token in tokens(page):
        if token.type == "html_block":
            notes |= {found["key"]: found["value"] or "" for found in _NOTE.finditer(token.content)}
            continue
        if token.type == "fence":
            yield Block(page, token.info.strip(), token.content, (token.map or [0])[0] + 1, notes)
        notes = {}


def links(page: Path) -> Iterator[str]:
    """Yield where a page's links lead."""
    for token in inline(page):
        if token.type == "link_open":
            yield str(token.attrs["href"])


def code(page: Path) -> Iterator[str]:
    """Yield what stands between backticks in a page's text."""
    for token in inline(page):
        if token.type == "code_inline":
            yield token.content


def inline(page: Path) -> Iterator[Token]:
    """Yield the parts of a page's running text."""
    for token in tokens(page):
        yield from token.children or ()


def anchors(page: Path) -> set[str]:
    """Return what a link into a page may name: its headings as GitHub writes them."""
    found = tokens(page)
    titles = [after.content for token, after in itertools.pairwise(found) if token.type == "heading_open"]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}
