"""Keys of Secrets in pools' namespaces: what a Role there lets the operator read, and nothing else.

read        kept for FRESH, so that a token that rotates is taken up and the API server is not asked at each look
doubted     kept for SOON: whoever it was shown to did not accept it, and there may be a newer one
refused     told in words that name the Secret, never what is in it
"""

import time
from base64 import b64decode
from collections.abc import Callable
from datetime import timedelta

import msgspec

from poolkeeper.core.model import SecretKey
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.kept import Kept, Lasts
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import Forbidden, KubeError, NotFound

FRESH = timedelta(seconds=60)
SOON = timedelta(seconds=5)
"""So long a refusal stands before it is asked again."""

Place = tuple[str, SecretKey]


class _Secret(msgspec.Struct):
    """A v1 Secret, as far as we read it."""

    data: dict[str, str] = {}


class Secrets:
    """Reads keys of Secrets, each once for a while; no secret is kept longer than it serves."""

    def __init__(self, kube: KubeClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._kube = kube
        self._kept: Kept[Place, bytes] = Kept(self._ask, Lasts(FRESH, SOON, left=timedelta(0)), clock)

    async def read(self, namespace: str, wanted: SecretKey) -> bytes:
        """Return what a key holds.

        Raises:
            MetricError: it is not there, or may not be read.
        """
        return await self._kept.get((namespace, wanted))

    def doubt(self, namespace: str, wanted: SecretKey) -> None:
        """Take in that what is kept of a key was not accepted."""
        self._kept.doubt((namespace, wanted))

    async def _ask(self, place: Place) -> bytes:
        namespace, wanted = place
        where = f"secret {wanted.name!r} in {namespace}"
        try:
            secret = await self._kube.get(f"/api/v1/namespaces/{namespace}/secrets/{wanted.name}", into=_Secret)
        except NotFound as error:
            raise MetricError(Reason.METRIC_REFUSED, f"there is no {where}") from error
        except Forbidden as error:
            words = f"{where} may not be read: a Role there must allow `get` on it (docs/how-to/read-secrets.md)"
            raise MetricError(Reason.METRIC_REFUSED, words) from error
        except KubeError as error:
            raise MetricError(Reason.METRIC_SERVER_ERROR, f"{where}: {error}") from error
        if wanted.key not in secret.data:
            raise MetricError(Reason.METRIC_REFUSED, f"{where} has no key {wanted.key!r}")
        try:
            return b64decode(secret.data[wanted.key], validate=True)
        except ValueError as error:
            raise MetricError(Reason.METRIC_GARBAGE, f"{where}: {wanted.key!r} is no base64") from error
