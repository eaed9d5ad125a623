"""Waiting until something answers, over verified TLS."""

import http.client
import ssl
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from controlplane.programs import Programs

_PAUSE = 0.03
_WITHIN = timedelta(seconds=60)


class NotInTimeError(RuntimeError):
    """What was waited for did not come."""


class BootError(RuntimeError):
    """A program died or did not become ready; the message holds the end of its log."""


def wait_until_ready(programs: Programs, name: str, url: str, context: ssl.SSLContext | None = None) -> None:
    """Wait until `url` answers 200, for at most a minute.

    Raises:
        BootError: the program `name` died, or the minute is over.
    """

    def ready() -> bool:
        if (code := programs.exits().get(name)) is not None:
            raise BootError(f"{name} ended with {code}\n{programs.tail(name)}")
        return answers(url, context)

    try:
        wait_for(ready, f"{name} at {url}", _WITHIN)
    except NotInTimeError as error:
        raise BootError(f"{error}\n{programs.tail(name)}") from error


def wait_for(condition: Callable[[], bool], what: str, within: timedelta) -> None:
    """Ask again and again until `condition()` holds.

    Raises:
        NotInTimeError: it did not hold `within` that time.
    """
    deadline = time.monotonic() + within.total_seconds()
    while not condition():
        if time.monotonic() > deadline:
            raise NotInTimeError(f"{what}: not within {within.total_seconds():g} s")
        time.sleep(_PAUSE)


def verified(authority: Path, certificate: Path, key: Path) -> ssl.SSLContext:
    """Return a TLS context that trusts `authority` alone and shows our certificate."""
    context = ssl.create_default_context(cafile=str(authority))
    context.load_cert_chain(str(certificate), str(key))
    return context


def answers(url: str, context: ssl.SSLContext | None = None) -> bool:
    """Say whether `url` answers 200 within two seconds."""
    parts = urlsplit(url)
    port = parts.port or 0
    host = parts.hostname or ""
    connection: http.client.HTTPConnection
    if context:
        connection = http.client.HTTPSConnection(host, port, timeout=2, context=context)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=2)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
