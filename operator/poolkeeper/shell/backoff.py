"""How long one kind of a pool's writes rests after the API server has refused it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from poolkeeper.shell.kube_errors import ConflictError, Forbidden, Invalid, KubeError

FIRST = timedelta(seconds=0.5)  # less than the shortest interval: what was passing is tried again at the next look
LONGEST = timedelta(seconds=30)


@dataclass(slots=True)
class Backoff:
    """Rests that double up to `LONGEST`, or that the server asked for; `problem` is what it said last, empty: nothing.

    A conflict is no refusal: the next look sees what has changed. `lasting`: it was no passing trouble.
    """

    problem: str = ""
    lasting: bool = False
    wait: timedelta = timedelta(0)
    until: datetime | None = None

    def rests(self, now: datetime) -> bool:
        """Return whether it is too early to try again."""
        return self.until is not None and now < self.until

    def failed(self, error: KubeError, now: datetime) -> None:
        """Take in that a write failed."""
        if isinstance(error, ConflictError):
            self.succeeded()
            return
        self.problem = str(error)
        self.lasting = bool(self.wait) or isinstance(error, (Forbidden, Invalid))
        self.wait = min(LONGEST, max(FIRST, self.wait * 2))
        self.until = now + max(self.wait, min(LONGEST, error.retry_after or self.wait))

    def succeeded(self) -> None:
        """Take in that a write was carried out, or that none is needed any more."""
        self.problem, self.lasting, self.wait, self.until = "", False, timedelta(0), None
