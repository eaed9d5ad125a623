"""What comes over the live view when it is asked for: an explanation, a question, the keys."""

from collections.abc import Awaitable, Callable
from typing import ClassVar

import typer
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Footer, Static

from poolkeeper.cli.connection import advised
from poolkeeper.cli.watch_feed import FAULTS
from poolkeeper.cli.watch_pause import Question

MARGIN = 4
"""What a frame and a scrollbar take of the width."""


class Page(ModalScreen[None]):
    """Text as large as the screen, asked for anew again and again by `ask`, which is told how wide there is room."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,e", "dismiss", "Back"),
        Binding("up,k", "scroll('up')", "Up", show=False),
        Binding("down,j", "scroll('down')", "Down", show=False),
    ]
    EVERY = 1.0

    def __init__(self, ask: Callable[[int], Awaitable[Text]]) -> None:
        super().__init__()
        self._ask, self._text = ask, Static("looking ...", id="text", markup=False)

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with VerticalScroll(id="page"):
            yield self._text
        yield Footer()

    def on_mount(self) -> None:
        """Begin to ask."""
        self.query_one("#page").focus()
        self._again()
        self.set_interval(self.EVERY, self._again)

    def on_resize(self) -> None:
        """Ask for text of the new width."""
        self._again()

    def _again(self) -> None:
        self.run_worker(self._show(), exclusive=True)

    async def _show(self) -> None:
        try:
            text = await self._ask(max(1, self.size.width - MARGIN))
        except FAULTS as error:
            text = Text(f"cannot be told now, trying again: {advised(error)}")
        except typer.Exit:
            text = Text("cannot be told now, trying again: no operator answers")
        self._text.update(text)


class Ask(ModalScreen[bool]):
    """A question with what to know before; where there is nothing to decide, only what to know."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes"),
        Binding("n,escape,q", "answer(False)", "No"),
    ]

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question

    def compose(self) -> ComposeResult:
        """Lay it out."""
        choice = "y  yes     n  no" if self.question.open else "any of n, q, Esc goes back"
        with Vertical(id="dialog"):
            yield Static(Text(self.question.title, style="bold"))
            yield Static(Text("\n".join(self.question.words)), id="words")
            yield Static(Text(choice, style="bold"))

    def action_answer(self, answer: bool) -> None:  # noqa: FBT001  a key's own argument
        """Take the answer."""
        self.dismiss(answer and self.question.open)


class Keys(ModalScreen[None]):
    """What each key does, and what the signs mean."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark", "dismiss", "Back")]

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        """Lay it out."""
        with VerticalScroll(id="dialog"):
            yield Static(self._text, markup=False)
