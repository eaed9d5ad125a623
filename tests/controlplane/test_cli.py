"""`python -m controlplane`, as a person runs it."""

import subprocess
import sys

COMMAND = """
import os
from types import SimpleNamespace
from controlplane.cli import _run
_run(["sh", "-c", "echo runs; exec sleep 60"], SimpleNamespace(environment=dict(os.environ)))
"""


def run(*args: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "controlplane", *args]
    return subprocess.run(argv, capture_output=True, text=True, check=False)  # noqa: S603  this Python


def test_help_teaches_the_annotations():
    assert "poolkeeper.dev/load-ms" in run("cluster", "--help").stdout


def test_a_program_that_is_none_of_ours_is_refused():
    assert "no program of ours is called 'nginx'" in run("build", "nginx").stderr


def test_a_command_ends_with_the_tool_that_is_killed():
    argv = [sys.executable, "-c", COMMAND]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as tool:  # noqa: S603  this Python
        assert tool.stdout.readline() == "runs\n"
        tool.kill()
        assert tool.communicate(timeout=10)[0] == "", "the pipe is closed by whoever held it"
