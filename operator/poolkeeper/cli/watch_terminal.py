"""Whether the terminal of the live view is still there.

Who closes a terminal that is nobody's controlling one (a broken SSH session in a container, a supervisor) sends no
SIGHUP. Reading from it then gives nothing, at once, for ever: half a core is spent on it.
"""

import asyncio
import select
import signal
from datetime import timedelta

EVERY = timedelta(seconds=1)
GONE = select.POLLHUP | select.POLLERR | select.POLLNVAL


def is_gone(descriptor: int) -> bool:
    """Return whether a terminal's other side has been closed."""
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(what & GONE for _, what in poll.poll(0))


async def leave_with(descriptor: int) -> None:
    """End the process once the terminal is gone, as the signal would that has not come; there is nothing to restore."""
    while not is_gone(descriptor):  # noqa: ASYNC110  the kernel is asked: nobody could set an event
        await asyncio.sleep(EVERY.total_seconds())
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    signal.raise_signal(signal.SIGHUP)
