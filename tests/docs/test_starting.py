"""Every command of the pages that start an operator themselves works as it is written."""

import pytest
from tests.docs.pages import DOCS, ROOT

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]


def test_the_readme_works_as_written(furnished, open_console):
    open_console(furnished).follow(ROOT / "README.md")


def test_the_page_on_running_it_locally_works_as_written(furnished, open_console):
    open_console(furnished).follow(DOCS / "how-to" / "run-it-locally.md")
