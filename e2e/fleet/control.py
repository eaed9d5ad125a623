"""One interface to a fleet, whether it runs in this process (`FleetThread`) or in its own (`FleetProcess`).

    with FleetProcess(Settings(kubeconfig=path)) as fleet:
        fleet.queue("team-a/chat", 1500)
        fleet.fault("team-a/chat", Fault.NAN)
        fleet.clear("team-a/chat")

A call returns when what it changes is in force. A workload is `namespace/app`, after the pods' label `app`.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from math import isfinite
from typing import TypeVar

from fleet import commands
from fleet.faults import Fault
from fleet.pods import Pod
from fleet.report import Report

Told = TypeVar("Told")


class FleetControl(ABC):
    """What a fleet can be told. Raises `FleetError` where it cannot be done."""

    def load(
        self, workload: str, trace: str, *, rate: float = 1.0, seed: int = 1, window: tuple[float, float] = (0.0, 0.0)
    ) -> None:
        """Send the requests of a trace (see `fleet.shapes.named`) from now on, `rate` times as many.

        `window` is where in the trace to begin and for how long to go on, in the trace's seconds; a length of 0 is all.
        """
        self._send(commands.Load(workload, trace, rate, seed, *window), type(None))

    def queue(self, workload: str, total: int) -> None:
        """Let the workload's ready pods show `total` waiting requests between them, however many they become.

        A pod that is being deleted has no part in it."""
        self._send(commands.Show(workload, queue=total), type(None))

    def running(self, workload: str, per_pod: float, *, pod: str | None = None) -> None:
        """Let each pod show `per_pod` running requests, or only the one of this name."""
        self._send(commands.Show(workload, running=per_pod, pod=pod), type(None))

    def kv(self, workload: str, share: float) -> None:
        """Let each pod show this share (0 to 1) of its KV cache in use."""
        self._send(commands.Show(workload, cache_use=share), type(None))

    def fault(
        self, workload: str, fault: Fault, *, pod: str | None = None, share: float = 1.0, delay: float = 2.0
    ) -> None:
        """Let a fault befall one pod by name, a share of those that are ready now, or all and later ones too.

        `delay` is for `Fault.SLOW`, in seconds by the wall's clock.
        """
        self._send(commands.Break(workload, fault, pod, share, delay), type(None))

    def clear(self, workload: str) -> None:
        """End the workload's faults and shown values; its pods tell the truth again."""
        self._send(commands.Clear(workload), type(None))

    def report(self, workload: str, *, sla: float = 2.0, width: float = 60.0) -> Report:
        """What the workload's callers lived through; `sla` and `width` in the workload's seconds."""
        return self._send(commands.Ask(workload, sla, width), Report)

    def pods(self, workload: str) -> list[Pod]:
        """The workload's pods that are ready, not being deleted, and take connections now; by name."""
        return self._send(commands.List(workload), list[Pod])

    def see(self, *pods: Pod) -> None:
        """Take these as all the pods there are beside those of the API server."""
        self._send(commands.See(pods), type(None))

    def gauge(
        self, name: str, value: float, labels: Mapping[str, str] | None = None, *, at: float | None = None
    ) -> None:
        """Serve `name{labels} value` on the stand-in exporter, stamped with the Unix time `at` if given."""
        number = value if isfinite(value) else str(value)
        self._send(commands.Gauge(name, number, dict(labels or {}), at), type(None))

    def drop(self, name: str, labels: Mapping[str, str] | None = None) -> None:
        """Serve that element no more, or none of that name."""
        self._send(commands.Drop(name, None if labels is None else dict(labels)), type(None))

    def exporter_fault(self, fault: Fault | None) -> None:
        """Let a fault befall the exporter, or end it."""
        self._send(commands.BreakExporter(fault), type(None))

    @abstractmethod
    def _send(self, command: commands.AnyCommand, told: type[Told]) -> Told: ...


class FleetError(Exception):
    """The fleet could not start, or could not do what it was told; the words are its own."""
