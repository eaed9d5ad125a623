"""`python -m demo`: exit code 0 at the end, 1 when something failed, 128 and the signal's number when told to stop."""

import sys

from demo import leaving


def main() -> int:
    """Play the demo; returns the exit code."""
    ears = leaving.listen()
    try:
        from demo.play import run  # noqa: PLC0415  slow imports, once the ears are open

        return run(ears)
    except leaving.Told as told:
        print("\nStopped: nothing is left running.", flush=True)
        return 128 + told.number
    finally:
        leaving.deafen()


if __name__ == "__main__":
    sys.exit(main())
