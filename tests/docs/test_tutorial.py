"""Every command of the tutorial works as it is written, from nothing."""

import pytest
from tests.docs.pages import DOCS


@pytest.mark.cluster
@pytest.mark.timeout(300)
def test_the_tutorial_works_from_nothing(empty, open_console):
    open_console(empty).follow(DOCS / "tutorial.md")
