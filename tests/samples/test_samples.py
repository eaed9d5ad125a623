"""What can be said of the samples without a cluster: each is whole, fits together, and lives a day."""

import json
import math
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from poolkeeper.api import names
from poolkeeper.api.pinning import is_pinned, tolerates
from poolkeeper.api.providers import PROVIDERS
from poolkeeper.api.sibling import blueprint
from poolkeeper.cli.main import app
from poolkeeper.cli.manifest import read

SAMPLES = sorted((Path(__file__).parents[2] / "manifests/samples").glob("*.yaml"))
WITH_POOLS = [path for path in SAMPLES if f"apiVersion: {names.API_VERSION}" in path.read_text()]
WHOLE = {"eks-karpenter": "karpenter", "gke-spot": "gke", "aks-spot": "aks"}
LIVED = ["eks-karpenter", "business-hours", "llm-d", "two-tier-budget"]
"""One of each kind; a night's work is replayed by `make bench-batch`."""

each_sample = pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
each_pool = pytest.mark.parametrize("path", WITH_POOLS, ids=lambda path: path.stem)
each_provider = pytest.mark.parametrize("name", WHOLE)


@pytest.fixture
def part(documents):
    """Return a sample's document of a kind."""
    return lambda name, kind: [one for one in documents(name) if one["kind"] == kind][-1]


@pytest.fixture
def pod(part):
    return lambda name: part(name, "Deployment")["spec"]["template"]["spec"]


def sample(name):
    return next(path for path in SAMPLES if path.stem == name)


def provider(name):
    return next(one for one in PROVIDERS if one.name == WHOLE[name])


@each_sample
def test_it_begins_with_what_it_is(path):
    assert path.read_text().startswith("# ")


@each_sample
def test_the_pages_that_it_names_exist(path):
    words = path.read_text().replace(":", " ").replace(")", " ").split()
    root = path.parents[2]
    assert not [word for word in words if word.startswith("docs/") and not (root / word.rstrip(".,;")).exists()]


@each_pool
def test_check_is_content(path):
    answer = CliRunner().invoke(app, ["check", "-f", str(path), "--offline"])
    assert answer.exit_code == 0, answer.output
    assert "ok" in answer.output.splitlines()[0]


@each_pool
def test_whatever_targets_a_deployment_of_its_own_leaves_the_size_to_the_pool(path):
    made = {one["metadata"]["name"]: one for one in yaml.safe_load_all(path.read_text()) if one["kind"] == "Deployment"}
    targets = [made[pool["spec"]["targetRef"]["name"]] for pool in read(path) if made]
    assert not [one for one in targets if "replicas" in one["spec"]]


@each_provider
def test_its_target_is_an_on_demand_half(name, pod):
    assert is_pinned(pod(name), provider(name))


@each_provider
def test_its_half_on_spot_bears_the_taints_of_spot_nodes(name, part):
    target = part(name, "Deployment")
    target["metadata"]["uid"] = "made-by-the-api-server"
    pod = blueprint(target, "chat", provider(name)).body["spec"]["template"]["spec"]
    assert all(tolerates(pod, taint) for taint in provider(name).taints)


@each_provider
def test_its_pods_have_the_time_to_drain(name, part, pod):
    assert part(name, names.KIND)["spec"]["drain"] == {
        "deadline": f"{pod(name)['terminationGracePeriodSeconds'] // 60}m"
    }


@each_provider
def test_what_the_engine_is_told_is_what_the_pool_takes_for_given(name, part, pod):
    slots = part(name, names.KIND)["spec"]["queue"]["slotsPerReplica"]
    assert f"--max-num-seqs={slots}" in pod(name)["containers"][0]["args"]


@each_provider
def test_its_service_reaches_both_halves(name, part):
    labels = part(name, "Deployment")["spec"]["template"]["metadata"]["labels"]
    assert part(name, "Service")["spec"]["selector"] == labels


def test_karpenter_may_make_what_the_pool_may_want(documents, part):
    limits = {
        one["metadata"]["name"]: one["spec"]["limits"]["nvidia.com/gpu"]
        for one in documents("eks-karpenter")
        if one["kind"] == "NodePool"
    }
    spec = part("eks-karpenter", names.KIND)["spec"]
    assert (
        limits["gpu-on-demand"]
        >= spec["capacity"]["guaranteed"]["base"] + spec["capacity"]["tiers"][0]["fallback"]["maxReplicas"]
    )
    assert limits["gpu-spot"] >= spec["maxReplicas"] - spec["capacity"]["guaranteed"]["base"]


def test_the_floor_fits_the_budget(part):
    spec = part("two-tier-budget", names.KIND)["spec"]
    dearest = spec["minReplicas"] * float(spec["cost"]["pricePerGPUHour"]["on-demand"]) * 24 * 31
    assert dearest < float(spec["cost"]["budget"]["monthly"])


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    """A working day's traffic: nobody at night, most at noon."""
    file = tmp_path_factory.mktemp("day") / "day.csv"
    counts = [round(12 * (0.2 + 1.6 * max(0.0, math.sin((hour / 60 - 6) / 12 * math.pi)))) for hour in range(1440)]
    lines = [f"{60 * minute},{count},{600 * count},{200 * count}" for minute, count in enumerate(counts)]
    file.write_text("second,requests,prompt_tokens,output_tokens\n" + "\n".join(lines))
    return file


@pytest.mark.parametrize("name", LIVED)
def test_it_lives_a_day_in_the_model(name, day):
    argv = ["simulate", "-f", str(sample(name)), "--trace", str(day), "--peak-replicas", "3", "--step", "20s"]
    answer = CliRunner().invoke(app, [*argv, "--price", "3.00", "--spot-price", "0.90", "--output", "json"])
    ours, always = json.loads(answer.stdout)["rows"]
    assert ours["in_sla"] > 0.9, ours
    assert ours["cost"] < always["cost"] / 2
