"""What can go wrong with a request to the API server, in the API server's own words.

KubeError
├── Unreachable        no connection, or it broke: the request may or may not have been carried out
├── TimedOut           no answer in time: the same doubt
├── Unreadable         an answer that is not what was asked for, or larger than the limit
└── Refused            an answer that says no; `status` is its HTTP status
├── Unauthorized       401
├── Forbidden          403
├── NotFound           404
├── ConflictError      409: a precondition failed, the name is taken, or others own what was to be applied
├── Gone               410: a resource version or a continue token is too old
├── Invalid            400, 415, 422
├── TooManyRequests    429
└── ServerError        5xx, and whatever else is no success
"""

# ruff: noqa: N818  the names are those of the HTTP statuses, as in the field; the base says that they are errors

import re
from dataclasses import dataclass
from datetime import timedelta

import msgspec

NO_KIND = "404 page not found"
"""How the API server's answer ends where it has no such resource at all."""
_MANAGER = re.compile(r'conflict with "([^"]*)"')


@dataclass(frozen=True, slots=True)
class FieldOwner:
    """A field that `manager` owns and keeps at a value of its own; `path` as the API server writes it."""

    path: str
    manager: str


class KubeError(Exception):
    """A request failed. `retry_after` is how long the server asked to be left alone, where it did."""

    retry_after: timedelta | None = None


class Unreachable(KubeError):
    """There was no connection, or it broke."""


class TimedOut(KubeError):
    """There was no answer in time."""


class Unreadable(KubeError):
    """The answer is not what was asked for, or it is larger than the limit."""


class Refused(KubeError):
    """The API server said no; the message is its own."""

    def __init__(self, message: str, *, status: int, reason: str = "", retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.retry_after = retry_after


class Unauthorized(Refused):
    """401: the credentials are missing, wrong or expired."""


class Forbidden(Refused):
    """403: the credentials do not allow it."""


class NotFound(Refused):
    """404: there is no such object, or no such kind."""


class ConflictError(Refused):
    """409: a precondition failed, the name is taken, or others own what was to be applied: those are its `owners`."""

    owners: tuple[FieldOwner, ...] = ()


class Gone(Refused):
    """410: a resource version or a continue token is too old."""


class Invalid(Refused):
    """400, 415, 422: the request or the object in it is wrong."""


class TooManyRequests(Refused):
    """429: the server's own budget for us is used up; see `retry_after`."""


class ServerError(Refused):
    """5xx, and whatever else is no success."""


class Cause(msgspec.Struct):
    """One of several causes of a refusal."""

    reason: str = ""
    message: str = ""
    field: str = ""


class Status(msgspec.Struct):
    """What matters of a `v1.Status`: the body of a refusal, and the object of a watch's ERROR event."""

    class Details(msgspec.Struct, rename="camel"):
        """What a refusal says beside its message."""

        retry_after_seconds: int = 0
        causes: list[Cause] = []

    message: str = ""
    reason: str = ""
    code: int = 0
    details: Details | None = None


_TREE: dict[int, type[Refused]] = {
    400: Invalid,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: ConflictError,
    410: Gone,
    415: Invalid,
    422: Invalid,
    429: TooManyRequests,
}


def refusal(status: int, body: bytes, retry_after: str | None = None) -> Refused:
    """Return the error for an HTTP status and a body, which need not be the API server's (a proxy may answer)."""
    told = _status(body)
    error = _TREE.get(status, ServerError)(
        told.message or body[:200].decode(errors="replace").strip() or f"HTTP {status}",
        status=status,
        reason=told.reason,
        retry_after=_delay(retry_after, told),
    )
    if isinstance(error, ConflictError):
        error.owners = _owners(told)
    return error


def _status(body: bytes) -> Status:
    try:
        return msgspec.json.decode(body, type=Status)
    except msgspec.DecodeError:
        return Status()


def _owners(told: Status) -> tuple[FieldOwner, ...]:
    causes = told.details.causes if told.details else ()
    return tuple(
        FieldOwner(cause.field, found[1] if (found := _MANAGER.search(cause.message)) else "somebody else")
        for cause in causes
        if cause.reason == "FieldManagerConflict"
    )


def _delay(header: str | None, told: Status) -> timedelta | None:
    if header and header.isdecimal():
        return timedelta(seconds=int(header))
    seconds = told.details.retry_after_seconds if told.details else 0
    return timedelta(seconds=seconds) if seconds else None
