"""The heartbeat tells how late it comes; whoever hangs is found by the watchdog."""

import asyncio
import subprocess
import sys
import time  # noqa: TID251  what blocks a loop is a real sleep

from poolkeeper.shell.heartbeat import beat

HANGS = """
import time
from datetime import timedelta
from poolkeeper.shell.heartbeat import watchdog

def stuck():
    time.sleep(60)

with watchdog(timedelta(seconds=0.2)) as wind:
    wind()
    stuck()
"""
LEAVES = """
import time
from datetime import timedelta
from poolkeeper.shell.heartbeat import watchdog

with watchdog(timedelta(seconds=0.2)) as wind:
    wind()
time.sleep(0.5)
"""

SLOW_END = """
import asyncio, time
from datetime import timedelta
from poolkeeper.shell import heartbeat

heartbeat.watchdog.__wrapped__.__defaults__ = (timedelta(seconds=0.2),)

async def end():
    beating = asyncio.create_task(heartbeat.watched(lambda _: None))
    await asyncio.sleep(0.1)
    beating.cancel()
    await asyncio.gather(beating, return_exceptions=True)
    time.sleep(0.5)

asyncio.run(end())
"""


async def late(block):
    told = asyncio.Queue()
    beating = asyncio.create_task(beat(told.put_nowait))
    await told.get()
    block()
    found = await told.get()
    beating.cancel()
    return found


async def test_a_heartbeat_tells_for_how_long_nothing_else_happened():
    assert await late(lambda: time.sleep(0.5)) > 0.3


async def test_the_watchdog_is_wound_up_with_the_first_beat():
    wound = asyncio.Event()
    beating = asyncio.create_task(beat(lambda _: None, wound.set))
    await asyncio.wait_for(wound.wait(), 60)
    beating.cancel()


def test_a_loop_that_hangs_leaves_its_stack_in_the_log():
    with subprocess.Popen([sys.executable, "-c", HANGS], stderr=subprocess.PIPE, text=True) as process:  # noqa: S603  our own
        told = next(line for line in process.stderr if "in stuck" in line)
        process.kill()
    assert "<string>" in told


def test_a_watchdog_that_was_left_says_nothing():
    done = subprocess.run([sys.executable, "-c", LEAVES], capture_output=True, text=True, check=True)  # noqa: S603  our own
    assert done.stderr == ""


def test_an_end_that_takes_long_is_no_hang():
    done = subprocess.run([sys.executable, "-c", SLOW_END], capture_output=True, text=True, check=True)  # noqa: S603  our own
    assert done.stderr == ""
