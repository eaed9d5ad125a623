"""Every way in: kubeconfigs as people have them, a pod's service account, and TLS that is verified."""

import asyncio
import base64
import os
import socket
import ssl
import stat
import sys
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
import yaml
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from poolkeeper.shell.access import Access, AccessError, TokenFile
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import Unreachable
from poolkeeper.shell.list_watch import HasMetadata

SERVER = "https://127.0.0.1:6443"


def config(path, *, user=None, cluster=None, context=None, **rest):
    """Write a kubeconfig with one context, `lab`."""
    content = {
        "current-context": "lab",
        "clusters": [{"name": "lab", "cluster": {"server": SERVER} | (cluster or {})}],
        "users": [{"name": "me", "user": user or {}}],
        "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "me"} | (context or {})}],
    } | rest
    path.write_text(yaml.safe_dump(content))
    return path


@pytest.fixture
def file(tmp_path):
    return tmp_path / "config"


async def header(access):
    return await access.authorization()


async def test_a_token_becomes_a_bearer(file):
    assert await header(Access.from_kubeconfig(config(file, user={"token": "t0k"}))) == "Bearer t0k"


async def test_a_name_and_a_password_become_basic(file):
    access = Access.from_kubeconfig(config(file, user={"username": "ann", "password": "b:c"}))
    assert await header(access) == "Basic " + base64.b64encode(b"ann:b:c").decode()


async def test_nothing_known_sends_nothing(file):
    assert await header(Access.from_kubeconfig(config(file))) is None


async def test_a_token_file_is_found_beside_the_kubeconfig(file):
    (file.parent / "token").write_text("t0k\n")
    access = Access.from_kubeconfig(config(file, user={"tokenFile": "token"}))
    assert await header(access) == "Bearer t0k"


async def test_a_token_file_is_read_again_when_it_changes(tmp_path):
    (tmp_path / "token").write_text("old")
    token = TokenFile(tmp_path / "token")
    await token()
    (tmp_path / "next").write_text("new")
    (tmp_path / "next").replace(tmp_path / "token")
    assert await token() == "Bearer new"


async def test_the_last_token_serves_while_its_file_is_away(tmp_path):
    (tmp_path / "token").write_text("old")
    token = TokenFile(tmp_path / "token")
    await token()
    (tmp_path / "token").unlink()
    assert await token() == "Bearer old"


async def test_a_token_file_that_never_was_is_an_error(tmp_path):
    with pytest.raises(AccessError, match="token"):
        await TokenFile(tmp_path / "token")()


async def test_a_missing_token_fails_the_request_and_not_the_program(tmp_path):
    access = Access("http://127.0.0.1:1", authorization=TokenFile(tmp_path / "token"))
    async with KubeClient(access) as kube:
        with pytest.raises(Unreachable, match="token"):
            await kube.get("/api/v1/pods", into=HasMetadata)


def test_the_context_gives_the_namespace(file):
    assert Access.from_kubeconfig(config(file, context={"namespace": "shop"})).namespace == "shop"


def test_the_namespace_is_default_by_default(file):
    assert Access.from_kubeconfig(config(file)).namespace == "default"


def test_another_context_can_be_asked_for(file):
    clusters = [{"name": name, "cluster": {"server": f"https://{name}"}} for name in ("lab", "prod")]
    contexts = [{"name": name, "context": {"cluster": name, "user": "me"}} for name in ("lab", "prod")]
    config(file, clusters=clusters, contexts=contexts)
    assert Access.from_kubeconfig(file, "prod").server == "https://prod"


def test_kubeconfigs_are_merged_and_the_first_wins(tmp_path, monkeypatch):
    one = config(tmp_path / "one", cluster={"server": "https://one"}, users=[])
    two = config(tmp_path / "two", cluster={"server": "https://two"}, user={"token": "x"})
    monkeypatch.setenv("KUBECONFIG", f"{one}{os.pathsep}{tmp_path / 'missing'}{os.pathsep}{two}")
    assert Access.find().server == "https://one"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"current-context": "gone"}, "no context called 'gone'"),
        ({"current-context": ""}, "no current context"),
        ({"clusters": []}, "no cluster called 'lab'"),
        ({"users": []}, "no user called 'me'"),
        ({"clusters": "many"}, "clusters"),
    ],
)
def test_what_is_missing_is_named(file, changes, words):
    with pytest.raises(AccessError, match=words):
        Access.from_kubeconfig(config(file, **changes))


