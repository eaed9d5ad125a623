"""The how-to about guarded pages: the pods' pages are served over TLS, and want a token, while it is played."""

import pytest
from tests.docs.pages import DOCS

from rig.guarded import GuardedPages

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]


def test_a_how_to_works_as_written(furnished, operator, open_console, tmp_path):
    with GuardedPages(tmp_path, "s3cr3t", 8443) as pages:
        (tmp_path / "ca.crt").write_text(pages.trusted)
        open_console(furnished, POOLKEEPER_OPERATOR=operator).follow(DOCS / "how-to" / "read-secrets.md")
