"""One request, from its arrival to its last token."""

from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Request:
    """What a caller asked for and what became of it so far; instants are seconds on the workload's clock.

    `queued` is when it reached a replica, `started` when that replica gave it a slot. A request that a dying pod cut
    off and that is tried again keeps its arrival and loses the rest, so its wait counts the lost attempt too.
    """

    arrival: float
    prompt_tokens: int
    output_tokens: int
    queued: float | None = None
    started: float | None = None
    first_token: float | None = None
    finished: float | None = None
    cut_off: bool = False

    @property
    def tokens(self) -> int:
        """The tokens it holds in the cache when it is done."""
        return self.prompt_tokens + self.output_tokens

    def forget_progress(self) -> None:
        """Go back to having just arrived, for another try."""
        self.queued = self.started = self.first_token = None
