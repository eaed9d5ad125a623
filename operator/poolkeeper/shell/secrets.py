"""Keys of Secrets in pools' namespaces: what a Role there lets the operator read, and nothing else.

read        kept for FRESH, so that a token that rotates is taken up and the API server is not asked at each look
doubted     kept for SOON: whoever it was shown to did not accept it, and there may be a newer one
refused     told in words that name the Secret, never what is in it
"""

import asyncio
import time
from base64 import b64decode
from collections.abc import Callable
from datetime import timedelta

import msgspec

from poolkeeper.core.model import SecretKey
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
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
    """Reads keys of Secrets, each once for a while."""

    def __init__(self, kube: KubeClient, clock: Callable[[], float] = time.monotonic) -> None:
        self._kube, self._clock = kube, clock
        self._known: dict[Place, tuple[float, bytes | MetricError]] = {}
        self._turns: dict[Place, asyncio.Lock] = {}

    async def read(self, namespace: str, wanted: SecretKey) -> bytes:
        """Return what a key holds.

        Raises:
            MetricError: it is not there, or may not be read.
        """
        place = (namespace, wanted)
        async with self._turns.setdefault(place, asyncio.Lock()):
            until, found = self._known.get(place, (0.0, None))
            if found is None or self._clock() >= until:
                found = await self._ask(namespace, wanted)
                lasts = SOON if isinstance(found, MetricError) else FRESH
                self._forget_old()
                self._known[place] = (self._clock() + lasts.total_seconds(), found)
        if isinstance(found, MetricError):
            raise MetricError(found.reason, found.detail)
        return found

    def doubt(self, namespace: str, wanted: SecretKey) -> None:
        """Take in that what is kept of a key was not accepted."""
        until, found = self._known.get((namespace, wanted), (0.0, None))
        if found is not None:
            self._known[namespace, wanted] = (min(until, self._clock() + SOON.total_seconds()), found)

    def _forget_old(self) -> None:
        """Let go of what nobody has asked for since it was fresh: no secret is kept longer than it serves."""
        self._known = {place: kept for place, kept in self._known.items() if self._clock() < kept[0]}
        self._turns = {place: turn for place, turn in self._turns.items() if turn.locked() or place in self._known}

    async def _ask(self, namespace: str, wanted: SecretKey) -> bytes | MetricError:
        where = f"secret {wanted.name!r} in {namespace}"
        try:
            secret = await self._kube.get(f"/api/v1/namespaces/{namespace}/secrets/{wanted.name}", into=_Secret)
        except NotFound:
            return MetricError(Reason.METRIC_REFUSED, f"there is no {where}")
        except Forbidden:
            words = f"{where} may not be read: a Role there must allow `get` on it (docs/how-to/read-secrets.md)"
            return MetricError(Reason.METRIC_REFUSED, words)
        except KubeError as error:
            return MetricError(Reason.METRIC_SERVER_ERROR, f"{where}: {error}")
        if wanted.key not in secret.data:
            return MetricError(Reason.METRIC_REFUSED, f"{where} has no key {wanted.key!r}")
        try:
            return b64decode(secret.data[wanted.key], validate=True)
        except ValueError:
            return MetricError(Reason.METRIC_GARBAGE, f"{where}: {wanted.key!r} is no base64")
