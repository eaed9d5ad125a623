"""All that a test or a demo can tell a fleet: the same values in process and over HTTP."""

import msgspec

from fleet.faults import Fault
from fleet.pods import Pod


class Command(msgspec.Struct, frozen=True, tag_field="do", tag=str.lower):
    """One thing to do; `workload` is `namespace/app` everywhere."""


class Load(Command, frozen=True):
    """Send the requests of a named trace from now on, `rate` times as many, `length` seconds from `start` (0: all)."""

    workload: str
    trace: str
    rate: float = 1.0
    seed: int = 1
    start: float = 0.0
    length: float = 0.0


class Show(Command, frozen=True):
    """Show these values instead of the truth; what is None stays as it is. `pod`: only this one shows `running`."""

    workload: str
    queue: int | None = None
    running: float | None = None
    cache_use: float | None = None
    pod: str | None = None


class Break(Command, frozen=True):
    """Let a fault befall a workload: one pod by name, a share of those that are ready, or all and later ones too."""

    workload: str
    fault: Fault
    pod: str | None = None
    share: float = 1.0
    delay: float = 2.0


class Clear(Command, frozen=True):
    """End a workload's faults and shown values."""

    workload: str


class Ask(Command, frozen=True):
    """Report on a workload's requests."""

    workload: str
    sla: float = 2.0
    width: float = 60.0


class See(Command, frozen=True):
    """Take these as all the pods there are: for tests without an API server."""

    pods: tuple[Pod, ...]


class List(Command, frozen=True):
    """Name the pods that serve now."""

    workload: str


class Gauge(Command, frozen=True):
    """Serve an element on the stand-in exporter's page, stamped with the Unix time `at` if given.

    JSON has no NaN and no infinity, so `value` may be a word for a float too.
    """

    name: str
    value: float | str
    labels: dict[str, str] = {}
    at: float | None = None


class Drop(Command, frozen=True):
    """Serve an element no more, or no element of that name."""

    name: str
    labels: dict[str, str] | None = None


class BreakExporter(Command, frozen=True):
    """Let a fault befall the exporter, or none."""

    fault: Fault | None = None


AnyCommand = Load | Show | Break | Clear | Ask | See | List | Gauge | Drop | BreakExporter
