"""The same size around the clock."""

from dataclasses import dataclass
from datetime import timedelta

from poolkeeper.simulate.peers.terms import Peer, Seen, Terms


@dataclass
class Static:
    """A Deployment that nobody scales."""

    name: str
    size: int
    interval: timedelta = timedelta(hours=1)

    def decide(self, _: Seen) -> int:
        """Return the size."""
        return self.size


def at_maximum(_: int, maximum: int, __: Terms) -> Peer:
    """Return the size of the peak around the clock: what is bought where nothing scales."""
    return Static("static", maximum)


def at(size: int) -> Peer:
    """Return a given size around the clock."""
    return Static(f"static={size}", size)
