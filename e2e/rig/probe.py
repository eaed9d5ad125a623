"""Times a small piece of work twice a second, and prints a line for each: when it began, and what share it had.

Run as a program, by `strain`, with the standard library alone: it must start in a moment. It ends once nobody reads.
"""

import os
import sys
import time

EVERY = 0.5
PIECE = 500_000
"""Steps of the work that is timed: a hundredth of a second or so."""
TRIES = 5
"""How often it is done before any is told, to know how quick it can be."""


def main() -> None:
    """Tell the share of a processor that was to be had, for as long as somebody reads."""
    quickest = min(timed()[2] for _ in range(TRIES))
    while True:
        began, wall, processor = timed()
        quickest = min(quickest, processor)
        print(began, min(1.0, quickest / wall), flush=True)
        time.sleep(EVERY)


def timed() -> tuple[float, float, float]:
    """Do the work, and return when it began and how long it took, on the wall and of a processor."""
    began, processor = time.monotonic(), time.process_time()
    for _ in range(PIECE):
        pass
    return began, time.monotonic() - began, time.process_time() - processor


if __name__ == "__main__":
    try:
        main()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else the last flush says it once more
