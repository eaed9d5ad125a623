"""The page on installing works as it is written, on a cluster that has never heard of us."""

import pytest
from tests.docs.console import Console
from tests.docs.pages import DOCS

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]


def test_the_page_on_installing_works_as_written(untouched, tmp_path):
    Console(untouched, tmp_path, {}, print).follow(DOCS / "how-to" / "install.md")
