"""Every object that we render or ship is one that each Kubernetes from 1.33 to 1.37 knows, field by field."""

import json
from functools import cache

import kubernetes_validate
import pytest
import yaml
from jsonschema import Draft4Validator
from tests.charts.rendering import CASES, ROOT, documents, rendered

from bundles.install import kustomized

VERSIONS = ("1.33", "1.34", "1.35", "1.36", "1.37")
OTHERS = {
    ("poolkeeper.io/v1alpha1", "InferencePool"),
    ("monitoring.coreos.com/v1", "PodMonitor"),
    ("monitoring.coreos.com/v1", "PrometheusRule"),
    ("karpenter.sh/v1", "NodePool"),
    ("karpenter.k8s.aws/v1", "EC2NodeClass"),
    ("inference.networking.k8s.io/v1", "InferencePool"),
}
"""Resources that are none of Kubernetes' own; `tests/samples` holds those of the samples to their own definitions."""
DIRECTORIES = sorted(path.parent for path in (ROOT / "manifests").rglob("kustomization.yaml"))
SINGLE = [ROOT / "manifests" / "install.yaml", *sorted((ROOT / "manifests/samples").rglob("*.yaml"))]
CRD = yaml.safe_load((ROOT / "crds" / "inferencepools.yaml").read_text())
POOL = CRD["spec"]["versions"][0]["schema"]["openAPIV3Schema"]

every_version = pytest.mark.parametrize("version", VERSIONS)


def shown(path):
    return str(path.relative_to(ROOT))


def check(objects, version):
    """Return what is wrong with objects."""
    return list(filter(None, (problem(json.dumps(one, sort_keys=True), version) for one in objects)))


@cache
def problem(text, version):
    """Return what is wrong with an object, as JSON; empty where nothing is. Most cases render the same objects."""
    one = json.loads(text)
    if (one["apiVersion"], one["kind"]) in OTHERS:
        return ""
    try:
        kubernetes_validate.validate(one, version, strict=True)
    except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
        return f"{one['kind']} {one['metadata']['name']}: {error}"
    return ""


@every_version
def test_every_rendering_of_the_chart_is_known(version):
    assert check([one for case in CASES for one in rendered(case)], version) == []


@pytest.mark.cluster
@every_version
def test_every_kustomization_is_known(version):
    found = [one for path in DIRECTORIES for one in documents(kustomized(str(path)))]
    assert check(found, version) == []


@every_version
def test_every_single_manifest_is_known(version):
    found = [one for path in SINGLE for one in documents(path.read_text()) if one["kind"] != "Kustomization"]
    assert check(found, version) == []


@pytest.mark.parametrize("path", SINGLE, ids=shown)
def test_every_pool_of_the_samples_keeps_the_schema(path):
    pools = [one for one in documents(path.read_text()) if one["apiVersion"] == "poolkeeper.io/v1alpha1"]
    assert [list(Draft4Validator(POOL).iter_errors(one)) for one in pools] == [[] for _ in pools]


@every_version
def test_a_field_that_does_not_exist_is_found(version):
    metadata = {"name": "poolkeeper"}
    wrong = {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata,
        "spec": {"maxAvailable": 1},
    }
    assert "maxAvailable" in check([wrong], version)[0]


def test_a_pool_that_breaks_the_schema_is_found():
    assert list(Draft4Validator(POOL).iter_errors({"spec": {"minReplicas": "two"}}))
