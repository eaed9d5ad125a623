"""`poolkeeper status --watch`: all pools on the whole screen, as they are now.

Nothing here decides what is shown: rows, columns, the pane and the questions are pure functions of what the feed saw.
"""

import asyncio
import os
from datetime import datetime
from pathlib import Path

from rich.text import Text
from textual import events
from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.coordinate import Coordinate
from textual.widgets import DataTable, Footer, Input, Static

from poolkeeper.cli import explain
from poolkeeper.cli.connection import advised, console
from poolkeeper.cli.status_table import GAP
from poolkeeper.cli.watch_detail import detail
from poolkeeper.cli.watch_dialogs import MARGIN, Ask, Keys, Page
from poolkeeper.cli.watch_feed import FAULTS, Feed, Source
from poolkeeper.cli.watch_keys import HELP, KEYS
from poolkeeper.cli.watch_pause import question
from poolkeeper.cli.watch_queue import Key
from poolkeeper.cli.watch_rows import Choice, chosen
from poolkeeper.cli.watch_table import Grid, Seen, grid

EVERY = 1.0
LOW = 16
"""Under so many lines there is no room for the pane."""


class Watch(App[None]):
    """The live view of a feed."""

    ENABLE_COMMAND_PALETTE = False
    CSS = """
    Screen { layers: base; }
    #heading { height: 1; text-style: bold; }
    #pools { height: 1fr; }
    #below { height: auto; max-height: 50%; border-top: solid $primary; padding: 0 1; }
    #below.low { display: none; }
    #line { display: none; height: 1; border: none; padding: 0; }
    #line.open { display: block; }
    #standing { height: 1; }
    #standing.stale { text-style: reverse; }
    Page { background: $surface; }
    #page { height: 1fr; padding: 0 1; }
    Ask, Keys { align: center middle; }
    #dialog { width: 74; max-width: 100%; height: auto; max-height: 100%; border: solid $primary; padding: 0 1;
              background: $surface; }
    #words { margin: 1 0; }
    DataTable:nocolor > .datatable--cursor { text-style: reverse; }
    """
    BINDINGS = KEYS

    def __init__(self, feed: Source, title: str = "", every: float = EVERY) -> None:
        # Without colour the terminal's own two are kept, and no shade of grey is sent in their place.
        super().__init__(ansi_color=True if "NO_COLOR" in os.environ else None)
        self.feed, self.choice, self.named, self.every = feed, Choice(), title, every
        self.drawn: Grid | None = None
        # Held here and not sought for by their names: a look may end when they are being taken off the screen.
        self.heading, self.pane, self.standing = (
            Static(id=name, markup=False) for name in ("heading", "pane", "standing")
        )
        self.pools = DataTable[Text](id="pools", cursor_type="row", cell_padding=GAP // 2)
        self.line = Input(id="line", placeholder="text in a pool's name, mode, reason or trouble; Enter or Esc")

    def compose(self) -> ComposeResult:
        """Lay it out."""
        yield self.heading
        yield self.pools
        with VerticalScroll(id="below", can_focus=False):
            yield self.pane
        yield self.line
        yield self.standing
        yield Footer()

    def on_mount(self) -> None:
        """Begin to look."""
        self.pools.focus()
        self.refill()
        self.run_worker(self.follow(), group="follow")
        self.set_interval(EVERY, self.refill)  # time goes on also while a look does not come back

    async def follow(self) -> None:
        """Look, again and again; the next look begins a while after the last one's end, however long that took."""
        while True:
            await self.feed.look()
            self.refill()
            await asyncio.sleep(self.every)

    @property
    def seen(self) -> Seen | None:
        """What there is to show; None before the first look."""
        news, now = self.feed.news, self.feed.now
        if news.at is None or now is None:
            return None
        return Seen(chosen(news.rows, self.choice), news.trails, news.at if news.stale(now) else now)

    @property
    def selected(self) -> Key | None:
        """The pool under the cursor."""
        keys = list(self.drawn.cells) if self.drawn else []
        return keys[min(self.pools.cursor_row, len(keys) - 1)] if keys else None

    def refill(self) -> None:
        """Show what is known now."""
        news, now = self.feed.news, self.feed.now
        found = f"{len(news.rows)} pools" if news.at else ""
        title = "  ".join(filter(None, ("poolkeeper", self.named, found, self.choice.words)))
        self.heading.update(title)
        self.standing.update(Text(news.standing(now), no_wrap=True, overflow="ellipsis"))
        self.standing.set_class(bool(now and (news.stale(now) or news.silent_since)), "stale")
        if (seen := self.seen) is not None:
            self.draw(grid(seen, self.size.width))
            self.describe()

    def draw(self, made: Grid) -> None:
        """Change the cells that have changed; all of them where the columns or the pools have."""
        if self.drawn is None or self.drawn.shape != made.shape:
            self.lay(made)
        else:
            for row, (key, cells) in enumerate(made.cells.items()):
                for column, cell in enumerate(cells):
                    if cell != self.drawn.cells[key][column]:
                        self.pools.update_cell_at(Coordinate(row, column), cell)
        self.drawn = made

    def lay(self, made: Grid) -> None:
        """Fill the table anew; the cursor stays on its pool."""
        before = self.selected
        self.pools.clear(columns=True)
        for heading, width in made.headings.items():
            self.pools.add_column(heading, width=width)
        self.pools.add_rows(made.cells.values())
        if before in made.cells:
            self.pools.move_cursor(row=list(made.cells).index(before), animate=False)

    def describe(self) -> None:
        """Fill the pane for the pool under the cursor."""
        seen = self.seen
        row = (
            next((one for one in seen.rows if (one["namespace"], one["name"]) == self.selected), None) if seen else None
        )
        words = detail(row, seen, self.size.width - MARGIN) if seen and row else Text(self.nothing())
        self.pane.update(words)

    def nothing(self) -> str:
        """Return why no pool is shown."""
        if self.feed.news.rows:
            return f"none of {len(self.feed.news.rows)} pools {self.choice.words}; Esc shows all"
        return "no pools here: the tutorial in docs/ makes a first one"

    def on_resize(self, event: events.Resize) -> None:
        """Lay it out anew."""
        self.query_one("#below").set_class(event.size.height < LOW, "low")
        self.refill()

    def on_data_table_row_highlighted(self) -> None:
        """Tell of the pool that the cursor came to."""
        self.describe()

    def on_data_table_row_selected(self) -> None:
        """Explain the pool that was chosen."""
        self.action_explain()

    def choose(self, choice: Choice) -> None:
        """Show another choice of pools."""
        self.choice = choice
        self.refill()

    def action_sort(self) -> None:
        """Sort by the next order."""
        self.choose(self.choice.sorted_next())

    def action_namespace(self) -> None:
        """Show the next namespace."""
        self.choose(self.choice.next_namespace(self.feed.news.rows))

    def action_filter(self) -> None:
        """Open the line for a text."""
        self.line.add_class("open")
        self.line.focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show what has the text so far."""
        self.choose(self.choice.with_text(event.value))

    def on_input_submitted(self) -> None:
        """Keep the text."""
        self.line.remove_class("open")
        self.pools.focus()

    def action_unfilter(self) -> None:
        """Show all pools again."""
        self.line.value = ""
        self.on_input_submitted()
        self.choose(Choice(order=self.choice.order))

    def action_keys(self) -> None:
        """Show what each key does."""
        self.push_screen(Keys(HELP))

    def action_explain(self) -> None:
        """Explain the pool under the cursor."""
        if self.selected:
            namespace, name = self.selected

            async def ask(width: int) -> Text:
                found = await self.feed.explained(namespace, name)
                with console.read(width) as taken:
                    explain.show(name, found)
                return Text.from_ansi(taken.get())

            self.push_screen(Page(ask))

    def action_pause(self) -> None:
        """Pause the pool under the cursor, or let it go on, after a question."""
        if self.selected and self.feed.now:
            self.run_worker(self.pause(self.selected, self.feed.now), group="pause", exclusive=True)

    async def pause(self, key: Key, now: datetime) -> None:
        """Ask, and write after a yes."""
        try:
            pool = await self.feed.pool(*key)
            asked = question(pool, now)
            if await self.push_screen_wait(Ask(asked)):
                await self.feed.write(pool, asked)
                self.notify("written; the operator has seen it when the reason changes")
        except FAULTS as error:
            self.notify(f"not written: {advised(error)}", severity="error")


def watch(access: tuple[Path | None, str | None], namespace: str | None, operator: str | None) -> None:
    """Show the live view until it is left."""

    async def shown() -> None:
        async with Feed(access, namespace, operator) as feed:
            await Watch(feed, namespace or "").run_async()

    asyncio.run(shown())
