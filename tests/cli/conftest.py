"""Commands under test print 200 columns, or as many as a test says, whatever stood there when consoles were made."""

import pytest

from poolkeeper.cli.connection import complaints, console


@pytest.fixture(autouse=True)
def _width(monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")  # a worker of pytest-xdist has 80, a terminal its own
    for one in (console, complaints):
        monkeypatch.setattr(one, "_width", None)
