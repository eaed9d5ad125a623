"""The lines of the live view, as they may be written on a terminal."""

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from poolkeeper.cli.harmless import shown


class Harmless(LineFilter):
    """Takes from what others wrote all that a terminal would obey."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002  as Textual calls it
        """Return a line's segments."""
        return shown(segments)
