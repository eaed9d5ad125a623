"""The how-tos that take somebody else's queue as given: a picker, or an adapter, is there while the page is played."""

from types import SimpleNamespace

import pytest
from tests.docs.conftest import NAMESPACE
from tests.docs.pages import DOCS

from rig.adapter import Adapter
from rig.api import Api
from rig.manifests import SHARED_NODES
from rig.picker import Picker
from rig.waiting import eventually

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]


class Given:
    """The how-tos' namespace, as the picker and the adapter make their things in it."""

    def __init__(self, cluster):
        self.name, self.api = NAMESPACE, Api(cluster)
        self.ground = SimpleNamespace(cluster=cluster)
        self.wait_until = eventually


@pytest.fixture(scope="module")
def node(cluster):
    """Where the picker's pod can be."""
    cluster.add_gpu_nodes(1, labels=SHARED_NODES, prefix="shared")


def picker(given):
    return Picker(given, "chat")


def adapter(given):
    made = Adapter(given)
    made.show("500")
    return made


@pytest.mark.parametrize(("page", "played"), [("scale-by-the-picker", picker), ("scale-by-external-metrics", adapter)])
@pytest.mark.usefixtures("node")
def test_a_how_to_works_as_written(page, played, furnished, operator, open_console):
    with played(Given(furnished)):
        open_console(furnished, POOLKEEPER_OPERATOR=operator).follow(DOCS / "how-to" / f"{page}.md")
