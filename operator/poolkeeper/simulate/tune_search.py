"""The search for specs that cost little and keep the SLA: optuna asks, trials answer with costs and late requests.

Trials are asked for BATCH at a time whatever the machine can do at once, and told in order, so that a seed always finds
the same. The sampler is optuna's multi-objective TPE (Ozaki et al. 2022), which knows of what is still being lived.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from math import ceil, log10
from typing import Any

from poolkeeper.simulate.tune_lives import Part
from poolkeeper.simulate.tune_space import Changes, Dimension, changes

BATCH = 4
BY_HAND = 0.4
"""Up to this share of the trials is near today's pool."""
HARDLY = 1e-5
"""A smaller share of late requests is as good as none."""

Answers = Callable[[Sequence[Changes]], list[Part]]


class TuneError(ValueError):
    """What keeps a pool from being tuned; the words say what to do."""


@dataclass(frozen=True, slots=True)
class Found:
    """Changes of today's pool, none for that itself, and what came of them on the days that were searched."""

    changes: Changes
    searched: Part

    def beats(self, other: "Found") -> bool:
        """Return whether it is no worse than another in cost and in late requests, and better in one of them."""
        mine = (self.searched.cost, -self.searched.inside)
        theirs = (other.searched.cost, -other.searched.inside)
        return mine != theirs and mine[0] <= theirs[0] and mine[1] <= theirs[1]


def optimiser() -> Any:  # noqa: ANN401  a module that may not be installed
    """Return optuna.

    Raises:
        TuneError: it is not installed.
    """
    if find_spec("optuna") is None:
        raise TuneError("tune needs optuna: pip install 'poolkeeper[tune]'")
    optuna = import_module("optuna")  # seconds that others need not wait
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def search(tried: Sequence[Dimension], answers: Answers, many: int, seed: int) -> list[Found]:
    """Return what so many trials found, today's pool first; the same changes are lived and listed once.

    Raises:
        TuneError: optuna is not installed.
    """
    optuna = optimiser()
    sampler = optuna.samplers.TPESampler(seed=seed, constant_liar=True)
    study = optuna.create_study(directions=["minimize", "minimize"], sampler=sampler)
    for places in islice(firsts(tried), ceil(many * BY_HAND)):
        study.enqueue_trial({one.path: place for one, place in zip(tried, places, strict=True)})
    known: dict[str, Found] = {}
    for begin in range(0, many, BATCH):
        batch = [study.ask() for _ in range(min(BATCH, many - begin))]
        asked = [changes(tried, [suggested(one, dimension) for dimension in tried]) for one in batch]
        fresh = {str(made): made for made in asked if str(made) not in known}
        lived = answers(list(fresh.values()))
        known |= {key: Found(made, part) for (key, made), part in zip(fresh.items(), lived, strict=True)}
        for one, made in zip(batch, asked, strict=True):
            study.tell(one, aims(known[str(made)].searched))
    return list(known.values())


def firsts(tried: Sequence[Dimension]) -> Iterator[list[int]]:
    """Yield where to begin: today's pool, then that with one field a value on or back, the shortest lists first.

    A guess that changes all fields at once seldom comes near a pool that was chosen with care.
    """
    today = [one.today for one in tried]
    yield today
    for place, one in sorted(enumerate(tried), key=lambda pair: len(pair[1].values)):
        near = (one.today - 1, one.today + 1)
        yield from ([*today[:place], value, *today[place + 1 :]] for value in near if 0 <= value < len(one.values))


def suggested(trial: Any, dimension: Dimension) -> int:  # noqa: ANN401  optuna's, see optimiser()
    """Return the place of the value that a trial is to have."""
    return int(trial.suggest_int(dimension.path, 0, len(dimension.values) - 1))


def aims(part: Part) -> tuple[float, float]:
    """Return what is to be small: the cost, and how many are late, as a logarithm: from 1 % to 0.1 % is a step, too."""
    return part.cost, log10(1 - part.inside + HARDLY)


def layers(found: Sequence[Found]) -> Iterator[list[Found]]:
    """Yield the frontier, cheapest first: what nothing else beats; then the frontier of the rest, and so on.

    Of those that come to the same figures, the one that changes least stands for all.
    """
    simplest = {one.searched: one for one in sorted(found, key=lambda one: -len(one.changes))}
    left = list(simplest.values())
    while left:
        front = [one for one in left if not any(other.beats(one) for other in left)]
        yield sorted(front, key=lambda one: (one.searched.cost, -one.searched.inside))
        left = [one for one in left if one not in front]
