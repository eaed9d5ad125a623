"""What `poolkeeper check` tells of the pods' own pages: whose they are, where they are, and which pods have none."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from poolkeeper.core.model import PickerSource, PodsSource, PoolSpec
from poolkeeper.core.observation import Reading
from poolkeeper.shell.queues.scrape import Found
from poolkeeper.shell.views import PodView

NAMED = 3
"""So many pods are named that show the same; of the others it is said how many they are."""


class PodPage(NamedTuple):
    """A pod's page: its engine and where it was found, or what is wrong with it."""

    source: str
    pod: str
    engine: str = ""
    names: str = ""
    page: str = ""
    fault: str = ""

    def told(self) -> str:
        """Return it in words, without the pod's name."""
        names = f" ({self.names})" if self.names else ""
        shown = f"{self.engine}{names} at {self.page}" if self.engine else ""
        return ", but ".join(filter(None, (shown, self.fault)))


def pages_of(pods: Iterable[PodView], reading: Reading, found: Callable[[str], Found | None]) -> Iterator[PodPage]:
    """Yield what is known of each pod's page after a reading of it."""
    faults = {fault.uid: f"{fault.reason.value}: {fault.detail}" for fault in reading.faults}
    for pod in pods:
        place, fault = found(pod.uid), faults.get(pod.uid, "")
        if place is None:
            yield PodPage(reading.source, pod.name, fault=fault)
            continue
        where = f":{place.endpoint.port}{place.endpoint.path}"
        yield PodPage(reading.source, pod.name, place.engine.name, place.generation, where, fault)


def told(pages: Iterable[PodPage]) -> Iterator[str]:
    """Yield a line for all pods of which the same is to be told."""
    same: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for page in pages:
        same[page.source, page.told()].append(page.pod)
    for (source, words), pods in same.items():
        yield f"source {source}: {_listed(sorted(pods))}: {words}"


def cautions(spec: PoolSpec) -> Iterator[str]:
    """Yield what is sent or believed more freely than it need be."""
    for source in spec.queue.sources:
        if not isinstance(source, PodsSource | PickerSource):
            continue
        transport = source.transport
        if transport.token and not transport.tls:
            yield f"source {source.name}: its token is sent in plain HTTP; write tls where the page is served over TLS"
        if transport.tls and not transport.verify:
            yield f"source {source.name}: insecureSkipVerify believes, and shows its token to, whoever answers"


def _listed(pods: Sequence[str]) -> str:
    named = ", ".join(pods[:NAMED])
    return f"{named} and {len(pods) - NAMED} more" if len(pods) > NAMED else named
