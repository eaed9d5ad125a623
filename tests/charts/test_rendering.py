"""Whatever the values, what helm renders is right; and every value does something."""

import json

import pytest
import yaml
from tests.charts.rendering import CASES, CHART, HELM, called, documents, helm, of_kind, rendered, template

DEFAULTS = yaml.safe_load((CHART / "values.yaml").read_text())
SCHEMA = json.loads((CHART / "values.schema.json").read_text())
FREE = {"podSecurityContext", "securityContext", "resources"}
"""Values that are parts of a Pod as a whole."""

every_case = pytest.mark.parametrize("case", CASES)


def leaves(values, path=""):
    """Yield what may be set: the paths at which there is a scalar, a list, or a map of the user's own keys."""
    for key, value in values.items():
        if isinstance(value, dict) and value and key not in {*FREE, "labels", "podAnnotations"}:
            yield from leaves(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def at(values, path):
    for key in path.split("."):
        if not isinstance(values, dict) or key not in values:
            return None
        values = values[key]
    return values


LEAVES = list(leaves(DEFAULTS))
GIVEN = [yaml.safe_load(path.read_text()) or {} for path in CASES.values()]


def test_helm_is_the_real_one():
    assert HELM.exists()


@every_case
def test_helm_finds_nothing_to_complain_of(case):
    code, words = helm("lint", "--strict", str(CHART), "-f", str(CASES[case]))
    assert code == 0, words


@pytest.mark.parametrize(("path", "default"), LEAVES, ids=[path for path, _ in LEAVES])
def test_some_case_sets_every_value(path, default):
    assert [given for given in GIVEN if at(given, path) not in (None, default)], f"no case sets {path}"


@pytest.mark.parametrize("path", [path for path, _ in LEAVES])
def test_every_value_is_explained(path):
    lines = (CHART / "values.yaml").read_text().splitlines()
    name = path.rpartition(".")[2]
    places = [number for number, line in enumerate(lines) if line.strip().startswith(f"{name}:")]
    assert places
    explained = {"repository", "create", "enabled", "interval", "resources", "labels"}
    assert name in explained or any("#" in lines[number - 1] for number in places)


@every_case
def test_no_two_objects_have_one_name(case):
    names = [called(one) for one in rendered(case)]
    assert len(names) == len(set(names))


NAMES = {"name", "resourceNames", "serviceAccountName"}


def names(value):
    """Yield all names in an object, whatever they are of."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield from (part if isinstance(part, list) else [part]) if key in NAMES else names(part)
    elif isinstance(value, list):
        for part in value:
            yield from names(part)


@pytest.mark.parametrize("case", ["default", "namespaced", "guarded"])
def test_a_name_is_a_string_whatever_it_looks_like(case):
    odd = ("--set-string", "fullnameOverride=no,priceBook.name=123,priceBook.csv=a")
    code, words = template("-f", str(CASES[case]), *odd)
    found = [name for one in documents(words) for name in names(without_resource(one))]
    assert (code, {"no", "123", "123-accepted"} <= {str(name) for name in found}) == (0, True), words
    assert not [name for name in found if not isinstance(name, str)]


def without_resource(one):
    """Return an object without a resource's own fields, some of which are called `name`."""
    return {key: part for key, part in one.items() if key != "spec" or one["kind"] != "CustomResourceDefinition"}


@every_case
def test_no_right_has_a_wildcard(case):
    rules = [rule for one in of_kind(rendered(case), "Role", "ClusterRole") for rule in one["rules"]]
    assert not [rule for rule in rules for words in rule.values() for word in words if "*" in word]


@every_case
def test_every_binding_is_of_the_account_that_the_pods_have(case):
    (deployment,) = of_kind(rendered(case), "Deployment")
    bindings = of_kind(rendered(case), "RoleBinding", "ClusterRoleBinding")
    account = deployment["spec"]["template"]["spec"]["serviceAccountName"]
    assert {subject["name"] for one in bindings for subject in one["subjects"]} <= {account}


@every_case
def test_every_binding_is_to_a_role_that_is_there(case):
    there = {called(one) for one in of_kind(rendered(case), "Role", "ClusterRole")}
    bindings = of_kind(rendered(case), "RoleBinding", "ClusterRoleBinding")
    wanted = {
        (one["roleRef"]["kind"], one["metadata"].get("namespace", ""), one["roleRef"]["name"]) for one in bindings
    }
    assert wanted <= there


@every_case
def test_what_is_selected_is_never_another(case):
    (deployment,) = of_kind(rendered(case), "Deployment")
    wanted = {"app.kubernetes.io/name": "poolkeeper", "app.kubernetes.io/instance": "poolkeeper"}
    assert deployment["spec"]["selector"] == {"matchLabels": wanted}


@every_case
def test_all_that_selects_the_pods_finds_them(case):
    (deployment,) = of_kind(rendered(case), "Deployment")
    labels = deployment["spec"]["template"]["metadata"]["labels"].items()
    specs = [one["spec"] for one in of_kind(rendered(case), "PodDisruptionBudget", "NetworkPolicy", "PodMonitor")]
    selectors = [spec.get("selector") or spec["podSelector"] for spec in [*specs, deployment["spec"]]]
    assert all(one["matchLabels"].items() <= labels for one in selectors)


@every_case
def test_the_pods_keep_the_restricted_profile(case):
    (deployment,) = of_kind(rendered(case), "Deployment")
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    kept = container["securityContext"]
    assert (pod["securityContext"]["runAsNonRoot"], pod["securityContext"]["seccompProfile"]["type"]) == (
        True,
        "RuntimeDefault",
    )
    assert (kept["allowPrivilegeEscalation"], kept["capabilities"]) == (False, {"drop": ["ALL"]})


@every_case
def test_every_volume_is_mounted_and_every_mount_has_one(case):
    (deployment,) = of_kind(rendered(case), "Deployment")
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    names = {volume["name"] for volume in pod.get("volumes", ())}
    assert names == {mount["name"] for mount in container.get("volumeMounts", ())}


@every_case
def test_all_that_is_in_a_namespace_says_so(case):
    wide = {"CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding"}
    assert not [one for one in rendered(case) if (one["kind"] in wide) == ("namespace" in one["metadata"])]


def test_a_release_of_another_name_has_names_of_its_own():
    _, words = template(release="second")
    names = {one["metadata"]["name"] for one in yaml.safe_load_all(words) if one and one["kind"] == "Deployment"}
    assert names == {"second-poolkeeper"}
