"""Strain: what a span is worth, measured by nobody who waits for the test's own threads."""

import os
import signal
import subprocess
import sys
import time  # noqa: TID251  what is tested is a measurement of time
from pathlib import Path

import pytest

from rig.strain import Sample, Strain, worth
from rig.waiting import eventually

ROOT = Path(__file__).parents[2]
MEASURES = """
import signal, sys, time
sys.path.insert(0, "e2e")
from rig.strain import Strain
with Strain() as strain:
    print(strain.pid, flush=True)
    signal.pause()
"""


def is_there(pid):
    return Path(f"/proc/{pid}").exists()


def test_a_span_is_worth_what_was_to_be_had_in_it():
    samples = [Sample(10, 0.5), Sample(14, 1.0)]
    assert [worth(samples, *span) for span in ((10, 14), (12, 16), (14, 20), (12, 11))] == [2, 3, 6, 0]


def test_before_the_first_sample_it_is_worth_as_much_as_at_that():
    assert worth([Sample(10, 0.5)], 6, 10) == 2


def test_work_of_this_process_keeps_no_sample_waiting():
    """A single call that lets no other thread run: measured in this process there would be no sample within."""
    with Strain() as strain:
        eventually(lambda: strain.samples, "it measures")
        begin = time.monotonic()
        sum(range(100_000_000))
        end = time.monotonic()
        strain.worth(begin, end)
        assert sum(begin < sample.at < end for sample in strain.samples) >= (end - begin) / 2


def test_a_measurement_ends_with_its_block():
    with Strain() as strain:
        assert is_there(strain.pid)
    assert not is_there(strain.pid)


def test_an_interrupted_measurement_ends_too():
    strain = Strain()
    with pytest.raises(KeyboardInterrupt), strain:
        raise KeyboardInterrupt
    assert not is_there(strain.pid)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_measurement_ends_with_whoever_measures(number):
    with subprocess.Popen(  # noqa: S603  its own
        [sys.executable, "-c", MEASURES], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.send_signal(number)
    eventually(lambda: not is_there(pid), "the measuring process is gone")


def test_whoever_asks_when_nobody_measures_any_more_is_told():
    with Strain() as strain:
        os.kill(strain.pid, signal.SIGKILL)
        with pytest.raises(RuntimeError, match="nobody measures"):
            strain.worth(0, time.monotonic())
