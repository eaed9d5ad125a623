"""The relay fails as networks do; what is behind it is a server of TLS that notes what it was asked."""

import http.client
import ssl
import threading
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest

from controlplane.certificates import Authority, Subject
from rig.relay import Relay
from rig.waiting import eventually

SOON = 0.5


class Asked(BaseHTTPRequestHandler):
    """Notes the path of each request whose sender had not hung up."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.paths.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    directory = tmp_path_factory.mktemp("pki")
    Authority("ca", directory).issue("server", Subject("server", names=["127.0.0.1"]))
    return directory


@pytest.fixture
def server(pki):
    made = ThreadingHTTPServer(("127.0.0.1", 0), Asked)
    made.daemon_threads, made.paths = True, []
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(pki / "server.crt", pki / "server.key")
    made.socket = tls.wrap_socket(made.socket, server_side=True)
    threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def relay(server, pki):
    site = SimpleNamespace(pki=pki)
    address = f"https://127.0.0.1:{server.server_address[1]}"
    with Relay(SimpleNamespace(server=address, ca=pki / "ca.crt", site=site)) as made:
        yield made


@pytest.fixture
def connect(relay, pki):
    opened = []

    def act():
        tls = ssl.create_default_context(cafile=str(pki / "ca.crt"))
        opened.append(http.client.HTTPSConnection("127.0.0.1", relay.port, context=tls, timeout=10))
        opened[-1].connect()
        return opened[-1]

    yield act
    for one in opened:
        one.close()


def answer(connection, path="/"):
    connection.request("GET", path)
    found = connection.getresponse()
    found.read()
    return found


def test_it_passes_on(connect):
    assert answer(connect()).status == 200


def test_what_is_held_arrives_once_it_is_healed_though_its_sender_is_gone(relay, server, connect):
    connection = connect()
    relay.hold()
    connection.request("GET", "/late")
    connection.close()
    before = list(server.paths)
    relay.heal()
    assert eventually(lambda: server.paths, "it arrives") == ["/late"]
    assert before == []


def test_it_holds_from_the_first_request_on_with_a_word_in_it(relay, server, connect):
    first, second = connect(), connect()
    relay.hold_from("/scale")
    answer(first, "/lease")
    second.request("GET", "/scale")
    eventually(lambda: relay.holds, "it holds")
    assert server.paths == ["/lease"]


def test_held_is_the_answer_too(relay, connect):
    connection = connect()
    relay.hold()
    connection.request("GET", "/")
    connection.sock.settimeout(SOON)
    with pytest.raises(TimeoutError):
        connection.getresponse()


def test_severed_nothing_goes_on_and_nothing_begins(relay, connect):
    connection = connect()
    relay.sever()
    for again in (lambda: answer(connection), lambda: answer(connect())):
        with pytest.raises(OSError):  # noqa: PT011  however it breaks
            again()


def test_it_heals_from_that(relay, connect):
    relay.sever()
    relay.heal()
    assert answer(connect()).status == 200


def test_the_servers_clock_seems_to_be_another(relay, connect):
    relay.shift = timedelta(hours=-1)
    date = parsedate_to_datetime(answer(connect()).headers["Date"])
    assert timedelta(minutes=59) < datetime.now(UTC) - date < timedelta(minutes=61)  # noqa: TID251  as the server does
