"""Where trials are lived: in this process, in several on this machine, or on the workers of a Dask cluster.

`concurrent.futures` is the one interface: a cluster's client gives an executor, too.
"""

import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from multiprocessing import get_context
from typing import Any

from poolkeeper.simulate.study import Row, Trial, lived
from poolkeeper.simulate.trace import Trace

Told = Callable[[float], None]

DASK = "dask://"
ADDRESS = re.compile(r"(?:[\w.-]+|\[[\da-fA-F:.]+\]):(\d{1,5})", re.ASCII)
LAST_PORT = 65_535
PATIENCE = "10s"
"""How long a cluster may take to answer."""


Sent = tuple[Executor, Any]
"""Who lives trials, and the trace, or what the workers find it by."""


class FleetError(ValueError):
    """A cluster that is none, or that does not answer; the words say what to do."""


def live(trials: Sequence[Trial], trace: Trace, on: str | None, told: Told) -> list[Row]:
    """Return what comes of trials, in their order; `told` is told which share is done.

    `on` is where: `dask://HOST:PORT`, None for this machine.

    Raises:
        FleetError: the cluster cannot be reached.
        ValueError: a trial cannot be lived.
    """
    many = min(len(trials), os.cpu_count() or 1)
    if on is None and many <= 1:
        return [lived(trial, trace, partly(told, number, len(trials))) for number, trial in enumerate(trials)]
    with cluster(on, trace) if on else processes(many, trace) as (workers, sent):
        waiting: list[Future[Row]] = [workers.submit(lived, trial, sent) for trial in trials]
        for done, _ in enumerate(as_completed(waiting), start=1):
            told(done / len(waiting))
        return [one.result() for one in waiting]


def partly(told: Told, number: int, many: int) -> Told:
    """Return what tells the share of all trials from the share of one."""
    return lambda share: told((number + share) / many)


@contextmanager
def processes(many: int, trace: Trace) -> Iterator[Sent]:
    """Open so many processes; what still waits at the end is given up.

    They are begun afresh: a fork would copy the locks of the threads that show progress.
    """
    workers = ProcessPoolExecutor(many, mp_context=get_context("spawn"))
    try:
        yield workers, trace
    finally:
        workers.shutdown(cancel_futures=True)


@contextmanager
def cluster(on: str, trace: Trace) -> Iterator[Sent]:
    """Open the workers of a Dask cluster, and give them the trace once for all trials.

    Raises:
        FleetError: the address is none, Dask is not installed, or nobody answers.
    """
    host = on.removeprefix(DASK)
    found = ADDRESS.fullmatch(host)
    if not on.startswith(DASK) or found is None or not 0 < int(found[1]) <= LAST_PORT:
        raise FleetError(f"{on!r} is no cluster; write it as in {DASK}scheduler:8786")
    if find_spec("distributed") is None:
        raise FleetError(f"{on} needs Dask: pip install 'poolkeeper[dask]'")
    distributed = import_module("distributed")  # half a second that others need not wait
    try:
        client = distributed.Client(f"tcp://{host}", timeout=PATIENCE, set_as_default=False)
    except OSError as error:
        raise FleetError(f"no Dask scheduler answers at {host}") from error
    with client, client.get_executor(pure=False) as workers:
        yield workers, client.scatter(trace)
