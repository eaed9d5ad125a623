"""Where the operator listens, and what it says where it cannot."""

import socket

import pytest

from poolkeeper.shell import listen
from poolkeeper.shell.listen import listening, read_address


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield f"127.0.0.1:{other.getsockname()[1]}"


def test_it_listens_where_it_is_told():
    with listening(read_address("127.0.0.1:0")) as found:
        assert found.getsockname()[0] == "127.0.0.1"


def test_a_port_that_is_taken_is_told_with_its_option(taken):
    with pytest.raises(ValueError, match=rf"^--listen: {taken}: address already in use"):
        listening(read_address(taken))


@pytest.mark.parametrize("address", ["8080", "localhost:", "127.0.0.1:http", ":٣", "h:65536"])
def test_an_address_without_a_port_is_told(address):
    with pytest.raises(ValueError, match="has no port; write it as HOST:PORT"):
        read_address(address)


def test_a_host_that_is_not_this_machine_is_told():
    with pytest.raises(ValueError, match=r"--listen: 192\.0\.2\.1:0: "):
        listening(read_address("192.0.2.1:0"))


def test_where_nothing_is_said_any_free_port_will_do(taken, monkeypatch):
    monkeypatch.setattr(listen, "DEFAULT", taken)
    with listening(read_address("")) as found:
        assert found.getsockname()[1] != int(taken.rpartition(":")[2])


def test_an_ipv6_address_stands_in_brackets():
    with listening(read_address("[::1]:0")) as found:
        assert found.family == socket.AF_INET6
