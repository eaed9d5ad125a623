"""A write that fails rests for a while, and is said; whatever else the pool writes goes on."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from poolkeeper.api.names import shown
from poolkeeper.shell.backoff import Backoff
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import KubeError
from poolkeeper.shell.pools import Pool

log = structlog.get_logger("poolkeeper")


@contextmanager
def noting(kube: KubeClient, pool: Pool, rest: Backoff) -> Iterator[None]:
    """Let a write that fails rest for a while, and say so."""
    try:
        yield
    except KubeError as error:
        rest.failed(error, kube.clock.now())
        if rest.problem:
            log.warning("write failed", pool=shown(pool.key[1]), namespace=pool.key[0], error=rest.problem)
    else:
        rest.succeeded()
