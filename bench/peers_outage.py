"""What each system does when its metrics are gone: the exporter is killed under pools of 8, Prometheus stays up.

All systems stand on one cluster and lose the same exporter at the same moment, each with pools of its own; the pods of
the pools that are asked themselves refuse the connection, too.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from peers_crowd import PeersCrowd
from peers_systems import LEAST, MOST, SYSTEMS
from reaction import SPIKE
from stage import Stage, boot, say, wait_until

from fleet import Fault
from keda import autoscaler

OUTAGE = 420.0
PEAK_WITHIN = 300.0
PAUSE = 5.0
REPORT = 60.0


@dataclass
class Loss:
    """What one system's pools lost, from one look to the next: the least that each was ever asked to have."""

    least: dict[str, int] = field(default_factory=dict)

    def see(self, sizes: Mapping[str, int]) -> None:
        """Take note of sizes as they are."""
        self.least = {name: min(size, self.least.get(name, size)) for name, size in sizes.items()}

    @property
    def figures(self) -> dict[str, int]:
        """How many pools there are, lost a replica, and came down to the minimum."""
        sizes = self.least.values()
        return {
            "pools": len(sizes),
            "lost": sum(size < MOST for size in sizes),
            "at_minimum": sum(size <= LEAST for size in sizes),
        }


def outage(pools: int, names: list[str], seconds: float = OUTAGE) -> dict[str, dict[str, int]]:
    """Return what the pools of each system lost in so many seconds without metrics."""
    with (
        boot(gpus=pools * MOST * len(names)) as stage,
        autoscaler.apart(stage.cluster),
        at_peak(stage, names, pools) as crowds,
    ):
        losses = {name: Loss() for name in crowds}
        kill_metrics(stage, crowds)
        watch(crowds, losses, seconds)
        return {name: loss.figures for name, loss in losses.items()}


@contextmanager
def at_peak(stage: Stage, names: list[str], pools: int) -> Iterator[dict[str, PeersCrowd]]:
    """Bring the pools of all systems to their most, and keep the systems running meanwhile."""
    crowds = {name: PeersCrowd(stage, name, SYSTEMS[name], pools) for name in names}
    for crowd in crowds.values():
        crowd.deploy()
        crowd.rest()
    with ExitStack() as stack:
        for run in dict.fromkeys(crowd.system.run for crowd in crowds.values()):
            stack.enter_context(run(stage))
        for crowd in crowds.values():
            crowd.create_pools()
        for crowd in crowds.values():
            for name in crowd.names:
                crowd.show(name, SPIKE)
        say(f"every queue at {SPIKE}, until every pool is at {MOST}")
        wait_until(lambda: _all_at_peak(crowds), f"every pool is at {MOST}", PEAK_WITHIN, pause=1.0)
        yield crowds


def kill_metrics(stage: Stage, crowds: Mapping[str, PeersCrowd]) -> None:
    """Let nobody listen where metrics were served."""
    say("the exporter is killed; Prometheus stays up")
    stage.fleet.exporter_fault(Fault.REFUSED)
    for crowd in crowds.values():
        if not crowd.by_prometheus:
            for name in crowd.names:
                stage.fleet.fault(f"{crowd.namespace}/{name}", Fault.REFUSED)


def watch(crowds: Mapping[str, PeersCrowd], losses: Mapping[str, Loss], seconds: float) -> None:
    """Look at every size, again and again, for so many seconds."""
    began, told = time.monotonic(), 0.0
    while (passed := time.monotonic() - began) < seconds:
        for name, crowd in crowds.items():
            losses[name].see(crowd.sizes())
        if passed - told >= REPORT:
            told = passed
            lost = ", ".join(f"{name} {loss.figures['lost']}" for name, loss in losses.items())
            say(f"{passed:.0f} of {seconds:.0f} s without metrics; pools that lost a replica: {lost}")
        time.sleep(PAUSE)


def _all_at_peak(crowds: Mapping[str, PeersCrowd]) -> bool:
    return all(size == MOST for crowd in crowds.values() for size in crowd.sizes().values())
