"""Parts of objects as the API server sends them."""

from datetime import UTC, datetime

import msgspec

WHEN = "2026-03-02T12:00:00Z"
LATER = "2026-03-02T12:04:00Z"
AT, AT_LATER = datetime(2026, 3, 2, 12, 0, tzinfo=UTC), datetime(2026, 3, 2, 12, 4, tzinfo=UTC)


def read(body, item):
    return msgspec.json.decode(msgspec.json.encode(body), type=item)


def metadata(**changes):
    return {
        "name": "chat",
        "namespace": "lab",
        "uid": "u1",
        "resourceVersion": "7",
        "creationTimestamp": WHEN,
    } | changes


def condition(kind, status, **more):
    return {"type": kind, "status": status, "lastTransitionTime": LATER} | more
