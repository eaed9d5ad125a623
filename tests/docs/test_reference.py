"""docs/reference says what the code says."""

import pytest
from tests.docs.pages import DOCS

from reference import PAGES, names


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_what_the_code_says(name):
    assert (DOCS / "reference" / name).read_text() == PAGES[name](), "run `make crds`"


def test_no_page_of_the_reference_is_written_by_hand():
    assert {path.name for path in (DOCS / "reference").iterdir()} == set(PAGES)


def test_every_condition_has_its_words_and_none_is_made_up():
    assert set(names.condition_types()) == set(names.CONDITIONS)
