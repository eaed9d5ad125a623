from types import SimpleNamespace

import pytest

from poolkeeper.cli.connection import advised, stored
from poolkeeper.shell.kube_errors import NO_KIND, NotFound, Unreachable


def test_a_cluster_without_our_kind_is_told_how_to_get_it():
    assert "poolkeeper crd | kubectl apply" in advised(NotFound("404 page not found", status=404))


def test_a_pool_that_is_not_there_is_just_that():
    words = 'inferencepools.poolkeeper.io "chat" not found'
    assert advised(NotFound(words, status=404)) == words


@pytest.mark.parametrize("tls", ["<ssl.SSLContext object at 0x7f>", "default", "True"])
def test_no_python_object_is_shown(tls):
    error = Unreachable(f"Cannot connect to host a:1 ssl:{tls} [refused]")
    assert advised(error) == "Cannot connect to host a:1 [refused]"


class Nothing:
    """A cluster that says this to whatever is asked for."""

    access = SimpleNamespace(namespace="inference")

    def __init__(self, words):
        self.words = words

    async def get(self, *_, **__):
        raise NotFound(self.words, status=404)


@pytest.mark.parametrize(("namespace", "place"), [(None, "inference"), ("other", "other")])
async def test_a_pool_that_is_not_there_says_where_it_was_sought(namespace, place):
    with pytest.raises(NotFound, match=f'"chat" not found in namespace {place}; another is given with -n'):
        await stored(Nothing('"chat" not found'), namespace, "chat")


async def test_where_there_are_no_pools_at_all_the_namespace_does_not_matter():
    with pytest.raises(NotFound, match=f"^{NO_KIND}$"):
        await stored(Nothing(NO_KIND), None, "chat")
