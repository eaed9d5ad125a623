"""Two operators, each in a seat: whoever dies there is started again, as a kubelet would, and sometimes killed."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

from chaos.deaths import Deaths
from chaos.leaders import Life
from controlplane import Cluster
from controlplane.programs import ProgramError
from rig.api import ApiError
from rig.operators import Operator

LOOK = 0.5
DELAY = (0.0, 4.0)
"""How long, in seconds, a seat stays empty."""


class Seat:
    """One seat; `lives` are the processes that sat there, and when each could act; `left`: by themselves, so many."""

    def __init__(self, cluster: Cluster, name: str, kubeconfig: Path, arguments: list[str]) -> None:
        self.name, self.lives = name, list[Life]()
        self._cluster, self._began, self._due = cluster, time.time(), 0.0
        self.left, self._killed = 0, False
        self.operator = Operator(cluster, name, [*arguments, "--identity", name], kubeconfig)

    def kill(self) -> bool:
        """End the process by SIGKILL, if there is one."""
        if not self.operator.running:
            return False
        self._close()
        self._killed = True
        self.operator.kill()
        return True

    def tend(self, chance: random.Random) -> None:
        """Start a process again some time after the last one ended."""
        if self.operator.running:
            self._due = 0.0
        elif not self._due:
            self._close()
            self.left += not self._killed
            self._killed = False
            self._due = time.time() + chance.uniform(*DELAY)
        elif time.time() >= self._due:
            self._began = time.time()
            self._cluster.programs.start(self.name, tied=True)

    def freeze(self) -> None:
        """Let the process stand still, if there is one."""
        self._signal(signal.SIGSTOP)
        self._close()

    def thaw(self) -> None:
        """Let it go on; where it was killed meanwhile, another one may sit there since."""
        self._began = self._began or time.time()
        self._signal(signal.SIGCONT)

    def leave(self) -> float:
        """Ask it to end, as Kubernetes does, and return when; it has ended when this returns."""
        asked = time.time()
        with suppress(KeyError, ProcessLookupError):
            self.operator.stop()
        self._close()
        return asked

    def _close(self) -> None:
        if self._began:
            self.lives.append(Life(self.name, self._began, time.time()))
        self._began = 0.0

    def _signal(self, number: signal.Signals) -> None:
        with suppress(KeyError, ProcessLookupError):
            os.kill(self.operator.pid, number)


class Seats:
    """All seats, tended from `with` to its end; `killed` counts, and stops at `kills`, spread over `seconds`.

    Nobody is killed before `unleash`. From then on time counts only while somebody leads, by `is_led`.
    """

    def __init__(self, seats: list[Seat], seed: int, kills: int, seconds: float) -> None:
        self.seats, self.killed = seats, 0
        self._deaths, self._seconds = Deaths(kills, seed), seconds
        self._chance = random.Random(seed)  # noqa: S311  deaths that can be repeated
        self._ended = threading.Event()
        self._due, self._until, self._is_led = float("inf"), float("inf"), never

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._tend, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.rest()
        for seat in self.seats:  # where the run was cut short: a proxy's end waits for whoever still asks
            seat.kill()

    def rest(self) -> None:
        """Kill nobody any more, and start nobody."""
        self._ended.set()
        self._thread.join()

    def unleash(self, is_led: Callable[[], bool]) -> None:
        """Begin to kill."""
        self._until = time.time() + self._seconds
        self._due = self._deaths.wait(0, self._seconds)
        self._is_led = is_led

    def spare(self) -> None:
        """Kill nobody any more."""
        self._is_led = never

    @property
    def lives(self) -> list[Life]:
        """All processes that there were."""
        return [life for seat in self.seats for life in seat.lives]

    def seat(self, holder: str) -> Seat | None:
        """Return the seat that an identity belongs to."""
        return next((seat for seat in self.seats if holder.startswith(seat.name)), None)

    def _tend(self) -> None:
        now = time.time()
        while not self._ended.wait(LOOK):
            before, now = now, time.time()
            with suppress(ProgramError, ApiError, OSError):
                for seat in self.seats:
                    seat.tend(self._chance)
                if self._due < float("inf") and self._is_led():
                    self._due -= now - before
                    self._kill(now)

    def _kill(self, now: float) -> None:
        """Kill whoever there is, once that is due; the next one is due some time after."""
        there = [seat for seat in self.seats if seat.operator.running] if self._due <= 0 else []
        if there and self._chance.choice(there).kill():
            self.killed += 1
            self._due = self._deaths.wait(self.killed, self._until - now)


def never() -> bool:
    """Return that nobody leads."""
    return False
