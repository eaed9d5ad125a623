"""Whose pods are whose, and which of them serve nobody."""

from contextlib import AsyncExitStack
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from builders import BODY
from poolkeeper.api.spec import parse_spec
from poolkeeper.cli.releasing.seen import Sight, is_sibling, selector
from poolkeeper.cli.releasing.steps import Half
from poolkeeper.shell.views import PodView

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
PODS = tuple(PodView("ns", n, n, NOW, ready_at=NOW, ip="127.0.0.1", ports={"http": 1}) for n in ("busy", "idle"))


class Server:
    """An API server that passes on what the pods show; there is no other way to them."""

    clock = SimpleNamespace(now=lambda: NOW)

    async def page(self, path):
        running = 3 if "busy" in path else 0
        return f"vllm:num_requests_running {running}\nvllm:num_requests_waiting 0\n".encode()


async def test_who_is_idle_is_asked_through_the_api_server_where_there_is_no_other_way():
    async with AsyncExitStack() as opened:
        sight = Sight(Server(), ("ns", "chat"), parse_spec(BODY["spec"]).to_core(), opened)
        assert await sight.idle(Half("chat-spot", "u", "1", 2, PODS)) == {"idle"}


async def test_without_a_source_that_asks_pods_nobody_is_known_to_be_idle():
    async with AsyncExitStack() as opened:
        assert await Sight(Server(), ("ns", "chat"), None, opened).idle(Half("s", "u", "1", 2, PODS)) == frozenset()


@pytest.mark.parametrize(
    ("one", "text"),
    [
        ({"key": "a", "operator": "DoesNotExist"}, "!a"),
        ({"key": "a", "operator": "NotIn", "values": ["b", "c"]}, "a notin (b,c)"),
    ],
)
def test_a_selector_as_a_query_has_it(one, text):
    assert selector({"matchExpressions": [one]}) == text


def deployment(tier="spot", owners=()):
    return {"metadata": {"uid": "t", "labels": {"poolkeeper.io/tier": tier}, "ownerReferences": list(owners)}}


@pytest.mark.parametrize(
    ("found", "ours"),
    [
        (deployment(), True),
        (deployment(owners=[{"uid": "t"}]), True),
        (deployment(owners=[{"uid": "other"}]), False),
        (deployment("mine"), False),
    ],
)
def test_a_sibling_is_told_by_its_label_and_its_owner(found, ours):
    assert is_sibling(found, deployment()) is ours
