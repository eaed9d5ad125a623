"""Every command of the how-tos works as it is written, in the page's order, while an operator runs."""

import pytest
from tests.docs.pages import DOCS, shown

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

OWN_OPERATOR = "run-it-locally.md"
PAGES = sorted(page for page in (DOCS / "how-to").glob("*.md") if page.name != OWN_OPERATOR)


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_a_how_to_works_as_written(page, furnished, operator, open_console):
    open_console(furnished, POOLKEEPER_OPERATOR=operator).follow(page)
