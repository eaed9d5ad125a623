"""Operators that contend for one lease, each as a pod of an installation, and each on its own way to the cluster.

leader ---- relay --+
                    +-- API server, whose audit log tells which pod sent what
standby --- relay --+
"""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from rig import audit
from rig.clocks import WallClock
from rig.fence import pods, pods_kubeconfig
from rig.install import Installation
from rig.operators import Operator
from rig.relay import Relay
from rig.space import Space
from rig.waiting import eventually

LEASE = "leases"
UNFENCED = {LEASE, "events"}
"""What whoever does not lead may write: a lease is contended for, and an event undoes nothing."""
PODS = 12
"""More than processes are started for one lease."""
STARTED = 300.0
"""Seconds that a process may take to start, on a machine with ten others that want it."""


@dataclass(frozen=True)
class Candidate:
    """A process, its way to the API server, its wall clock, and the pod that it says it is."""

    operator: Operator
    relay: Relay
    clock: WallClock
    pod: str


def _leads(one: Candidate) -> bool:
    return one.operator.running and bool(one.operator.said("leading"))


class Succession:
    """Keeps two candidates for the lease of an installation: whoever leads, and a standby that is ready to."""

    def __init__(self, space: Space, installation: Installation, ways: ExitStack, arguments: Sequence[str]) -> None:
        self.space, self.installation = space, installation
        self._ways, self._arguments = ways, arguments
        self._candidates: list[Candidate] = []
        self._known = 0
        self._pods = iter(pods(space.api, installation, PODS))

    def two(self) -> tuple[Candidate, Candidate]:
        """Return the leader and a standby; what is missing of them is started."""
        self._candidates = [one for one in self._candidates if one.operator.running]
        while len(self._candidates) < 2:
            self._candidates.append(self._start())
        leader = eventually(lambda: next(filter(_leads, self._candidates), None), "somebody leads", STARTED)
        (standby,) = (one for one in self._candidates if one is not leader)
        eventually(lambda: standby.operator.is_ready, f"{standby.pod} is ready to lead", STARTED)
        self._known = len(late(self._all()))
        return leader, standby

    def requests(self, pod: str) -> list[audit.Request]:
        """Return what a pod asked for, in order of the answers."""
        return [one for one in self._all() if one.pod == pod]

    def late_writes(self) -> list[audit.Request]:
        """Return what the API server has carried out since `two` for pods that did not lead any more."""
        return late(self._all())[self._known :]

    def _all(self) -> list[audit.Request]:
        return audit.requests(self.space.ground.cluster, self.installation.user)

    def _start(self) -> Candidate:
        cluster, pod = self.space.ground.cluster, next(self._pods)
        relay = self._ways.enter_context(Relay(cluster))
        kubeconfig = relay.kubeconfig(pods_kubeconfig(cluster, self.installation, pod))
        clock = WallClock(cluster.directory / f"{pod}.clock")
        given = (*self.installation.arguments, *self._arguments, "--identity", pod)
        return Candidate(self.space.operate(*given, kubeconfig=kubeconfig, clock=clock), relay, clock, pod)


def late(requests: Iterable[audit.Request]) -> list[audit.Request]:
    """Return the writes that were carried out for a pod after another had taken the lease; a test is no pod."""
    leader, found = "", []
    for one in requests:
        if not one.writes or one.status >= 400:
            continue
        if one.resource == LEASE:
            leader = one.pod
        elif one.resource not in UNFENCED and one.pod not in {"", leader}:
            found.append(one)
    return found
