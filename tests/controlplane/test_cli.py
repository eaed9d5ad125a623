"""`python -m controlplane`, as a person runs it."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from controlplane.cli import welcome

CLUSTER = SimpleNamespace(directory="/tmp/c", server="https://127.0.0.1:1", pod_network="127.7.0.0/16")  # noqa: S108
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


@pytest.mark.parametrize(
    ("crds", "next_step"), [(True, "  kubectl get ipool\n"), (False, "next: docs/tutorial.md, step 2\n")]
)
def test_the_welcome_proposes_what_works(crds, next_step):
    assert next_step in welcome(CLUSTER, crds=crds)


def test_without_the_crds_no_pool_is_asked_for():
    assert "ipool" not in welcome(CLUSTER, crds=False)
