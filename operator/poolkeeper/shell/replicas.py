"""One replica as the core sees it: a pod, or a group of pods that serves, starts and is reclaimed as a whole.

A group is there, placed and ready when all of its pods are; what is said of the first pod of which anything is said, is
said of it.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from poolkeeper.core.observation import Pod
from poolkeeper.shell.views import PodView

Said = TypeVar("Said")


def merged(pods: Sequence[Pod], size: int) -> Pod:
    """Return the pods of a group of `size` as one, under the name of the first, which leads them.

    It is scheduled when all those are that were made: the others may wait for the leader.
    """
    leader = pods[0]
    if size == len(pods) == 1:
        return leader
    ready_at = latest([pod.ready_at for pod in pods]) if len(pods) >= size else None
    fell = [pod.unready_since for pod in pods if pod.unready_since]
    return replace(
        leader,
        scheduled_at=latest([pod.scheduled_at for pod in pods]),
        ready_at=ready_at,
        unready_since=None if ready_at else max(fell, default=None),
        trouble=first([pod.trouble for pod in pods]) or "",
        notice=first([pod.notice for pod in pods]) or "",
        wait=first([pod.wait for pod in pods]),
    )


def is_ready(pods: Sequence[PodView]) -> bool:
    """Return whether all pods of a replica are there and ready."""
    return len(pods) >= pods[0].group_size and all(pod.ready_at for pod in pods)


def latest(instants: Sequence[datetime | None]) -> datetime | None:
    """Return the last of them, None where one is not known."""
    known = [at for at in instants if at is not None]
    return max(known) if len(known) == len(instants) else None


def first(said: Sequence[Said]) -> Said | None:
    """Return the first that says anything."""
    return next((one for one in said if one), None)
