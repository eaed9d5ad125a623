"""What explain says of how far a journal can be trusted: what it does not tell, and what is not sure of the rest."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from poolkeeper.api.journal_told import Gap, Stretch
from poolkeeper.cli.explain_past import Known, neighbour
from poolkeeper.cli.moment import Moment, brief
from poolkeeper.cli.moment import shown as clock_shows
from poolkeeper.shell.diary import QUIET

UNSURE = timedelta(minutes=1)
"""What a process that is killed may take with it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A moment, and the zone in which it is told."""

    moment: Moment
    place: ZoneInfo

    @property
    def at(self) -> datetime:
        """The instant."""
        return self.moment.at


def remarks(known: Known, asked: Asked, found: Stretch | None) -> list[str]:
    """Return what must be known of how far this can be trusted."""
    words = list(unknown(known, asked)) if found is None else list(_doubts(known, asked, found))
    earlier = ["that was an earlier pool of this name, which is gone"] if known.replaced else []
    return [*earlier, *words, *known.problems]


def unknown(known: Known, asked: Asked) -> Iterator[str]:
    """Yield why nothing is known of a moment."""
    past, gap = known.past, known.past.gap(asked.at)
    if past.ended and asked.at >= past.ended:
        yield f"the pool was deleted at {clock_shows(past.ended, asked.place)}"
    elif not past.stretches:
        yield "the journal holds no decision that can be read"
    elif asked.at < past.stretches[0].since:
        yield f"the journal begins at {clock_shows(past.stretches[0].since, asked.place)}: what was before is not kept"
    elif gap is not None:
        yield f"nothing is known of this time: {gap_told(gap, asked.place)}"
    else:
        yield "nothing is known of this time"


def gap_told(gap: Gap, place: ZoneInfo) -> str:
    """Return a gap in words."""
    until = f" to {brief(gap.until, place)}" if gap.until else ""
    return f"{gap.words} from {brief(gap.since, place)}{until}"


def _doubts(known: Known, asked: Asked, found: Stretch) -> Iterator[str]:
    """Yield what is not sure of a decision that stood."""
    yield from _wavering(known, asked, found)
    if found.cut and found.until and found.until - asked.at < UNSURE:
        yield "the operator ended within a minute: what it decided last may be missing"
    yield from open_end(known, found, asked)
    answer = found.decided.answer
    if answer.moves and (found.until or known.now) - found.since > UNSURE:
        yield f"all that time it found {answer.current} and asked for {answer.size}: that was not carried out"
    if found.said.refused:
        yield f"a newer spec was refused then: {'; '.join(found.said.refused)}"
    foreign = answer.foreign
    if foreign is not None:
        who = foreign.writer or "somebody"
        yield f"{who} had written {foreign.theirs} over our {foreign.ours} at {brief(foreign.at, asked.place)}"


def _wavering(known: Known, asked: Asked, found: Stretch) -> Iterator[str]:
    """Yield that another reason came and went while a decision stood: of that there is no record."""
    if found.decided.at > asked.at:
        yield f"what it saw is that of {brief(found.decided.at, asked.place)}: till then it came and went"
    before, following = neighbour(known, found, -1), neighbour(known, found, 1)
    if following is not None and following.decided.wavered:
        times = following.decided.wavered
        yield f"until the next record the reason came and went {times} times more; the size did not change"
    if found.until is None and before is not None and asked.at - before.decided.at < QUIET:
        yield "the reason may have come and gone since: that is recorded later; the size did not change"


def open_end(known: Known, found: Stretch, asked: Asked) -> Iterator[str]:
    """Yield why nobody can tell that a decision still stood, of which nothing tells that it ended."""
    if found.until is None and known.spec is None:
        yield "the pool is gone; nobody wrote down when"
    if found.until is None and known.looked_until is not None and asked.at > known.looked_until + UNSURE:
        yield f"no operator has looked since {clock_shows(known.looked_until, asked.place)}"
