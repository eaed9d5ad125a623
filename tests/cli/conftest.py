"""Commands under test print as wide as COLUMNS says, whatever stood there when the consoles were made."""

import pytest

from poolkeeper.cli.connection import complaints, console


@pytest.fixture(autouse=True)
def _width(monkeypatch):
    for one in (console, complaints):
        monkeypatch.setattr(one, "_width", None)
