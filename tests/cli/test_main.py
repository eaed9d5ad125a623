import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from poolkeeper.api.crd import manifest
from poolkeeper.cli.main import app

COMMANDS = ["run", "crd", "check", "status", "explain", "recommend"]


def test_the_crd_is_printed():
    assert CliRunner().invoke(app, ["crd"]).output == manifest()


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_that_teaches(command):
    answer = CliRunner().invoke(app, [command, "--help"])
    assert answer.exit_code == 0
    assert f"poolkeeper {command}" in " ".join(answer.output.split())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--prometheus", "default"], "--prometheus wants NAME=URL"),
        (["--prometheus", "default=ftp://x"], "http:// or https://"),
        (["--lease-duration", "soon"], "'soon' is no duration"),
        (["--costs", "none.yaml"], "none.yaml cannot be read: No such file or directory"),
    ],
)
def test_a_bad_option_of_run_says_what_would_be_right(options, words):
    answer = CliRunner().invoke(app, ["run", *options], env={"COLUMNS": "300"})
    assert answer.exit_code == 2
    assert words in answer.output


def test_the_kubectl_plugin_is_the_same_program():
    plugin = Path(sys.executable).with_name("kubectl-poolkeeper")
    done = subprocess.run([plugin, "crd"], capture_output=True, text=True, check=True)  # noqa: S603  our own program
    assert done.stdout == manifest()


def test_operator_is_still_the_standard_librarys():
    source_root = Path(__file__).parents[2] / "operator"
    assert not (source_root / "__init__.py").exists()


def test_a_kubeconfig_that_is_not_there_ends_run_at_once(tmp_path):
    answer = CliRunner().invoke(app, ["run", "--kubeconfig", str(tmp_path / "none")], env={"COLUMNS": "300"})
    assert answer.exit_code == 2
    assert "none" in answer.output


def test_a_log_level_that_does_not_exist_is_said():
    answer = CliRunner().invoke(app, ["run", "--log-level", "loud"], env={"COLUMNS": "300"})
    assert (answer.exit_code, "LOUD" in answer.output) == (2, True)
