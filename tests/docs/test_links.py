"""Links between pages lead somewhere."""

import pytest
from tests.docs.pages import PAGES, anchors, links, shown


@pytest.mark.parametrize("page", PAGES, ids=shown)
def test_every_link_inside_the_project_resolves(page):
    local = [link.partition("#") for link in links(page) if "://" not in link]
    broken = [path + mark + anchor for path, mark, anchor in local if not resolves(page, path, anchor)]
    assert not broken


def resolves(page, path, anchor):
    target = (page.parent / path).resolve() if path else page
    return target.exists() and (not anchor or anchor in anchors(target))
