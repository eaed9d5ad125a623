"""The workflows cannot run here; three readers of them have nothing to say, and they keep to our own rules."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from release import actionlint

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / ".github/workflows").glob("*.yaml"))
WORKFLOWS = {path.name: yaml.safe_load(path.read_text()) for path in FILES}
JOBS = [(name, job, text) for name, flow in WORKFLOWS.items() for job, text in flow["jobs"].items()]
STEPS = [step for _, _, job in JOBS for step in job.get("steps", ())]
PINNED = re.compile(r"uses: [\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")

each_job = pytest.mark.parametrize("job", [job for *_, job in JOBS], ids=[f"{name}:{job}" for name, job, _ in JOBS])


def say(program, *arguments):
    """Return what a program of ours says, where it is not content."""
    argv = [str(program), *map(str, arguments)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603  our own tools
    return done.stdout + done.stderr if done.returncode else ""


def tool(name):
    return Path(sys.executable).with_name(name)


def test_they_are_what_githubs_schema_says():
    assert not say(tool("check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *FILES)


def test_dependabot_is_told_in_its_own_words():
    assert not say(tool("check-jsonschema"), "--builtin-schema", "vendor.dependabot", ".github/dependabot.yml")


def test_zizmor_finds_no_way_in():
    assert not say(tool("zizmor"), "--offline", "--no-progress", "--quiet", ROOT / ".github")


@pytest.mark.timeout(300)  # it is built once
def test_actionlint_has_nothing_to_say():
    assert not say(actionlint(), "-no-color", *FILES)


def test_every_action_is_pinned_by_a_commit_and_says_its_version():
    used = [line.strip() for path in FILES for line in path.read_text().splitlines() if "uses: " in line]
    assert not [line for line in used if "./.github" not in line and not PINNED.search(line)]


def test_one_action_has_one_pin():
    used = {step["uses"] for step in STEPS if "uses" in step}
    assert len(used) == len({one.partition("@")[0] for one in used})


@pytest.mark.parametrize("flow", WORKFLOWS.values(), ids=WORKFLOWS)
def test_nothing_is_allowed_that_no_job_asks_for(flow):
    assert flow["permissions"] == {}


@each_job
def test_a_job_ends(job):
    assert "timeout-minutes" in job or "uses" in job


@each_job
def test_whoever_may_write_is_no_pull_request(job):
    writes = [name for name, may in job["permissions"].items() if may == "write"]
    release = WORKFLOWS["release.yaml"]["jobs"].values()
    assert not writes or job in release


def test_the_releases_start_with_a_tag_alone():
    assert WORKFLOWS["release.yaml"][True] == {"push": {"tags": ["v*"]}}  # YAML 1.1 reads `on` so


def test_kind_is_asked_for_every_kubernetes_that_is_supported():
    matrix = WORKFLOWS["e2e-kind.yaml"]["jobs"]["installed"]["strategy"]["matrix"]["include"]
    assert [one["kubernetes"] for one in matrix] == ["1.33", "1.34", "1.35", "1.36", "1.37"]
    assert all(f":v{one['kubernetes']}." in one["node"] and "@sha256:" in one["node"] for one in matrix)


def test_ci_runs_what_developers_run():
    commands = [step.get("run") for step in WORKFLOWS["ci.yaml"]["jobs"]["test"]["steps"]]
    assert commands[-1] == "make test"


def test_the_files_that_are_run_or_read_exist():
    runs = " ".join(step.get("run", "") for step in STEPS)
    named = set(re.findall(r"\b(?:operator|charts|manifests|crds|e2e)/[\w./-]*\w", runs))
    assert len(named) > 1
    assert not [name for name in named if not (ROOT / name).exists()]
