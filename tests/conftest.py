"""What all tests share: how many examples a law is tried on, `--hypothesis-profile=long` for many."""

import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from rig.groups import honour

LAWS = Path(__file__).parent / "laws"
HOUR = 3600
CLUSTER = "cluster"
"""The fixture that boots a control plane, once for all tests of a folder: it costs more than most of them."""
PARTS = {"docs": 3}
"""Folders whose tests mostly wait: so many parts of them run side by side, each on a control plane of its own."""

# The machine's load must not decide a test.
settings.register_profile("elsewhere", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("laws", settings.get_profile("elsewhere"), max_examples=40)
settings.register_profile("long", settings.get_profile("elsewhere"), max_examples=3000)
settings.load_profile("elsewhere")


def pytest_collectstart(collector: pytest.Collector) -> None:
    """Have the profile of a module's place before it is imported, unless another one was asked for.

    A test takes the profile that is loaded as it is defined; most laws decide thousands of times in one example.
    """
    if isinstance(collector, pytest.Module) and settings.get_current_profile_name() in {"elsewhere", "laws"}:
        settings.load_profile("laws" if collector.path.is_relative_to(LAWS) else "elsewhere")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Keep together what shares a control plane, and give a test of thousands of examples the time for them."""
    for item in items:
        if _shares_a_cluster(item):
            item.add_marker(pytest.mark.xdist_group(_part(item)))
    if settings.get_current_profile_name() == "long":
        for item in items:
            item.add_marker(pytest.mark.timeout(HOUR), append=False)
    yield
    honour(items)


def _part(item: pytest.Item) -> str:
    folder = item.path.parent.name
    return f"{folder}-{zlib.crc32(item.nodeid.encode()) % PARTS.get(folder, 1)}"


def _shares_a_cluster(item: pytest.Item) -> bool:
    """Return whether a test asks for its folder's control plane, by name or as one of its parameters."""
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return CLUSTER in [*getattr(item, "fixturenames", ()), *parameters]
