"""What all refusals of a text have in common: all that is wrong with it is told at once."""

from collections.abc import Sequence


class RefusedError(Exception):
    """A text that cannot be taken as it is: each of its `problems` says where, and what would be right."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = list(problems)
