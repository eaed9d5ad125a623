"""What proves who asks, each against a stand-in that checks it: the signature is computed again here, by hand."""

import asyncio
import base64
import hashlib
import hmac
import json
import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote, unquote_to_bytes

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.history import HistoryError, Range, read
from poolkeeper.shell.prometheus import PrometheusServer
from poolkeeper.shell.proofs import Proof, Wire, veiled
from poolkeeper.shell.servers import ServerConfig

NOTHING = b'{"status":"success","data":{"resultType":"matrix","result":[]}}'
SCALAR = b'{"status":"success","data":{"resultType":"scalar","result":[1,"7"]}}'
KEY, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
AMAZON = {"sigv4": {"region": "eu-west-1"}}
SIGNED = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>\w+)/(?P<scope>[^,]+), SignedHeaders=(?P<names>[^,]+), Signature=(?P<mac>\w+)"
)


class Door:
    """A Prometheus that keeps what it was sent, and what it should say."""

    def __init__(self):
        self.requests, self.answer = [], (200, SCALAR)

    async def handle(self, request):
        self.requests.append((request.method, request.raw_path, dict(request.headers), await request.read()))
        status, body = self.answer
        return web.Response(status=status, body=body)


@pytest.fixture
async def door():
    made = Door()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", made.handle)
    async with TestServer(app) as server:
        made.url = f"http://127.0.0.1:{server.port}"
        yield made


async def ask(url, promql="up", **auth):
    server = PrometheusServer(ServerConfig(name="x", url=url, **auth), timedelta(seconds=30))
    try:
        return await server.query(promql)
    finally:
        await server.close()


def digest(key, words):
    return hmac.new(key, words.encode(), hashlib.sha256).digest()


def canonical(request, names):
    """Return a request as Signature Version 4 has it (docs: "Create a canonical request")."""
    method, target, headers, body = request
    path, _, query = target.partition("?")
    given = {name.lower(): " ".join(value.split()) for name, value in headers.items()}
    pairs = sorted(pair.partition("=")[::2] for pair in query.split("&") if pair)
    return "\n".join(
        [
            method,
            quote(path, safe="/~"),
            "&".join(f"{encoded(name)}={encoded(value)}" for name, value in pairs),
            *(f"{name}:{given[name]}" for name in names),
            "",
            ";".join(names),
            hashlib.sha256(body).hexdigest(),
        ]
    )


def encoded(text):
    return quote(unquote_to_bytes(text), safe="-_.~")


def signature(request, secret=SECRET):
    """Return the signature that a request should bear, from what it says of itself."""
    said = SIGNED.fullmatch(request[2]["Authorization"])
    at = request[2]["X-Amz-Date"]
    hashed = hashlib.sha256(canonical(request, said["names"].split(";")).encode()).hexdigest()
    key = f"AWS4{secret}".encode()
    for part in said["scope"].split("/"):
        key = digest(key, part)
    return digest(key, "\n".join(["AWS4-HMAC-SHA256", at, said["scope"], hashed])).hex()


