"""The live view ends with its terminal, also where no signal says so."""

import os
import pty
import signal
import subprocess
import sys

import pytest

from poolkeeper.cli.watch_terminal import is_gone

WATCHES = "import asyncio; from poolkeeper.cli.watch_terminal import leave_with; print(); asyncio.run(leave_with(0))"


@pytest.fixture
def terminal():
    ours, theirs = pty.openpty()
    yield ours, theirs
    os.close(theirs)


def test_a_terminal_that_is_there_is_not_gone(terminal):
    ours, theirs = terminal
    assert not is_gone(theirs)
    os.close(ours)


def test_a_terminal_that_was_closed_is_gone(terminal):
    ours, theirs = terminal
    os.close(ours)
    assert is_gone(theirs)


def test_a_process_ends_with_its_terminal(terminal):
    ours, theirs = terminal
    command = [sys.executable, "-c", WATCHES]
    with subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, start_new_session=True) as process:  # noqa: S603  our own
        process.stdout.readline()
        os.close(ours)
        assert process.wait(60) == -signal.SIGHUP
