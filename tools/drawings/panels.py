"""A scene as SVG: the requests that wait, the replicas asked for and ready, and the reasons, over one axis of minutes.

Colours follow the reader's, light or dark; a scene without a queue has no panel for it.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from html import escape
from itertools import groupby, pairwise

from drawings.scenes import Scene
from poolkeeper.simulate.replay import Moment

WIDTH, LEFT, RIGHT = 760, 40, 12
TOP, PANEL, GAP, STRIP = 46, 120, 34, 22
STYLE = """
text { font: 12px system-ui, sans-serif; fill: #333 } .title { font-weight: 600; font-size: 14px } .small { fill: #666 }
.axis { stroke: #bbb; fill: none } .mark { stroke: #888; stroke-dasharray: 3 3 }
.asked { stroke: #0b6e4f; stroke-width: 2; fill: none } .ready { fill: #0b6e4f; opacity: .25 }
.spot { fill: #c77700; opacity: .35 } .queue { stroke: #a4262c; stroke-width: 1.5; fill: none }
.load { stroke: #555; stroke-width: 1; fill: none; stroke-dasharray: 5 3 } .why { fill: #8884 }
@media (prefers-color-scheme: dark) {
  text { fill: #ddd } .small { fill: #aaa } .axis { stroke: #666 } .asked { stroke: #4fd1a5 } .ready { fill: #4fd1a5 }
  .queue { stroke: #ff8a80 } .load { stroke: #bbb } .spot { fill: #ffb74d } }
"""
NARROW = 58
"""A reason that lasted for less than this many units has no room for its name."""

Points = Sequence[tuple[float, float]]


class Paper:
    """Lines of SVG, and where an instant and a value are on it."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.lines, self.height = scene, list[str](), TOP
        self.begin, self.end = scene.moments[0].at, scene.moments[-1].at

    def across(self, at: datetime) -> float:
        """Return where an instant is."""
        return LEFT + (WIDTH - LEFT - RIGHT) * ((at - self.begin) / (self.end - self.begin))

    def text(self, across: float, down: float, words: str, kind: str = "small", anchor: str = "start") -> None:
        """Write words."""
        self.lines.append(
            f'<text x="{across:.1f}" y="{down:.1f}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'
        )

    def path(self, points: Points, kind: str) -> None:
        """Draw a line."""
        self.lines.append(f'<polyline class="{kind}" points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>')

    def box(self, across: float, down: float, wide: float, high: float, kind: str) -> None:
        """Fill a box."""
        self.lines.append(
            f'<rect class="{kind}" x="{across:.1f}" y="{down:.1f}" width="{wide:.1f}" height="{high:.1f}"/>'
        )


def drawing(scene: Scene) -> str:
    """Return the scene's SVG."""
    paper = Paper(scene)
    paper.text(LEFT, 18, scene.title, "title")
    if any(one.waiting >= 1 for one in scene.moments):
        panel(paper, "requests that wait", {"queue": lambda one: one.waiting})
    spot = ", of them on spot (amber)" if any("spot" in one.sizes for one in scene.moments) else ""
    sizes = panel(paper, f"replicas: asked for (line){spot}, ready (green), needed by the load (dashes)", REPLICAS)
    areas(paper, sizes)
    strip(paper)
    axis(paper)
    body = "\n".join(paper.lines)
    label = escape(scene.title)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {paper.height:.0f}" role="img" '
        f'aria-label="{label}">\n<style>{STYLE}</style>\n{body}\n</svg>\n'
    )


REPLICAS: dict[str, Callable[[Moment], float]] = {
    "load": lambda one: one.load,
    "asked": lambda one: sum(one.sizes.values()),
}


def panel(paper: Paper, title: str, kinds: dict[str, Callable[[Moment], float]]) -> Callable[[float], float]:
    """Draw lines below what is there, and return where a value of theirs is."""
    base, moments = paper.height + PANEL, paper.scene.moments
    most = max(1.0, *(value(one) for one in moments for value in kinds.values()))

    def down(value: float) -> float:
        return base - PANEL * 0.84 * value / most

    paper.text(LEFT, base - PANEL - 6, title)
    paper.path([(LEFT, base - PANEL), (LEFT, base), (WIDTH - RIGHT, base)], "axis")
    paper.text(LEFT - 6, down(most) + 4, f"{most:.0f}", anchor="end")
    for kind, value in kinds.items():
        paper.path(list(stairs([(paper.across(one.at), down(value(one))) for one in moments])), kind)
    for at, _ in paper.scene.marks:
        paper.path([(paper.across(at), base - PANEL), (paper.across(at), base)], "mark")
    paper.height = base + GAP
    return down


def areas(paper: Paper, down: Callable[[float], float]) -> None:
    """Fill what is ready, under the line of what was asked for; where there is spot, also what was asked of it."""
    for kind, value in AREAS.items():
        for since, until, height in stretches(paper, value):
            paper.box(since, down(height), until - since, down(0) - down(height), kind)


AREAS: dict[str, Callable[[Moment], float]] = {
    "ready": lambda one: one.ready,
    "spot": lambda one: one.sizes.get("spot", 0),
}


def stretches(paper: Paper, value: Callable[[Moment], float]) -> Iterator[tuple[float, float, float]]:
    """Yield from where to where a value stayed above nothing, and what it was."""
    for height, group in groupby(pairwise(paper.scene.moments), lambda two: value(two[0])):
        pairs = list(group)
        if height:
            yield paper.across(pairs[0][0].at), paper.across(pairs[-1][1].at), height


def stairs(points: Points) -> Iterator[tuple[float, float]]:
    """Yield the corners of values that hold until the next: no point between two that are the same."""
    yield points[0]
    for before, after in pairwise(points):
        if after[1] != before[1]:
            yield after[0], before[1]
            yield after
    yield points[-1]


def strip(paper: Paper) -> None:
    """Draw the reasons one after the other."""
    top = paper.height - GAP + 8
    ends = [at for at, _ in paper.scene.reasons[1:]] + [paper.end]
    for (at, reason), end in zip(paper.scene.reasons, ends, strict=True):
        left, wide = paper.across(at), paper.across(end) - paper.across(at)
        paper.box(left, top, max(0.0, wide - 1), STRIP, "why")
        if wide >= NARROW:
            paper.text(left + 3, top + 15, reason.value[: int(wide / 6.5)])
    paper.height = top + STRIP


def axis(paper: Paper) -> None:
    """Write the minutes, and the words of the marks."""
    minutes = int((paper.end - paper.begin).total_seconds() / 60)
    every = 5 if minutes > 12 else 1  # noqa: PLR2004
    for minute in range(0, minutes + 1, every):
        at = paper.begin + (paper.end - paper.begin) * (minute / minutes)
        paper.text(paper.across(at), paper.height + 16, f"{minute} min", anchor="middle")
    for at, words in paper.scene.marks:
        paper.text(paper.across(at) + 3, TOP + 10, words)
    paper.height += 24
