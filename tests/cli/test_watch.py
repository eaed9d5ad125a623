"""The live view under somebody's hands, in a terminal that textual plays."""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from tests.cli.test_watch_rows import CODE, NOW, RERANK, ROW

from poolkeeper.cli.watch import Watch
from poolkeeper.cli.watch_dialogs import Ask, Keys, Page
from poolkeeper.cli.watch_feed import News
from poolkeeper.shell.kube_errors import Unreachable

POOL = {"metadata": {"namespace": "inference", "name": "chat", "uid": "1"}, "spec": {"mode": "Active"}}


class Cluster:
    """A feed that gives these rows; `away` is what it says where it cannot."""

    def __init__(self, *rows):
        self.rows, self.news, self.now, self.away, self.written = list(rows), News(), NOW, None, []

    async def look(self):
        if self.away:
            self.news = self.news.failed(self.away)
        else:
            self.news = self.news.looked(self.rows, self.now, answered=True)

    async def explained(self, namespace, name):
        page = {"namespace": namespace, "name": name, "now": NOW.isoformat(), "decision": None}
        return page | {"spec": {"mode": "Active"}, "status": {"message": f"what is said of {name}"}}

    async def pool(self, *_):
        if self.away:
            raise Unreachable(self.away)
        return POOL

    async def write(self, pool, asked):
        self.written.append((pool["metadata"]["name"], asked.spec))


@asynccontextmanager
async def playing(*rows, size=(80, 24)):
    feed = Cluster(*rows or (CODE, RERANK, ROW))
    view = Watch(feed, every=0.2)
    async with view.run_test(size=size) as pilot:
        await until(pilot, lambda: view.drawn)
        yield view, pilot, feed


async def until(pilot, true):
    for _ in range(2400):
        if true():
            return
        await asyncio.sleep(0.05)
    raise AssertionError(screen(pilot.app))


def screen(view):
    return "\n".join("".join(segment.text for segment in line) for line in view.screen._compositor.render_strips())  # noqa: SLF001


def pools(view):
    return [name for _, name in view.drawn.cells]


async def test_it_shows_all_pools():
    async with playing() as (view, _, _):
        assert pools(view) == ["chat", "code", "rerank"]


async def test_the_pane_follows_the_cursor():
    async with playing() as (view, pilot, _):
        await pilot.press("down")
        await until(pilot, lambda: "inference/code, Active" in screen(view))


@pytest.mark.parametrize(
    ("keys", "names"),
    [
        (["s"], ["code", "chat", "rerank"]),
        (["n", "n"], ["rerank"]),
        (["slash", *"pau", "enter"], ["rerank"]),
        (["slash", *"pau", "escape"], ["chat", "code", "rerank"]),
        (["slash", *"none"], []),
    ],
)
async def test_a_key_chooses(keys, names):
    async with playing() as (view, pilot, _):
        await pilot.press(*keys)
        await until(pilot, lambda: pools(view) == names)


async def test_the_cursor_stays_on_its_pool_when_the_order_changes():
    async with playing() as (view, pilot, _):
        await pilot.press("down", "down", "n", "n")
        await until(pilot, lambda: view.selected == ("search", "rerank"))


async def test_it_shows_what_is_new():
    async with playing() as (view, pilot, feed):
        feed.rows = [ROW | {"queue": 77.0}]
        await until(pilot, lambda: " 77" in screen(view) and pools(view) == ["chat"])


async def test_what_is_away_is_said_and_what_was_stays():
    async with playing() as (view, pilot, feed):
        feed.away = "connection refused"
        await until(pilot, lambda: "stale since 12:00:00Z" in screen(view) and "inference/chat" in screen(view))


async def test_what_does_not_come_back_is_stale():
    async with playing() as (view, pilot, feed):
        feed.look = asyncio.Event().wait
        feed.now = NOW + timedelta(seconds=9)
        await until(pilot, lambda: "stale since 12:00:00Z (9s), trying again: no answer yet" in screen(view))


async def test_what_comes_back_is_live_again():
    async with playing() as (view, pilot, feed):
        feed.away = "connection refused"
        await until(pilot, lambda: "stale" in screen(view))
        feed.away, feed.now = None, NOW + timedelta(seconds=9)
        await until(pilot, lambda: "live at 12:00:09Z" in screen(view))


async def test_e_explains():
    async with playing() as (view, pilot, _):
        await pilot.press("e")
        await until(pilot, lambda: isinstance(view.screen, Page) and "what is said of chat" in screen(view))


async def test_p_pauses_after_a_yes():
    async with playing() as (view, pilot, feed):
        await pilot.press("p")
        await until(pilot, lambda: isinstance(view.screen, Ask))
        await pilot.press("y")
        await until(pilot, lambda: feed.written == [("chat", {"mode": "Paused"})])


async def test_p_writes_nothing_after_a_no():
    async with playing() as (view, pilot, feed):
        await pilot.press("p")
        await until(pilot, lambda: isinstance(view.screen, Ask))
        await pilot.press("n")
        await until(
            pilot,
            lambda: not isinstance(view.screen, Ask) and not [one for one in view.workers if one.group == "pause"],
        )
        assert feed.written == []


async def test_what_could_not_be_written_is_said():
    async with playing() as (view, pilot, feed):
        feed.away = "connection refused"
        await pilot.press("p")
        await until(pilot, lambda: [one.message for one in view._notifications] == ["not written: connection refused"])  # noqa: SLF001


async def test_the_keys_are_told():
    async with playing() as (view, pilot, _):
        await pilot.press("question_mark")
        await until(pilot, lambda: isinstance(view.screen, Keys) and "explain the pool" in screen(view))


async def test_q_leaves():
    async with playing() as (view, pilot, _):
        await pilot.press("q")
        await until(pilot, lambda: not view.is_running)


@pytest.mark.parametrize("size", [(30, 8), (50, 12), (80, 24), (200, 60)])
async def test_any_screen_will_do(size):
    async with playing(size=size) as (view, _, _):
        assert "inference/chat" in screen(view)


async def test_it_follows_the_screen():
    async with playing(size=(200, 60)) as (view, pilot, _):
        await pilot.resize_terminal(60, 20)
        await until(pilot, lambda: "MONTH" not in view.drawn.headings)


async def test_without_pools_it_says_so():
    feed = Cluster()
    async with Watch(feed, every=0.2).run_test() as pilot:
        await until(pilot, lambda: "no pools here" in screen(pilot.app))


async def test_without_colour_none_is_sent(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    async with playing(CODE | {"troubles": ["Priced PriceUnknown: spot"]}) as (view, _, _):
        told = [segment.style for line in view.screen._compositor.render_strips() for segment in line]  # noqa: SLF001
        colours = [colour for style in told if style for colour in (style.color, style.bgcolor) if colour]
        assert [colour for colour in colours if not colour.is_default] == []
