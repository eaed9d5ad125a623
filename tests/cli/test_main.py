import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from poolkeeper.api.crd import manifest
from poolkeeper.cli.contents import COMMANDS as COMMANDS_THERE_ARE
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
    unwrapped = "".join(answer.output.replace("│", " ").split())
    assert (answer.exit_code, str(tmp_path / "none") in unwrapped) == (2, True)


def test_a_log_level_that_does_not_exist_is_said():
    answer = CliRunner().invoke(app, ["run", "--log-level", "loud"], env={"COLUMNS": "300"})
    assert (answer.exit_code, "LOUD" in answer.output) == (2, True)


UNREACHED = """
current-context: a
clusters: [{name: a, cluster: {server: "http://127.0.0.1:9"}}]
contexts: [{name: a, context: {cluster: a}}]
"""


def test_a_cluster_that_cannot_be_reached_ends_run_with_one_line(tmp_path):
    file = tmp_path / "config"
    file.write_text(UNREACHED)
    answer = CliRunner().invoke(app, ["run", "--kubeconfig", str(file)], env={"COLUMNS": "300"})
    assert (answer.exit_code, answer.output.count("\n")) == (2, 1)
    assert answer.output.startswith("error: GET /version: Cannot connect to host 127.0.0.1:9")


def test_the_version_is_that_of_the_package():
    answer = CliRunner().invoke(app, ["--version"])
    assert (answer.exit_code, answer.output) == (0, f"poolkeeper {version('poolkeeper')}\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_help_is_broken_by_the_screen_alone(command):
    answer = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "80", "TERMINAL_WIDTH": "80"})
    told = answer.output.partition("Options")[0].splitlines()
    starts = [index for index, line in enumerate(told) if line.strip() and index and told[index - 1].strip()]
    assert all(fills(told[index - 1], told[index]) for index in starts)


def fills(line, following):
    """Return whether a line is as full as it can be, or an example."""
    return following.startswith("     ") or len(line.rstrip()) + 1 + len(following.split()[0]) > 78


def test_the_first_example_is_indented_as_the_others():
    answer = CliRunner().invoke(app, ["check", "--help"], env={"COLUMNS": "80", "TERMINAL_WIDTH": "80"})
    assert "     poolkeeper check   " in answer.output


def test_a_choice_that_is_none_is_told_in_plain_words():
    answer = CliRunner().invoke(app, ["status", "-o", "yaml"], env={"COLUMNS": "300"})
    assert (answer.exit_code, "'--output' / '-o': 'yaml' is not one of" in answer.output) == (2, True)


@pytest.mark.parametrize("name", COMMANDS_THERE_ARE)
def test_the_list_shows_a_command_as_its_help_begins(name):
    whole = typer.main.get_command(app).commands[name]
    assert whole.help.partition("\n\n")[0] == COMMANDS_THERE_ARE[name].brief


def test_the_list_of_commands_imports_none_of_them():
    code = (
        "import sys; from poolkeeper.cli.main import app; app(['--help'], standalone_mode=False); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603  ours
    assert not {"poolkeeper.cli.status", "aiohttp", "redis"} & set(done.stdout.split())
