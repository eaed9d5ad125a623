"""The chart as the real helm renders it, and the manifests as the real kubectl does."""

import subprocess
import sys
from functools import cache
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "poolkeeper"
CASES = {path.name.removesuffix("-values.yaml"): path for path in sorted((CHART / "ci").glob("*-values.yaml"))}
"""Value files by name. Together they set every value there is."""
HELM = Path(sys.executable).with_name("helm")
NEWEST = "1.37.0"
OF_HELM = (
    "app.kubernetes.io/instance",
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/version",
    "helm.sh/chart",
    "helm.sh/resource-policy",
)
"""Labels and annotations that only Helm puts there."""


def helm(*arguments, text=None):
    """Run helm without any cluster; its exit code and words."""
    argv = [HELM, *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, input=text)  # noqa: S603  our environment's
    return done.returncode, done.stdout + done.stderr


def template(*arguments, release="poolkeeper", text=None):
    """Render the chart into namespace `poolkeeper`; what helm answers."""
    target = (release, str(CHART), "--namespace", "poolkeeper", "--kube-version", NEWEST)
    return helm("template", *target, *arguments, text=text)


@cache
def rendered(case):
    """The objects of a case."""
    code, words = template("-f", str(CASES[case]))
    assert code == 0, words
    return documents(words)


def documents(text):
    """The objects of some YAML."""
    return [one for one in yaml.safe_load_all(text) if one]


def of_kind(objects, *kinds):
    """The objects of these kinds."""
    return [one for one in objects if one["kind"] in kinds]


def called(one):
    """What an object is called: kind, namespace and name."""
    return one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"]


def without_helm(value):
    """The same without Helm's own labels and annotations, wherever they stand; rules in no order."""
    if isinstance(value, dict):
        made = {key: without_helm(part) for key, part in value.items() if key not in OF_HELM}
        return {key: part for key, part in made.items() if part != {} or value[key] == {}}
    if isinstance(value, list):
        return [without_helm(part) for part in value]
    return value
