"""`python -m screenshots`: write docs/images/ anew, from a local cluster at work (about five minutes)."""

import asyncio
import sys
from pathlib import Path

from screenshots.ground import ROOT, ground
from screenshots.live import pictures
from screenshots.terminal import picture

IMAGES = ROOT / "docs" / "images"
COMMANDS = {
    "explain": "poolkeeper explain chat -n inference",
    "status": "poolkeeper status",
    "check": "poolkeeper check",
    "cost": "poolkeeper cost",
}
LARGEST = 150_000
"""How large a picture may be, in bytes."""


def main() -> int:
    """Write the pictures; return 1 where one is too large."""
    IMAGES.mkdir(exist_ok=True)
    with ground() as stage:
        print("the live view, for two minutes", flush=True)
        asyncio.run(pictures(stage, IMAGES))
        for name, command in COMMANDS.items():
            print(command, flush=True)
            picture(command, stage.environment, IMAGES / f"{name}.svg")
    return sum(map(told, sorted(IMAGES.iterdir())))


def told(path: Path) -> bool:
    """Say how large a picture is; return whether that is too much."""
    size = path.stat().st_size
    print(f"{path.relative_to(ROOT)}: {size / 1000:.0f} kB")
    return size > LARGEST


if __name__ == "__main__":
    sys.exit(main())