def test_no_kubeconfig_at_all_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "missing"))
    with pytest.raises(AccessError, match="missing"):
        Access.find()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"user": {"as": "root"}}, "impersonation"),
        ({"cluster": {"server": "ftp://x"}}, "ftp://x"),
        ({"cluster": {"proxy-url": "socks5://x"}}, "socks5"),
        ({"user": {"client-certificate": "gone.crt"}}, "certificates"),
    ],
)
def test_what_cannot_be_done_is_refused_and_not_ignored(file, changes, words):
    with pytest.raises(AccessError, match=words):
        Access.from_kubeconfig(config(file, **changes))


def test_tls_is_verified(file):
    tls = Access.from_kubeconfig(config(file)).tls
    assert (tls.verify_mode, tls.check_hostname) == (ssl.CERT_REQUIRED, True)


def test_an_insecure_kubeconfig_is_obeyed_with_a_warning(file):
    access = Access.from_kubeconfig(config(file, cluster={"insecure-skip-tls-verify": True}))
    assert (access.tls.verify_mode, "insecure" in access.warning) == (ssl.CERT_NONE, True)


def test_a_sound_kubeconfig_warns_of_nothing(file):
    assert Access.from_kubeconfig(config(file)).warning == ""


def plugin(path, body):
    path.write_text(f"#!{sys.executable}\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(path), "interactiveMode": "Never"}}


async def test_an_exec_plugin_gives_the_token(file, tmp_path):
    answer = '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"plug"}}'
    user = plugin(tmp_path / "login", f"print({answer!r})")
    assert await header(Access.from_kubeconfig(config(file, user=user))) == "Bearer plug"


def test_an_exec_plugin_that_fails_is_told(file, tmp_path):
    user = plugin(tmp_path / "login", "raise SystemExit(1)")
    with pytest.raises(AccessError, match="plugin"):
        Access.from_kubeconfig(config(file, user=user))


@pytest.fixture
def service_account(tmp_path, monkeypatch, authority):
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    for name, text in {"token": "sa", "ca.crt": authority.pem.decode(), "namespace": "system"}.items():
        (tmp_path / name).write_text(text)
    return tmp_path


async def test_a_pod_finds_its_own_way_in(service_account):
    access = Access.in_cluster(service_account)
    assert (access.server, access.namespace, await header(access)) == ("https://[fd00::1]:443", "system", "Bearer sa")


def test_outside_of_a_pod_there_is_none(tmp_path, monkeypatch):
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(AccessError, match="KUBERNETES_SERVICE_HOST"):
        Access.in_cluster(tmp_path)


class Authority:
    """A certificate authority, and what it issues: PEM texts."""

    def __init__(self):
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "lab-ca")])
        constraints = x509.BasicConstraints(ca=True, path_length=None)
        self.pem = self._signed(self._name, self._key, constraints).public_bytes(serialization.Encoding.PEM)

    def _signed(self, name, key, *extensions):
        builder = x509.CertificateBuilder(self._name, name, key.public_key(), x509.random_serial_number())
        now = datetime.now(UTC)  # noqa: TID251  TLS looks at the wall clock
        builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(hours=1))
        for extension in extensions:
            builder = builder.add_extension(extension, critical=False)
        return builder.sign(self._key, hashes.SHA256())

    def issue(self, name, address="127.0.0.1"):
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
        certificate = self._signed(subject, key, names).public_bytes(serialization.Encoding.PEM)
        pkcs8, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        return certificate, key.private_bytes(serialization.Encoding.PEM, pkcs8, plain)


@pytest.fixture(scope="session")
def authority():
    return Authority()


