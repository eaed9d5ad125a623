"""Where the picture goes: a live one on a terminal, plain lines anywhere else."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from time import monotonic

from rich.console import Console
from rich.live import Live

from demo.plain import Progress
from demo.record import Record
from demo.screen import frame

Show = Callable[[Record], None]


def view(console: Console) -> AbstractContextManager[Show]:
    """The view that suits the console."""
    alive = console.is_terminal and not console.is_dumb_terminal
    return live(console) if alive else plain()


@contextmanager
def live(console: Console) -> Iterator[Show]:
    """One picture that is drawn anew, on the terminal's second screen: what was there before comes back."""
    try:
        with Live(console=console, screen=True, auto_refresh=False) as picture:
            yield lambda record: picture.update(frame(record), refresh=True)
    finally:
        if console.is_alt_screen:  # interrupted while it was being set up
            console.set_alt_screen(enable=False)
            console.show_cursor()


@contextmanager
def plain() -> Iterator[Show]:
    """Lines, as they come."""
    progress = Progress()

    def show(record: Record) -> None:
        for line in progress.lines(record):
            print(line, flush=True)

    yield show


@contextmanager
def step(words: str) -> Iterator[None]:
    """Say what is being done, and how long it took once it is."""
    began = monotonic()
    sys.stdout.write(f"  {words:.<62} ")
    sys.stdout.flush()
    try:
        yield
    except BaseException:
        print(flush=True)
        raise
    print(f"{monotonic() - began:.1f} s", flush=True)
