import socket

from controlplane.network import claim, free_ports


def test_two_claims_never_get_the_same_network():
    first, one = claim()
    second, two = claim()
    with one, two:
        assert first.pods != second.pods


def test_a_network_is_free_again_when_its_holder_is_gone():
    network, holder = claim()
    holder.close()
    with socket.socket(socket.AF_UNIX) as again:
        again.bind(network.guardian)


def test_ports_differ():
    assert len(set(free_ports("127.0.0.1", ("a", "b", "c")).values())) == 3
