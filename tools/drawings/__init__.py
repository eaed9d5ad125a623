"""The drawings of docs/explanation, made by living small scenes with the operator's own rules.

`scenes` lives them in the core's world, `panels` draws what came of it, `python -m drawings` writes
docs/images/*.svg; a test compares. Nothing in them is drawn by hand, so they cannot say what the code does not do.
"""

from collections.abc import Callable

from drawings.panels import drawing
from drawings.scenes import Scene, by_the_clock, from_short_queues, loading, reclaimed

SCENES: dict[str, Callable[[], Scene]] = {
    "loading.svg": loading,
    "grace.svg": from_short_queues,
    "reclaim.svg": reclaimed,
    "window.svg": by_the_clock,
}
"""By file name in docs/images: what lives the scene."""

DRAWINGS: dict[str, Callable[[], str]] = {
    name: lambda live=live: drawing(live())  # type: ignore[misc]  # each its own scene
    for name, live in SCENES.items()
}

__all__ = ["DRAWINGS", "SCENES", "Scene", "drawing"]
