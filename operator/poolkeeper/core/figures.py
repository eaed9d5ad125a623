"""What engines show: a pool's figures, and what its pods' pages make of them."""

from collections.abc import Mapping, Sequence
from operator import sub
from typing import NamedTuple

from poolkeeper.core.observation import PodSample


class Counts(NamedTuple):
    """What an average replica that has been there from the start has counted."""

    inside: float = 0.0
    started: float = 0.0
    finished: float = 0.0
    prompt_tokens: float = 0.0
    generation_tokens: float = 0.0


class Figures(NamedTuple):
    """What the engines show at a second: the pool's waiting and running, KV usage, and what they have counted."""

    clock: float
    waiting: float
    running: float
    usage: float
    came: float
    finished: float
    counts: Counts


def samples(groups: Mapping[Counts, Sequence[str]], shown: tuple[float, float, float], now: Counts) -> list[PodSample]:
    """Return PodSample(uid, *shown, *(now - begun)) of the UIDs in groups that began at the same counts.

    Pods that began after `now` are left out.
    """
    made: list[PodSample] = []
    for begun, uids in groups.items():
        counted = Counts(*map(sub, now, begun))
        if counted.started >= 0:
            told = (*shown, *counted, None, None)
            made += [PodSample._make((uid, *told)) for uid in uids]
    return made
