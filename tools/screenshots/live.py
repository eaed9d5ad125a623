"""Pictures of the live view at work: the real one, on the ground's cluster."""

import asyncio
from pathlib import Path

from poolkeeper.cli.watch import Watch
from poolkeeper.cli.watch_feed import Feed
from screenshots.ground import Ground

SIZE = (110, 30)
LOOKED = 100.0
"""How long the view is open before the picture, in seconds: its queues begin when it does."""


async def pictures(ground: Ground, images: Path) -> None:
    """Write the view of all pools, an explanation, and the question before a pause."""
    async with Feed((ground.cluster.kubeconfig, None), None, ground.operator) as feed:
        view = Watch(feed)
        async with view.run_test(size=SIZE) as pilot:
            await asyncio.sleep(LOOKED)
            keep(view, images / "live.svg")
            await pilot.press("e")
            await asyncio.sleep(5)
            keep(view, images / "live-explain.svg")
            await pilot.press("q", "p")
            await asyncio.sleep(5)
            keep(view, images / "live-pause.svg")


def keep(view: Watch, path: Path) -> None:
    """Write what the view shows now."""
    path.write_text(view.export_screenshot(title="poolkeeper status --watch"), encoding="utf-8")
