"""What goes wrong on the way to the API server. Each is plain data; the proxy asks it about every request.

A share of all requests is hit, drawn by the run's seed. What is said in an answer is what real API servers say.
"""

from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Any

Json = dict[str, Any]

FULL = "etcdserver: mvcc: database space exceeded"


class Deed(StrEnum):
    """What is done to a request."""

    REFUSE = "refuse"  # it is answered here, by an error
    SLOW = "slow"  # it arrives late, or its answer does
    HALF = "half"  # half of its answer comes, and then the connection ends
    CUT = "cut"  # the connection ends; watches end one after the other
    HANG = "hang"  # watches are taken, and silent
    EXPIRE = "expire"  # a watch begins, and tells of 410 in an ERROR event
    AWAY = "away"  # nobody is there


class Request:
    """What is known of a request: its method, its path, whether it watches, and whether from a version on."""

    def __init__(self, method: str, path: str, query: dict[str, str]) -> None:
        self.method, self.path = method, path
        self.watches = query.get("watch") in {"1", "true"}
        self.resumes = self.watches and query.get("resourceVersion", "0") != "0"

    @property
    def writes(self) -> bool:
        """Whether it asks for a change."""
        return self.method != "GET"


@dataclass(frozen=True)
class Trouble:
    """One deed to a share of the requests whose path holds `path`; `only` writes, or watches that resume."""

    deed: Deed
    share: float = 1.0
    status: int = 0
    words: str = ""
    retry_after: int = 0
    seconds: float = 0.0
    path: str = ""
    only: str = ""

    def hits(self, request: Request, chance: Random) -> bool:
        """Return whether a request is among those that are hit."""
        if self.path not in request.path:
            return False
        asked = {"": True, "writes": request.writes, "watches": request.watches, "resumes": request.resumes}[self.only]
        return asked and chance.random() < self.share

    @property
    def answer(self) -> Json:
        """The Status object of an error."""
        return status(self.status, self.words)


def status(code: int, words: str) -> Json:
    """Return an error as the API server tells of it."""
    reasons = {
        403: "Forbidden",
        410: "Expired",
        429: "TooManyRequests",
        500: "InternalError",
        503: "ServiceUnavailable",
    }
    known = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure"}
    return {**known, "message": words, "reason": reasons.get(code, ""), "code": code}


TOO_OLD = "too old resource version: 1 (2)"
STORMS = {
    "storm-429": Trouble(Deed.REFUSE, 0.6, 429, "too many requests, please try again later", retry_after=1),
    "storm-500": Trouble(Deed.REFUSE, 0.6, 500, "etcdserver: request timed out"),
    "storm-503": Trouble(Deed.REFUSE, 0.6, 503, "the server is currently unable to handle the request"),
    "storm-403": Trouble(Deed.REFUSE, 0.6, 403, "forbidden: the authorizer is starting"),
    "slow": Trouble(Deed.SLOW, 0.7, seconds=2.0),
    "half": Trouble(Deed.HALF, 0.4),
    "cut": Trouble(Deed.CUT, 0.3),
    "hang": Trouble(Deed.HANG, only="watches"),
    "gone-status": Trouble(Deed.REFUSE, 1, 410, TOO_OLD, only="resumes"),
    "gone-event": Trouble(Deed.EXPIRE, 1, 410, TOO_OLD, only="resumes"),
    "ledger-full": Trouble(Deed.REFUSE, 1, 500, FULL, path="/configmaps", only="writes"),
    "ledger-507": Trouble(Deed.REFUSE, 1, 507, "insufficient storage", path="/configmaps", only="writes"),
    "away": Trouble(Deed.AWAY),
}
