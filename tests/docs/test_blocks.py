"""No command on any page escapes the tests without a reason."""

import pytest
from tests.docs.pages import DOCS, PAGES, ROOT, blocks, shown

PLAYED = {ROOT / "README.md", DOCS / "tutorial.md", DOCS / "runbooks.md", *(DOCS / "how-to").glob("*.md")}
NOTES = {"not run", "file", "background", "fails", "fleet", "shows"}

every_page = pytest.mark.parametrize("page", PAGES, ids=shown)


@every_page
def test_a_block_is_a_command_a_yaml_or_a_text(page):
    assert {block.language for block in blocks(page)} <= {"sh", "yaml", "text"}


@every_page
def test_a_command_is_played_or_says_why_not(page):
    unplayed = [block for block in blocks(page) if block.language == "sh" and page not in PLAYED]
    assert not [str(block) for block in unplayed if not block.notes.get("not run")]


@every_page
def test_a_command_that_is_not_run_says_why(page):
    assert not [str(block) for block in blocks(page) if block.notes.get("not run") == ""]


@every_page
def test_every_direction_is_one_that_the_console_follows(page):
    assert {note for block in blocks(page) for note in block.notes} <= NOTES
