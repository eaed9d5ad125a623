"""Pools that one of the systems sizes, each over a Deployment of its own, alike for all."""

import random
import time
from copy import copy
from typing import Self

from crowd import Crowd
from peers_systems import Place, System
from reaction import REST
from stage import Stage, say, wait_until

from rig.api import collection
from rig.record import Record

REPORT = 15.0


class PeersCrowd(Crowd):
    """`size` pools in the namespace `name`, sized by a system."""

    def __init__(self, stage: Stage, name: str, system: System, size: int) -> None:
        super().__init__(stage, name, size, by_prometheus=system.by_prometheus)
        self.system = system
        self._told = time.monotonic()

    def create_pools(self) -> None:
        """Say of each pool how it is sized, and wait until the system has taken hold of all."""
        for name in self.names:
            self._create(self.system.made(Place(self.namespace, name, self._stage.prometheus)))
        wait_until(self._all_held, f"{self.system.title} has taken hold of every pool", self._patience, pause=1.0)

    def rest(self) -> None:
        """Let every queue be as long as two replicas are for."""
        for name in self.names:
            self.show(name, REST)

    def follow(self) -> None:
        """Watch the sizes anew: a watch ends after some minutes, and taking hold may have taken longer."""
        self.record.end()
        self.record = Record(self._stage.api, self.namespace)
        wait_until(lambda: len(self.record.deployments) == len(self.names), "the watch tells of every Deployment", 120)

    def sample(self, count: int, seed: int) -> Self:
        """Return so many of the pools, chosen at random."""
        chosen = copy(self)
        few = random.Random(seed).sample(self.names, min(count, len(self.names)))  # noqa: S311  can be repeated
        chosen.names = sorted(few)
        return chosen

    def sizes(self) -> dict[str, int]:
        """Return what each Deployment is asked to have now."""
        found = self._stage.api.get(collection("Deployment", self.namespace))["items"]
        return {one["metadata"]["name"]: one["spec"]["replicas"] for one in found}

    def _all_held(self) -> bool:
        held = sum(map(self.system.settled, self._stage.api.get(collection(self.system.kind, self.namespace))["items"]))
        if time.monotonic() - self._told > REPORT:
            self._told = time.monotonic()
            say(f"{self.namespace}: {held} of {len(self.names)} pools are held")
        return held >= len(self.names)
