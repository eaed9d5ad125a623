"""The rules are said once and checked twice: the API server in OpenAPI and CEL, `parse_spec` in Python."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel
from tests.contract.bad_specs import FIELDS, GOOD, MINIMAL, RULES, bounds

from controlplane import KubectlError
from poolkeeper.api import names
from poolkeeper.api.rules import Part
from poolkeeper.api.spec import Spec, SpecError, parse_spec, unknown_fields
from poolkeeper.shell.access import Access
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import Invalid

SAMPLES = [
    path
    for path in sorted((Path(__file__).parents[2] / "manifests" / "samples").glob("*.yaml"))
    if f"kind: {names.KIND}" in path.read_text()
]
BAD = (*bounds(), *RULES, *FIELDS)
TRIED = f"/apis/{names.API_VERSION}/namespaces/default/{names.PLURAL}?dryRun=All&fieldValidation=Strict"


def pool(spec):
    metadata = {"name": "tried", "namespace": "default"}
    return {"apiVersion": names.API_VERSION, "kind": names.KIND, "metadata": metadata, "spec": spec}


def rules(part: type[BaseModel] = Spec) -> Iterator[str]:
    if issubclass(part, Part):
        yield from (rule.message for rule in part.RULES)
    for found in parts(part):
        yield from rules(found)


def parts(part: type[BaseModel]) -> Iterator[type[BaseModel]]:
    waiting: list[object] = [field.annotation for field in part.model_fields.values()]
    while waiting:
        found = waiting.pop()
        if isinstance(found, type) and issubclass(found, BaseModel):
            yield found
        waiting += getattr(found, "__args__", ())


def sparse(value):
    """Return a dump without empty maps: an absent one means the same, and the API server adds none."""
    if isinstance(value, list):
        return [sparse(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    return {key: sparse(inner) for key, inner in value.items() if inner != {}}


@pytest.fixture
async def real(cluster, crd):
    async with KubeClient(Access.from_kubeconfig(cluster.kubeconfig)) as client:
        yield client


def test_every_rule_has_a_case():
    assert set(rules()) == {word for bad in RULES for word in bad.said}


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_python_refuses_and_names_the_field(bad):
    with pytest.raises(SpecError) as refused:
        parse_spec(bad.spec)
    assert [word for word in (bad.field, *bad.said) if word not in str(refused.value)] == []


@pytest.mark.cluster
@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
async def test_the_api_server_refuses_and_names_the_field(bad, real):
    with pytest.raises(Invalid) as refused:
        await real.post(TRIED, pool(bad.spec))
    assert [word for word in bad.sooner or (bad.field, *bad.said) if word not in str(refused.value)] == []


@pytest.mark.cluster
@pytest.mark.parametrize("spec", GOOD.values(), ids=GOOD)
def test_both_give_the_same_defaults(spec, cluster, crd):
    defaulted = json.loads(
        cluster.kubectl("create", "--dry-run=server", "-o", "json", "-f", "-", input=json.dumps(pool(spec)))
    )
    assert defaulted["spec"] == sparse(parse_spec(spec).model_dump(mode="json", by_alias=True, exclude_none=True))


@pytest.mark.cluster
@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_is_accepted_by_both(path, cluster, crd):
    sample = next(one for one in yaml.safe_load_all(path.read_text()) if one["apiVersion"] == names.API_VERSION)
    parse_spec(sample["spec"])
    placed = json.dumps(sample | {"metadata": {**sample["metadata"], "namespace": "default"}})
    assert "created" in cluster.kubectl("apply", "--dry-run=server", "-f", "-", input=placed)


@pytest.mark.cluster
def test_kubectl_apply_refuses_an_unknown_field_by_name(cluster, crd):
    wrong = json.dumps(pool(MINIMAL | {"queue": {"scaleup": {"above": 9}}}))
    with pytest.raises(KubectlError, match="scaleup"):
        cluster.kubectl("apply", "--dry-run=server", "-f", "-", input=wrong)


@pytest.mark.cluster
def test_server_side_apply_refuses_an_unknown_field_by_name(cluster, crd):
    wrong = pool(MINIMAL | {"queue": {"scaleup": {"above": 9}}})
    with pytest.raises(KubectlError, match="scaleup"):
        cluster.apply(wrong)


@pytest.mark.cluster
async def test_a_plain_post_prunes_what_we_then_name(real, cluster, crd):
    wrong = MINIMAL | {"queue": {"scaleup": {"above": 9}}}
    kept = json.loads(
        cluster.kubectl(
            "create", "--dry-run=server", "--validate=ignore", "-o", "json", "-f", "-", input=json.dumps(pool(wrong))
        )
    )
    assert ("scaleup" in kept["spec"]["queue"], unknown_fields(wrong)) == (False, ["spec.queue.scaleup"])