@pytest.fixture
def amazon(monkeypatch, tmp_path):
    """The environment of a pod that has keys, and nothing of this machine's."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    return monkeypatch


async def test_amazon_gets_a_signature_over_what_is_sent(door, amazon):
    await ask(f"{door.url}/workspaces/ws-1", 'sum(a{b="c d"})', **AMAZON)
    (request,) = door.requests
    assert SIGNED.fullmatch(request[2]["Authorization"])["mac"] == signature(request)


async def test_a_signature_is_of_today_for_the_region_and_the_service(door, amazon):
    before = datetime.now(UTC)  # noqa: TID251  a signature is of today
    await ask(door.url, **AMAZON)
    said = SIGNED.fullmatch(door.requests[0][2]["Authorization"])
    days = {f"{at:%Y%m%d}" for at in (before, datetime.now(UTC))}  # noqa: TID251  as above
    assert said["key"] == KEY
    assert said["scope"] in {f"{day}/eu-west-1/aps/aws4_request" for day in days}


async def test_where_and_when_are_signed(door, amazon):
    await ask(door.url, **AMAZON)
    assert {"host", "x-amz-date"} <= {*SIGNED.fullmatch(door.requests[0][2]["Authorization"])["names"].split(";")}


async def test_a_session_s_token_is_sent_and_signed(door, amazon):
    amazon.setenv("AWS_SESSION_TOKEN", "session")
    await ask(door.url, **AMAZON)
    (request,) = door.requests
    said = SIGNED.fullmatch(request[2]["Authorization"])
    assert (request[2]["X-Amz-Security-Token"], said["mac"]) == ("session", signature(request))
    assert "x-amz-security-token" in said["names"]


async def test_the_commands_that_read_the_past_sign_it_too(door, amazon):
    door.answer = (200, NOTHING)
    config = ServerConfig(name="x", url=f"{door.url}/workspaces/ws-1", tenant="team", **AMAZON)
    wanted = Range('sum(a{b="c d"}) + 1', datetime(2026, 3, 2, tzinfo=UTC), 1, timedelta(hours=1))
    with pytest.raises(HistoryError, match="gives no number"):
        await asyncio.to_thread(read, config, wanted, lambda *_: None)
    (request,) = door.requests
    assert SIGNED.fullmatch(request[2]["Authorization"])["mac"] == signature(request)
    assert ("+" in request[1], request[2]["X-Scope-OrgID"]) == (False, "team")


STS = """<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>AKIDROLE</AccessKeyId>
<SecretAccessKey>of-the-role</SecretAccessKey><SessionToken>role-session</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>"""


@pytest.fixture
async def role(amazon, tmp_path):
    """The environment of a pod with a role (IRSA), and the service that gives keys for its token."""
    service = Door()
    service.answer = (200, STS.encode())
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", service.handle)
    (tmp_path / "token").write_text("of-the-pod")
    async with TestServer(app) as server:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            amazon.delenv(name)
        amazon.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/poolkeeper")
        amazon.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
        amazon.setenv("AWS_REGION", "eu-west-1")
        amazon.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{server.port}")
        yield service


async def test_a_role_s_keys_are_had_for_the_pod_s_token(door, role):
    await ask(door.url, **AMAZON)
    (asked,) = role.requests
    assert parse_qs(asked[3].decode())["WebIdentityToken"] == ["of-the-pod"]
    (request,) = door.requests
    assert SIGNED.fullmatch(request[2]["Authorization"])["mac"] == signature(request, "of-the-role")


async def test_a_role_s_keys_are_asked_for_once(door, role):
    server = PrometheusServer(ServerConfig(name="x", url=door.url, **AMAZON))
    await server.query("up")
    await server.query("up")
    await server.close()
    assert len(role.requests) == 1


async def test_a_role_that_is_refused_is_said_without_the_token(door, role):
    role.answer = (403, STS.encode())
    with pytest.raises(MetricError) as caught:
        await ask(door.url, **AMAZON)
    assert (caught.value.reason, "of-the-pod" in caught.value.detail) == (Reason.METRIC_REFUSED, False)


async def test_no_keys_at_all_are_said(door, amazon):
    amazon.delenv("AWS_ACCESS_KEY_ID")
    with pytest.raises(MetricError, match="no credentials of AWS") as caught:
        await ask(door.url, **AMAZON)
    assert (caught.value.reason, door.requests) == (Reason.METRIC_REFUSED, [])


@pytest.fixture(scope="module")
def private():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
async def google(private, monkeypatch, tmp_path):
    """A service account of Google's, and the service that gives it tokens."""
    service = Door()
    service.answer = (
        200,
        json.dumps({"access_token": "of-google", "expires_in": 3600, "token_type": "Bearer"}).encode(),
    )

    async def handle(request):
        response = await service.handle(request)
        response.content_type = "application/json"
        return response

    app = web.Application()
    app.router.add_post("/token", handle)
    async with TestServer(app) as server:
        service.url = f"http://127.0.0.1:{server.port}/token"
        account = {
            "type": "service_account",
            "client_email": "poolkeeper@ours.iam.gserviceaccount.com",
            "token_uri": service.url,
            "private_key": private.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ).decode(),
        }
        (tmp_path / "account.json").write_text(json.dumps(account))
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "account.json"))
        yield service


def part(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


async def test_google_gets_the_token_that_it_gave(door, google):
    await ask(door.url, google={})
    assert door.requests[0][2]["Authorization"] == "Bearer of-google"


async def test_the_token_is_asked_for_by_the_account_to_read_metrics(door, google, private):
    await ask(door.url, google={})
    (assertion,) = parse_qs(google.requests[0][3].decode())["assertion"]
    head, claims, mac = assertion.split(".")
    private.public_key().verify(part(mac), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
    said = json.loads(part(claims))
    assert said["aud"] == "https://oauth2.googleapis.com/token"
    assert said["scope"] == "https://www.googleapis.com/auth/monitoring.read"


async def test_a_token_is_kept_until_it_ends(door, google):
    server = PrometheusServer(ServerConfig(name="x", url=door.url, google={}))
    await server.query("up")
    await server.query("up")
    await server.close()
    assert len(google.requests) == 1


async def test_a_token_that_ends_is_renewed(door, google):
    google.answer = (200, json.dumps({"access_token": "short", "expires_in": 1, "token_type": "Bearer"}).encode())
    server = PrometheusServer(ServerConfig(name="x", url=door.url, google={}))
    await server.query("up")
    await server.query("up")
    await server.close()
    assert len(google.requests) == 2


async def test_an_account_that_google_refuses_is_said(door, google):
    google.answer = (400, b'{"error": "invalid_grant"}')
    with pytest.raises(MetricError, match=r"no credentials of Google: .*invalid_grant"):
        await ask(door.url, google={})


@pytest.mark.parametrize("auth", [{}, AMAZON])
async def test_the_tenant_is_named_beside_any_proof(door, amazon, auth):
    await ask(door.url, tenant="team-a|team-b", **auth)
    assert door.requests[0][2]["X-Scope-OrgID"] == "team-a|team-b"


async def test_without_a_tenant_none_is_named(door):
    await ask(door.url)
    assert "X-Scope-OrgID" not in door.requests[0][2]


async def test_what_a_server_repeats_of_a_signature_is_veiled(door, amazon):
    amazon.setenv("AWS_SESSION_TOKEN", "hunter2")
    door.answer = (403, b'{"error": "the security token hunter2 is expired"}')
    with pytest.raises(MetricError, match=r"the security token \*\*\* is expired"):
        await ask(door.url, **AMAZON)


def test_a_password_is_veiled_in_plain_and_as_it_is_sent(tmp_path):
    (tmp_path / "password").write_text("hunter2")
    basic = {"username": "u", "passwordFile": tmp_path / "password"}
    proof = Proof(ServerConfig(name="x", url="http://h", basic=basic)).headers(Wire("GET", "http://h"))
    text = proof["Authorization"].partition(" ")[2]
    assert veiled(f"no {text}, no hunter2", proof) == "no ***, no ***"
