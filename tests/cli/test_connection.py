from poolkeeper.cli.connection import advised
from poolkeeper.shell.kube_errors import NotFound, Unreachable


def test_a_cluster_without_our_kind_is_told_how_to_get_it():
    assert "poolkeeper crd | kubectl apply" in advised(NotFound("404 page not found", status=404))


def test_a_pool_that_is_not_there_is_just_that():
    words = 'inferencepools.poolkeeper.io "chat" not found'
    assert advised(NotFound(words, status=404)) == words


def test_no_python_object_is_shown():
    error = Unreachable("Cannot connect to host a:1 ssl:<ssl.SSLContext object at 0x7f> [refused]")
    assert advised(error) == "Cannot connect to host a:1 [refused]"
