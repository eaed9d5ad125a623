"""Tests of one `xdist_group` run in one worker: what they share is made once.

pytest-xdist 3.8 tells the group by a name that pytest 9.2 reads no more (pytest-xdist#1386); until it does otherwise,
the name is put where it is read.
"""

from collections.abc import Iterable

import pytest


def honour(items: Iterable[pytest.Item]) -> None:
    """Let tests bear the names, with their groups, that pytest-xdist gave them."""
    for item in items:
        named = getattr(item, "_nodeid", "")
        if named:
            item._id = type(item.id).parse(named)  # noqa: SLF001  there is no other way in
