"""Does this machine have the API server's time?"""

from collections.abc import Iterator
from datetime import timedelta

from poolkeeper.cli.checks.finding import Finding, note
from poolkeeper.cli.checks.known import Known

TOLERATED = timedelta(seconds=5)


def check(known: Known) -> Iterator[Finding]:
    """Yield how far this machine is off; the operator goes by the API server's time, whatever its own."""
    off = known.here - known.now
    if abs(off) > TOLERATED:
        side = "ahead of" if off > timedelta(0) else "behind"
        words = f"{abs(off).total_seconds():.0f} s {side} the API server's"
        why = "tokens and certificates that this machine makes may not count there"
        yield note("this machine's clock", words, why, "timedatectl set-ntp true")
