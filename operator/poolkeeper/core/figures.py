"""What engines show: a pool's figures, and what its pods' pages make of them."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
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


new = object.__new__
(
    set_uid, set_waiting, set_running, set_usage, set_inside, set_started, set_finished, set_prompts, set_given,
    set_prefill, set_decode,
) = [getattr(PodSample, each.name).__set__ for each in fields(PodSample)]  # fmt: skip


def samples(groups: Mapping[Counts, Sequence[str]], shown: tuple[float, float, float], now: Counts) -> list[PodSample]:
    """Return PodSample(uid, *shown, *(now - begun)) of the UIDs in groups that began at the same counts.

    Pods that began after `now` are left out. A replay makes samples by the million, and that is most of what looking
    costs: this way one takes half of the time that a frozen dataclass takes to be made.
    """
    waiting, running, usage = shown
    made = []
    for begun, uids in groups.items():
        inside, started, finished, prompts, given = map(sub, now, begun)
        if started < 0:
            continue
        for uid in uids:
            sample = new(PodSample)
            set_uid(sample, uid)
            set_waiting(sample, waiting)
            set_running(sample, running)
            set_usage(sample, usage)
            set_inside(sample, inside)
            set_started(sample, started)
            set_finished(sample, finished)
            set_prompts(sample, prompts)
            set_given(sample, given)
            set_prefill(sample, None)
            set_decode(sample, None)
            made.append(sample)
    return made
