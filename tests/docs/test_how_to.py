"""Every command of the how-tos works as it is written, in the page's order, while an operator runs."""

import pytest
from tests.docs.pages import DOCS, shown

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]

ELSEWHERE = {
    *("run-it-locally.md", "read-secrets.md"),
    *("scale-by-the-picker.md", "scale-by-external-metrics.md", "scale-by-a-broker.md"),
    "install.md",
}
"""They want more than an operator: test_starting, test_guarded, test_others_queues and test_brokers have it, and
tests/charts the page on installing, which wants a cluster that has never heard of us."""
PAGES = sorted(page for page in (DOCS / "how-to").glob("*.md") if page.name not in ELSEWHERE)


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_a_how_to_works_as_written(page, furnished, operator, open_console):
    open_console(furnished, POOLKEEPER_OPERATOR=operator).follow(page)
