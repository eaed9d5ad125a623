"""`python -m screenshots`: write docs/images/ anew, from a local cluster at work (about six minutes)."""

import asyncio
import sys
import time
from pathlib import Path

from screenshots import COMMANDS, DASHBOARD, IMAGES, LARGEST
from screenshots.charts import picture as panels
from screenshots.dashboard import asked, scraped
from screenshots.ground import ROOT, Ground, ground
from screenshots.live import pictures
from screenshots.pages import take
from screenshots.terminal import picture


def main() -> int:
    """Write the pictures; return 1 where one is too large."""
    IMAGES.mkdir(exist_ok=True)
    with ground() as stage:
        work(stage)
    take(IMAGES)
    large = [path for path in sorted(IMAGES.iterdir()) if told(path)]
    return 1 if large else 0


def work(stage: Ground) -> None:
    """Write the pictures of the cluster at work, and of what Prometheus heard in the meantime."""
    since = time.time()
    with scraped(stage) as prometheus:
        print("the live view, for two minutes", flush=True)
        asyncio.run(pictures(stage, IMAGES))
        for name, command in COMMANDS.items():
            print(command, flush=True)
            picture(command, stage.environment, IMAGES / name)
        until = time.time()
        for row, answers in asked(prometheus, since, until).items():
            drawn = panels(f"The dashboard's queries: {row}", answers, since, until)
            (IMAGES / DASHBOARD[row]).write_text(drawn, encoding="utf-8")


def told(path: Path) -> bool:
    """Say how large a picture is; return whether that is too much."""
    size = path.stat().st_size
    print(f"{path.relative_to(ROOT)}: {size / 1000:.0f} kB")
    return size > LARGEST


if __name__ == "__main__":
    sys.exit(main())
