"""One pool and its engines."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar

from installed.place import Place
from installed.sizes import Sizes
from rig.manifests import pool, published
from rig.waiting import eventually

CROWD, STEADY, NOBODY = 1500, 500, 0
"""Above the threshold; between the two, where nothing changes; below."""


@dataclass(frozen=True)
class Chat:
    """A Deployment of two engines, and the published case over it: above 1000 one more, below 100 one less."""

    place: Place
    NAMESPACE: ClassVar[str] = "inference"
    NAME: ClassVar[str] = "chat"
    MINIMUM: ClassVar[int] = 2

    def create(self) -> None:
        """Create both, and wait until the engines are ready."""
        self.place.engines.deploy(self.NAMESPACE, self.NAME, self.MINIMUM)
        made = json.dumps(pool(self.NAME, published(grace="3s"), maxReplicas=3))
        self.place.kubectl("apply", "--namespace", self.NAMESPACE, "-f", "-", given=made)

    def queue(self, total: int) -> None:
        """Let so many requests wait."""
        self.place.engines.queue(self.NAMESPACE, self.NAME, total)

    def size(self) -> int:
        """Return how many engines the Deployment shall have."""
        asked = ("get", "deployment", self.NAME, "--namespace", self.NAMESPACE, "-o", "jsonpath={.spec.replicas}")
        return int(self.place.kubectl(*asked))

    def grows(self) -> None:
        """Let a crowd come, and wait until there is an engine more for it."""
        self.queue(CROWD)
        eventually(lambda: self.size() == self.MINIMUM + 1, "an engine more for a crowd")

    def shrinks(self) -> None:
        """Let the crowd go, and wait until the engine has gone, too."""
        self.queue(NOBODY)
        eventually(lambda: self.size() == self.MINIMUM, "an engine less for nobody")

    def follows(self) -> None:
        """Let a crowd come and go: the operator decides."""
        self.grows()
        self.shrinks()

    @contextmanager
    def steady(self) -> Iterator[Sizes]:
        """Hold it at one more than its minimum by a steady queue, and record its sizes meanwhile.

        A start that forgot what it found would show: nothing but what was seen before keeps it there. Before and after,
        the operator that leads then decides.
        """
        self.grows()
        self.queue(STEADY)
        with Sizes(self.place, self.NAMESPACE, self.NAME) as sizes:
            yield sizes
        self.shrinks()
