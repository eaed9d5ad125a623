"""Chart, install.yaml and overlays are manifests/base and crds/ again, and the version is the package's."""

import json
from importlib.metadata import version

import pytest
import yaml
from tests.charts.rendering import CHART, ROOT, called, documents, of_kind, rendered, template, without_helm

from bundles import FILES
from bundles.install import kustomized

needs_kubectl = pytest.mark.cluster

CRD = yaml.safe_load((ROOT / "crds" / "inferencepools.yaml").read_text())
ONLY_IN_THE_CHART = {("NetworkPolicy", "poolkeeper", "poolkeeper")}
ONLY_IN_THE_BASE = {("Namespace", "", "poolkeeper")}


def known(objects):
    """Objects by name, without what is Helm's own, rules in a fixed order."""
    made = {called(one): without_helm(one) for one in objects}
    for one in made.values():
        if "rules" in one:
            one["rules"].sort(key=json.dumps)
    return made


def without(objects, *kinds):
    return {name: one for name, one in objects.items() if name[0] not in kinds}


@pytest.mark.parametrize("name", sorted(set(FILES) - {"manifests/install.yaml"}))
def test_a_file_is_what_it_is_made_from(name):
    assert (ROOT / name).read_text() == FILES[name](), "run `make crds`"


@needs_kubectl
def test_the_single_file_is_what_it_is_made_from():
    assert (ROOT / "manifests/install.yaml").read_text() == FILES["manifests/install.yaml"](), "run `make crds`"


@needs_kubectl
def test_the_single_file_is_the_resource_and_the_base():
    objects = documents((ROOT / "manifests/install.yaml").read_text())
    assert objects == [CRD, *documents(kustomized(str(ROOT / "manifests/base")))]


@needs_kubectl
def test_the_chart_as_it_comes_is_the_base():
    chart = without(known(rendered("default")), "CustomResourceDefinition")
    base = known(documents(kustomized(str(ROOT / "manifests/base"))))
    assert (set(chart) - set(base), set(base) - set(chart)) == (ONLY_IN_THE_CHART, ONLY_IN_THE_BASE)
    assert not [name for name in set(chart) & set(base) if chart[name] != base[name]]


@needs_kubectl
def test_the_chart_held_to_a_namespace_is_the_overlay():
    _, words = template("--set", "namespaces={inference}")
    chart = without(known(documents(words)), "CustomResourceDefinition", "NetworkPolicy")
    overlay = without(known(documents(kustomized(str(ROOT / "manifests/overlays/namespaced")))), "Namespace")
    assert chart == overlay


@needs_kubectl
def test_the_charts_monitoring_is_that_of_the_manifests():
    kinds = ("PodMonitor", "PrometheusRule")
    both = (rendered("guarded"), documents(kustomized(str(ROOT / "manifests/monitoring"))))
    specs = [{one["kind"]: dict(one["spec"]) for one in of_kind(made, *kinds)} for made in both]
    for spec in specs:
        spec["PodMonitor"] = spec["PodMonitor"]["podMetricsEndpoints"][0] | {"interval": ""}
    assert specs[0] == specs[1]


def test_the_chart_brings_the_dashboard():
    (found,) = [
        one for one in of_kind(rendered("guarded"), "ConfigMap") if one["metadata"]["name"].endswith("-dashboard")
    ]
    dashboard = (ROOT / "manifests/monitoring/dashboard.json").read_text()
    assert json.loads(found["data"]["poolkeeper.json"]) == json.loads(dashboard)


def test_the_charts_resource_is_ours():
    (found,) = of_kind(rendered("default"), "CustomResourceDefinition")
    made = without_helm(found)
    made["metadata"] = {"name": made["metadata"]["name"]}
    assert made == CRD


def test_the_resource_stays_when_the_chart_goes():
    (found,) = of_kind(rendered("default"), "CustomResourceDefinition")
    assert found["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}


def test_it_goes_with_the_chart_only_on_request():
    (found,) = of_kind(rendered("namespaced"), "CustomResourceDefinition")
    assert "annotations" not in found["metadata"]


def test_the_chart_is_of_this_version():
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert (chart["version"], chart["appVersion"]) == (version("poolkeeper"), version("poolkeeper"))


def test_nothing_of_the_chart_is_outside_of_it():
    assert not [path for path in CHART.rglob("*") if path.is_symlink()]
