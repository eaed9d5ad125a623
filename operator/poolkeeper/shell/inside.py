"""What a process of the operator shows of its inside: by which settings it runs, and what its tasks are at.

No value of a variable is shown, and of a server's address neither user nor query.
"""

import asyncio
import sys
import traceback
from collections import Counter
from importlib.metadata import version
from itertools import islice
from types import FrameType
from typing import Any

from yarl import URL

from poolkeeper.shell.settings import Settings

Json = dict[str, Any]

FRAMES = 8
"""Of a stack so many frames are shown, the innermost last."""
STACKS = 200
WALKED = 1000
"""So many tasks are looked at, some thirty milliseconds: of thousands of looks that have begun, most wait alike."""
DEEPEST = 40


def shown(settings: Settings) -> Json:
    """Return everything there is to show."""
    return {
        "version": version("poolkeeper"),
        "settings": configuration(settings),
        "tasks": tasks(),
        "moreTasks": max(0, len(asyncio.all_tasks()) - WALKED),
        "threads": threads(),
    }


def configuration(settings: Settings) -> Json:
    """Return the settings: of servers and brokers what they are called, where they are, and how one proves who asks."""
    return {
        "namespaces": list(settings.namespaces),
        "operatorNamespace": settings.operator_namespace,
        "leaseSeconds": settings.lease_duration.total_seconds(),
        "listen": settings.listen,
        "identity": settings.identity,
        "cluster": settings.cluster,
        "priceBook": settings.price_book,
        "ledgerLabels": list(settings.ledger_labels),
        "budgets": [one.name for one in settings.teams],
        "overheads": [one.name for one in settings.overheads],
        "journal": {"bytes": settings.journal.quota, "days": settings.journal.keep.days},
        "prometheus": [{"name": one.name, "url": place(str(one.url))} for one in settings.prometheus],
        "brokers": [one.name for one in settings.brokers],
    }


def place(url: str) -> str:
    """Return where a URL leads, without a user and a query.

    >>> place("https://reader:hunter2@prometheus:9090/mimir?token=x")
    'https://prometheus:9090/mimir'
    """
    return str(URL(url).with_user(None).with_query(None).with_fragment(None))


def tasks() -> list[Json]:
    """Return what tasks are at, `WALKED` of them, those that are at the same place together, the most first."""
    walked = islice(asyncio.all_tasks(), WALKED)
    found = Counter((task.get_name(), awaited(task.get_coro())) for task in walked)
    alike: Counter[tuple[str, ...]] = Counter()
    named: dict[tuple[str, ...], str] = {}
    for (name, frames), count in found.items():
        alike[frames] += count
        named.setdefault(frames, name)
    return [{"count": count, "name": named[at], "at": list(at)} for at, count in alike.most_common(STACKS)]


def threads() -> list[list[str]]:
    """Return what all threads are at."""
    return [calls(frame) for frame in sys._current_frames().values()]  # noqa: SLF001  there is no public way


def calls(frame: FrameType) -> list[str]:
    """Return a thread's frames in words, the innermost last."""
    found = list(traceback.walk_stack(frame))[:FRAMES][::-1]
    return [line(one.f_code.co_filename, number, one.f_code.co_name) for one, number in found]


def awaited(work: object) -> tuple[str, ...]:
    """Return where a coroutine is, and what it waits for, in words, the innermost last: a task tells only the first."""
    found: list[str] = []
    while work is not None and len(found) < DEEPEST:
        frame = _first(work, ("cr_frame", "gi_frame", "ag_frame"))
        if frame is not None:
            found.append(line(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
        work = _first(work, ("cr_await", "gi_yieldfrom", "ag_await"))
    return tuple(found[-FRAMES:])


def _first(thing: object, names: tuple[str, ...]) -> Any:  # noqa: ANN401  whatever Python keeps there
    return next((found for name in names if (found := getattr(thing, name, None)) is not None), None)


def line(file: str, number: int, function: str) -> str:
    """Return a place in the code, by the last parts of its file's name."""
    return f"{'/'.join(file.split('/')[-3:])}:{number} {function}"
