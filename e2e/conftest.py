"""One ground for the whole run; a namespace for each test. See `rig` for what a test can do with them.

With pytest-xdist the controller boots the ground before its first worker starts and ends it after the last one;
without, the first test that wants it does. Workers attach by the card that they are handed. Tests that stand on one
fixture which is dear to make bear the name of an `xdist_group`: they run in one worker.
"""

import itertools
import os
import re
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest

from rig.commons import common, establish
from rig.ground import Ground, attach, boot
from rig.groups import honour
from rig.space import Space
from rig.strain import Strain

LIMIT = 900
"""Seconds that a test may take on the slowest machine, with what it stands on."""
CARD = "poolkeeper_ground"
OPEN = pytest.StashKey[ExitStack]()
BOOTED = pytest.StashKey[Ground]()

numbers = itertools.count()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "lasts(seconds): how long a test waits, if long; such tests begin first")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest, and let no clock but a test's own end it: how late is late is asked of `strain`."""
    honour(items)
    items.sort(key=_seconds, reverse=True)
    for item in items:
        item.add_marker(pytest.mark.timeout(LIMIT), append=False)


def _seconds(item: pytest.Item) -> float:
    marker = item.get_closest_marker("lasts")
    return float(marker.args[0]) if marker else 0.0


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:  # noqa: ANN401  xdist types nothing
    """Hand the card to a worker before it starts; the first one makes the controller boot."""
    stash = node.config.stash
    if BOOTED not in stash:
        stash[OPEN] = ExitStack()
        stash[BOOTED] = stash[OPEN].enter_context(_furnished())
    node.workerinput[CARD] = stash[BOOTED].card


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """End what the controller booted, however the run ended."""
    if OPEN in config.stash:
        config.stash[OPEN].close()


@pytest.fixture(scope="session")
def ground(request: pytest.FixtureRequest) -> Iterator[Ground]:
    """The control plane, the fleet and the Prometheus of this run."""
    if hasattr(request.config, "workerinput"):
        yield attach(request.config.workerinput[CARD])
        return
    with _furnished() as booted:
        yield booted


@contextmanager
def _furnished() -> Iterator[Ground]:
    """Boot the ground, with what many tests share on it."""
    with boot() as booted:
        establish(booted)
        yield booted


@pytest.fixture
def space(ground: Ground, request: pytest.FixtureRequest) -> Iterator[Space]:
    """A namespace of this test's own."""
    words = re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower())[:30].strip("-")
    made = Space(ground, f"{words}-{os.getpid()}-{next(numbers)}")
    yield made
    made.close()


@pytest.fixture
def shared(ground: Ground) -> Iterator[Space]:
    """A namespace with an operator for all tests that end neither; each names what it makes."""
    with common(ground, "shared") as made:
        yield made


@pytest.fixture
def strain() -> Iterator[Strain]:
    """How strained the machine is while this test runs."""
    with Strain() as measured:
        yield measured


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell what happened in the namespace of a test that failed."""
    report = yield
    given = getattr(item, "funcargs", {})
    made = given.get("space", given.get("shared"))
    if report.failed and report.when == "call" and isinstance(made, Space):
        report.sections.append(("what happened", made.story()))
    return report
