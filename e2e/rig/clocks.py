"""A wall clock of a process's own, which jumps when it is told to; its monotonic clock goes on, as a machine's does."""

import os
from datetime import timedelta
from pathlib import Path

from controlplane.assets import cache
from controlplane.debian import unpack_whole

REREAD = 1
"""After so many seconds the library looks again by how much a clock is off."""


class WallClock:
    """The wall clock of whatever runs with `environment`; it needs Debian's libfaketime, which is fetched once."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.jump(timedelta(0))
        (library,) = unpack_whole(["libfaketime"], cache() / "faketime").glob("usr/lib/*/faketime/libfaketime.so.1")
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_CACHE_DURATION": str(REREAD),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }

    def jump(self, off: timedelta) -> None:
        """Let it be so far ahead of the machine's from the next second on, or behind."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{off.total_seconds():+.0f}\n")
        os.replace(fresh, self._file)  # noqa: PTH105  in one step, for it is read all the time
