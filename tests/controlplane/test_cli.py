"""`python -m controlplane`, as a person runs it."""

import subprocess
import sys


def run(*args: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "controlplane", *args]
    return subprocess.run(argv, capture_output=True, text=True, check=False)  # noqa: S603  this Python


def test_help_teaches_the_annotations():
    assert "poolkeeper.dev/load-ms" in run("cluster", "--help").stdout


def test_a_program_that_is_none_of_ours_is_refused():
    assert "no program of ours is called 'nginx'" in run("build", "nginx").stderr
