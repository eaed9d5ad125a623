"""What others wrote, as it may stand on a terminal: shown and never obeyed.

A condition repeats what a pod, a Prometheus or a kubelet said, and anybody may annotate a pool. A terminal takes such
text for orders: it clears the screen, renames the window, writes elsewhere, shows words from right to left. So every
character that is one becomes a picture of itself; colours and places are rich's own and Textual's, beside the text.
"""

from collections.abc import Iterable

from rich.segment import Segment

UNKNOWN = "\N{REPLACEMENT CHARACTER}"
_KEPT = frozenset(map(ord, "\n\t"))
_PICTURES = {code: chr(0x2400 + code) for code in range(0x20) if code not in _KEPT} | {0x7F: "\N{SYMBOL FOR DELETE}"}
_LATER_CONTROLS = dict.fromkeys(range(0x80, 0xA0), UNKNOWN)
_DIRECTIONS = dict.fromkeys((0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)), UNKNOWN)
_SHOWN = _PICTURES | _LATER_CONTROLS | _DIRECTIONS


def harmless(text: str) -> str:
    r"""Return text in which nothing is an order to a terminal.

    >>> harmless("gone\x1b[2J")
    'gone␛[2J'
    """
    return text.translate(_SHOWN)


def shown(segments: Iterable[Segment]) -> list[Segment]:
    """Return what is to be written with its text made harmless; rich's own orders stay."""
    return [one if one.control else one._replace(text=harmless(one.text)) for one in segments]
