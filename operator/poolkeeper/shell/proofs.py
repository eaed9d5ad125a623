"""Proving to a Prometheus who asks: a secret from a file, a signature over the request, a token, whose data is meant.

kind      what is sent                                    found
basic     Authorization: Basic                            in a file, for each request
bearer    Authorization: Bearer                           in a file, for each request
sigv4     Authorization: AWS4-HMAC-SHA256, X-Amz-Date     by botocore; a role's passing credentials are renewed in time
google    Authorization: Bearer                           by google-auth; renewed before it ends
tenant    X-Scope-OrgID, beside any of these              in the configuration

What cannot be had is a MetricError, and no secret is in its words.
"""

from base64 import b64decode
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import aiohttp

from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import WORDS, MetricError
from poolkeeper.shell.servers import ServerConfig, SigV4

if TYPE_CHECKING:
    from botocore.credentials import Credentials, ReadOnlyCredentials

TENANT = "X-Scope-OrgID"
READING = "https://www.googleapis.com/auth/monitoring.read"
"""All that Google is asked to allow."""
PATIENCE = 2
"""So many seconds may pass until a cloud has said who we are."""
SECRET = frozenset({"authorization", "x-amz-security-token"})


class Wire(NamedTuple):
    """A request as it goes out, byte for byte: a signature is over all of it."""

    method: str
    url: str
    body: bytes = b""


Headers = dict[str, str]
Sign = Callable[[Wire], Headers]


class Proof:
    """Proves to one server who asks. `waits`: somebody else may have to be asked first, which blocks the thread."""

    def __init__(self, server: ServerConfig) -> None:
        self._tenant = {TENANT: server.tenant} if server.tenant else {}
        self._sign = way(server)
        self.waits = server.sigv4 is not None or server.google is not None

    def headers(self, wire: Wire) -> Headers:
        """Return what a request must bear. Raises MetricError."""
        return self._tenant | self._sign(wire)


def way(server: ServerConfig) -> Sign:
    """Return how a server wants it proved."""
    if server.sigv4:
        return Signature(server.sigv4).sign
    if server.google:
        return Token().sign
    return partial(read, server)


def read(server: ServerConfig, _: Wire) -> Headers:
    """Return what files hold now."""
    if server.bearer:
        return {"Authorization": f"Bearer {secret(server.bearer.token_file)}"}
    if server.basic:
        password = secret(server.basic.password_file)
        return {"Authorization": aiohttp.encode_basic_auth(server.basic.username, password)}
    return {}


def secret(path: Path) -> str:
    """Return what a file holds. Raises MetricError."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise MetricError(Reason.METRIC_REFUSED, f"the secret in {path} cannot be read") from error


def veiled(words: str, headers: Headers) -> str:
    """Return words in which a server may have repeated what it was sent, without the secrets of these headers."""
    for name, value in headers.items():
        if name.lower() in SECRET:
            kind, _, text = value.rpartition(" ")
            words = words.replace(text, "***")
            if kind == "Basic" and (password := b64decode(text).decode().partition(":")[2]):
                words = words.replace(password, "***")
    return words


class Signature:
    """Signs for Amazon (Signature Version 4); the credentials are looked for once and renewed by botocore."""

    def __init__(self, settings: SigV4) -> None:
        self._settings = settings
        self._found: Credentials | None = None

    def sign(self, wire: Wire) -> Headers:
        """Return a signature over a request. Raises MetricError where there are no credentials."""
        from botocore.auth import SigV4Auth  # noqa: PLC0415  an extra
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        request = AWSRequest(wire.method, wire.url, data=wire.body)
        try:
            signer = SigV4Auth(self._credentials(), self._settings.service, self._settings.region)
            signer.add_auth(request)
        except (BotoCoreError, ClientError) as error:
            raise MetricError(Reason.METRIC_REFUSED, f"no credentials of AWS: {error}"[:WORDS]) from error
        return dict(request.headers.items())

    def _credentials(self) -> "ReadOnlyCredentials":
        from botocore.config import Config  # noqa: PLC0415
        from botocore.exceptions import NoCredentialsError  # noqa: PLC0415
        from botocore.session import Session  # noqa: PLC0415

        if self._found is None:
            session = Session()
            session.set_default_client_config(
                Config(connect_timeout=PATIENCE, read_timeout=PATIENCE, retries={"total_max_attempts": 1})
            )
            self._found = session.get_credentials()
        if self._found is None:
            raise NoCredentialsError
        return self._found.get_frozen_credentials()


class Token:
    """Bears Google's token; it is renewed a while before it ends."""

    def __init__(self) -> None:
        self._credentials: Any = None

    def sign(self, wire: Wire) -> Headers:
        """Return the token that holds now. Raises MetricError where there is none."""
        import google.auth  # noqa: PLC0415  an extra
        from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415
        from google.auth.transport.requests import Request  # noqa: PLC0415

        borne: Headers = {}
        try:
            if self._credentials is None:
                self._credentials, _ = google.auth.default(scopes=[READING])
            self._credentials.before_request(partial(Request(), timeout=PATIENCE), wire.method, wire.url, borne)
        except GoogleAuthError as error:
            raise MetricError(Reason.METRIC_REFUSED, f"no credentials of Google: {error}"[:WORDS]) from error
        return borne
