"""One installation for all tests here: `pytest e2e/installed -n 0 [--cluster=local|kind|current] [--image NAME]`."""

import json
from collections.abc import Generator, Iterator

import pytest

from installed.chat import Chat
from installed.place import CHOICES, LOCAL, Place, place
from installed.release import Release, installed


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add where to install, and what."""
    group = parser.getgroup("the operator as installed")
    group.addoption(
        "--cluster", choices=CHOICES, default=LOCAL, help="a cluster of our own, kind's, or the current one"
    )
    group.addoption(
        "--image",
        action="append",
        default=[],
        help="with --cluster=current: the operator's image; twice for an upgrade",
    )


@pytest.fixture(scope="session")
def where(request: pytest.FixtureRequest) -> Iterator[Place]:
    """The cluster."""
    option = request.config.getoption
    with place(option("--cluster", LOCAL), option("--image", [])) as found:
        yield found


@pytest.fixture(scope="session")
def release(where: Place) -> Iterator[Release]:
    """The operator, installed and ready."""
    with installed(where) as made:
        made.settled()
        yield made


@pytest.fixture(scope="session")
def chat(release: Release) -> Iterator[Chat]:
    """A pool with engines, which every test leaves at its minimum."""
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": Chat.NAMESPACE}}
    release.place.kubectl("create", "-f", "-", given=json.dumps(namespace))
    made = Chat(release.place)
    made.create()
    yield made
    if release.place.local is None:
        release.place.kubectl("delete", "namespace", Chat.NAMESPACE, "--wait=false")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell what the operator's pods said in a test that failed."""
    report = yield
    release = getattr(item, "funcargs", {}).get("release")
    if report.failed and isinstance(release, Release):
        report.sections.append(("the operator's pods", release.story()))
    return report