@pytest.fixture
async def secure_server(server_tls):
    """Serve who the client is, by certificate, as an object's name; only to clients that have one."""

    async def whoami(request):
        subject = dict(pair[0] for pair in request.transport.get_extra_info("peercert")["subject"])
        return web.json_response({"metadata": {"name": subject["commonName"]}})

    app = web.Application()
    app.router.add_get("/me", whoami)
    server_tls.verify_mode = ssl.CERT_REQUIRED
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server_tls).start()
    yield f"https://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.fixture
def server_tls(authority, tmp_path):
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cadata=authority.pem.decode())
    certificate, key = authority.issue("server")
    (tmp_path / "server.pem").write_bytes(certificate + key)
    tls.load_cert_chain(tmp_path / "server.pem")
    return tls


def inline(authority):
    certificate, key = (base64.b64encode(pem).decode() for pem in authority.issue("ann"))
    return {"client-certificate-data": certificate, "client-key-data": key}


async def who(path):
    async with KubeClient(Access.from_kubeconfig(path)) as kube:
        return (await kube.get("/me", into=HasMetadata)).metadata.name


async def test_inline_certificates_work_over_verified_tls(file, authority, secure_server):
    data = base64.b64encode(authority.pem).decode()
    cluster = {"server": secure_server, "certificate-authority-data": data}
    assert await who(config(file, user=inline(authority), cluster=cluster)) == "ann"


async def test_certificates_in_files_work_over_verified_tls(file, authority, secure_server):
    certificate, key = authority.issue("ann")
    for name, pem in {"ann.crt": certificate, "ann.key": key, "ca.crt": authority.pem}.items():
        (file.parent / name).write_bytes(pem)
    user = {"client-certificate": "ann.crt", "client-key": "ann.key"}
    cluster = {"server": secure_server, "certificate-authority": "ca.crt"}
    assert await who(config(file, user=user, cluster=cluster)) == "ann"


async def test_a_server_of_another_authority_is_not_talked_to(file, authority, secure_server):
    data = base64.b64encode(Authority().pem).decode()
    cluster = {"server": secure_server, "certificate-authority-data": data}
    with pytest.raises(Unreachable, match=r"(?i)certificate"):
        await who(config(file, user=inline(authority), cluster=cluster))


async def test_a_server_under_another_name_is_not_talked_to(file, authority, secure_server):
    data = base64.b64encode(authority.pem).decode()
    cluster = {"server": secure_server, "certificate-authority-data": data, "tls-server-name": "other"}
    with pytest.raises(Unreachable, match=r"(?i)certificate"):
        await who(config(file, user=inline(authority), cluster=cluster))


def test_inline_keys_are_not_left_behind(file, authority, tmp_path, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    Access.from_kubeconfig(config(file, user=inline(authority)))
    assert list((tmp_path / "temporary").iterdir()) == []


async def test_a_request_that_is_given_up_waits_for_no_goodbye(file, authority, server_tls):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        cluster = {"server": f"https://127.0.0.1:{listener.getsockname()[1]}"}
        cluster["certificate-authority-data"] = base64.b64encode(authority.pem).decode()
        asked = asyncio.create_task(who(config(file, user=inline(authority), cluster=cluster)))
        peer = await asyncio.to_thread(take_request, listener, server_tls)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
        with peer:
            assert await asyncio.to_thread(peer.recv, 100) == b""


def take_request(listener, tls):
    """Take a connection and read its request, as a server that then hangs; return the bare connection."""
    secure = tls.wrap_socket(listener.accept()[0], server_side=True)
    secure.recv(2**16)
    return socket.socket(fileno=secure.detach())


@pytest.mark.parametrize(("text", "words"), [("a: b\nc: [", r"is no YAML \(line \d\)$"), ("a: \x01", "is no YAML$")])
def test_a_kubeconfig_that_is_no_yaml_is_told_in_a_line(file, text, words):
    file.write_text(text)
    with pytest.raises(AccessError, match=words):
        Access.from_kubeconfig(file)
