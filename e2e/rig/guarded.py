"""Engines' pages behind TLS and a token, at every pretended pod's address: one server listens to all of them."""

import ssl
import threading
from datetime import timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self
from unittest.mock import patch

from controlplane import certificates
from controlplane.certificates import Authority, Subject

NAME = "chat.inference.svc"
"""What the certificate bears: pods' addresses change, so none is in it."""


class GuardedPages:
    """Shows who waits at a vLLM to whoever bears the token, for as long as a `with` block lasts."""

    def __init__(self, directory: Path, token: str, port: int = 0) -> None:
        self.authority = Authority("guarded-ca", directory)
        self.token, self._tls = token, ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.certify()
        self.show()
        self._server = ThreadingHTTPServer(("0.0.0.0", port), _handler(self))  # noqa: S104  pods' addresses are many
        self._server.socket = self._tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def trusted(self) -> str:
        """Who signs, in PEM."""
        return self.authority.certificate.read_text()

    def source(self, secret: str) -> dict[str, Any]:
        """Return a pool's source that asks as these pages want it, by the keys `ca.crt` and `token` of a Secret."""
        tls = {"caSecretRef": {"name": secret, "key": "ca.crt"}, "serverName": NAME}
        token = {"name": secret, "key": "token"}
        return {"name": "pods", "pods": {"port": self.port, "tls": tls, "tokenSecretRef": token}}

    def certify(self, lifetime: timedelta = timedelta(days=1)) -> None:
        """Serve under a new certificate from the next connection on."""
        with patch.object(certificates, "_LIFETIME", lifetime):
            self._tls.load_cert_chain(*self.authority.issue("guarded", Subject("chat", names=(NAME,))))

    def show(self, waiting: int = 0) -> None:
        """Show so many waiting requests, the same at each pod."""
        self.page = f"vllm:num_requests_waiting {waiting}\nvllm:num_requests_running 0\nvllm:kv_cache_usage_perc 0\n"

    def answer(self, authorization: str) -> tuple[HTTPStatus, str]:
        """Return what is answered to somebody who shows this."""
        if authorization != f"Bearer {self.token}":
            return HTTPStatus.UNAUTHORIZED, "Unauthorized\n"
        return HTTPStatus.OK, self.page


def _handler(pages: GuardedPages) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, text = pages.answer(self.headers.get("Authorization", ""))
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: Any) -> None:  # noqa: ANN401  the standard library's own signature
            """Say nothing."""

    return Handler
