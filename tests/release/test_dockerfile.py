"""The image's file says what the manifests take as given. It cannot be built here; hadolint reads it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from image.build import PYTHON, SETTINGS

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "operator/Dockerfile"
TEXT = DOCKERFILE.read_text()
RUNTIME = TEXT.rpartition("\nFROM ")[2]


@pytest.fixture(scope="module")
def pod():
    documents = yaml.safe_load_all((ROOT / "manifests/base/deployment.yaml").read_text())
    return next(one for one in documents if one["kind"] == "Deployment")["spec"]["template"]["spec"]


def instruction(name):
    """Return the last instruction of the runtime stage by this name."""
    return re.findall(rf"^{name} (.*)$", RUNTIME, re.MULTILINE)[-1]


def test_hadolint_has_nothing_to_say():
    program = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([program, DOCKERFILE], capture_output=True, text=True, check=False)  # noqa: S603  our own file
    assert (done.returncode, done.stdout) == (0, "")


def test_the_user_is_who_the_pod_runs_as(pod):
    context = pod["securityContext"]
    assert instruction("USER") == f"{context['runAsUser']}:{context['runAsGroup']}"


def test_the_port_is_the_pods(pod):
    assert instruction("EXPOSE") == str(pod["containers"][0]["ports"][0]["containerPort"])


def test_it_starts_the_command_that_the_pod_gives_arguments_to(pod):
    assert instruction("ENTRYPOINT") == '["poolkeeper"]'
    assert yaml.safe_load(instruction("CMD"))[0] == pod["containers"][0]["args"][0] == "run"


def test_the_image_that_tests_run_is_started_the_same_way():
    assert (SETTINGS["User"], SETTINGS["WorkingDir"]) == (instruction("USER"), instruction("WORKDIR"))
    assert yaml.safe_load(instruction("ENTRYPOINT")) == SETTINGS["Entrypoint"]


def test_the_image_that_tests_run_has_the_same_settings_of_python():
    assert {one for one in SETTINGS["Env"] if one.startswith("PYTHON")} == set(re.findall(r"PYTHON\w+=\d", RUNTIME))


def test_it_is_the_same_python():
    assert f":{PYTHON}." in re.search(r"^ARG BASE=(\S+)$", TEXT, re.MULTILINE)[1]


def test_the_base_is_an_argument_with_a_digest():
    assert re.search(r"^ARG BASE=\S+:3\.11\S*@sha256:[0-9a-f]{64}$", TEXT, re.MULTILINE)
    assert re.findall(r"^FROM (\S+)", TEXT, re.MULTILINE) == ["${BASE}"] * 2


def test_nothing_is_run_in_what_ships():
    assert "\nRUN " not in RUNTIME


def test_uv_is_the_one_that_made_the_lock_file():
    version = re.search(r"^UV_VERSION := (\S+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)[1]
    assert f"ARG UV_VERSION={version}\n" in TEXT


def test_what_it_copies_is_what_docker_may_see():
    seen = {line.lstrip("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", TEXT, re.MULTILINE)
    assert {name for line in copied for name in line.split()} == seen
