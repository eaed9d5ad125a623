"""Who a pod's page is asked as, and whom it is believed from: a Transport's token and certificates, out of Secrets.

A token leaves for a pod and for nowhere else: no log, event, status or error repeats it, and no redirect is followed.
Where a pool says `tls`, its pods are asked over TLS or not at all.
"""

import ssl
from http import HTTPStatus
from typing import NamedTuple

import aiohttp

from poolkeeper.core.model import Transport
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.secrets import Secrets

UNWELCOME = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}

# OpenSSL's verify codes (x509_vfy.h): those that say what a person has to do.
_ADVICE = {
    9: "is not valid yet: compare the clocks",
    10: "has expired: renew it on the pod",
    **dict.fromkeys((18, 19, 20, 21), "is signed by nobody trusted: name its authority in tls.caSecretRef"),
    62: "is for another name: put the one that it bears into tls.serverName",
    64: "is not for the pod's address: put the name that it bears into tls.serverName",
}


class TrustError(MetricError):
    """The two sides do not trust each other, which no other port or path of the pod would change."""


class _Trusted(NamedTuple):
    authority: bytes
    context: ssl.SSLContext


class Trust:
    """Makes headers and TLS contexts of what Secrets hold; a context lives as long as its authorities stay the same."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._trusted: dict[tuple[str, Transport], _Trusted] = {}

    async def headers(self, namespace: str, transport: Transport) -> dict[str, str]:
        """Return the token as a request bears it; raises MetricError."""
        if transport.token is None:
            return {}
        token = (await self._secrets.read(namespace, transport.token)).strip()
        if not token or not all(33 <= byte <= 126 for byte in token):  # noqa: PLR2004  what is printed, in ASCII
            words = f"secret {transport.token.name!r} in {namespace}: {transport.token.key!r} is no token"
            raise TrustError(Reason.METRIC_GARBAGE, words)
        return {"Authorization": f"Bearer {token.decode()}"}

    async def context(self, namespace: str, transport: Transport) -> ssl.SSLContext | None:
        """Return whom to trust over TLS, None where nobody asks for TLS; raises MetricError."""
        if not transport.tls:
            return None
        authority = await self._secrets.read(namespace, transport.ca) if transport.ca else b""
        known = self._trusted.get((namespace, transport))
        if known is None or known.authority != authority:
            known = _Trusted(authority, _context(transport, authority))
            self._trusted[namespace, transport] = known
        return known.context

    def doubt(self, namespace: str, transport: Transport) -> None:
        """Take in that a pod did not agree: what is kept of the Secrets may be older than what they hold now."""
        for key in filter(None, (transport.token, transport.ca)):
            self._secrets.doubt(namespace, key)


def unwelcome(url: object, status: int, transport: Transport) -> TrustError:
    """Return what a pod's 401 or 403 means."""
    wants = "another token" if transport.token else "a token"
    return TrustError(Reason.METRIC_REFUSED, f"{url} answered {status}: it wants {wants} (tokenSecretRef)")


def uncertified(error: aiohttp.ClientConnectorError) -> MetricError:
    """Return why no TLS came about, in words that name what to do."""
    place = f"{error.host}:{error.port}"
    known = getattr(error, "certificate_error", error.os_error)
    if not isinstance(known, ssl.SSLCertVerificationError):
        said = getattr(known, "reason", None) or type(known).__name__
        return MetricError(Reason.METRIC_REFUSED, f"{place} gives no TLS ({said}): leave out tls, or name another port")
    advice = _ADVICE.get(known.verify_code, f"is not accepted: {known.verify_message}")
    return TrustError(Reason.METRIC_REFUSED, f"certificate verify failed: that of {place} {advice}")


def _context(transport: Transport, authority: bytes) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cadata=authority.decode() or None)
    except (ssl.SSLError, ValueError):
        raise TrustError(Reason.METRIC_GARBAGE, "caSecretRef holds no PEM certificates") from None
    if not transport.verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
