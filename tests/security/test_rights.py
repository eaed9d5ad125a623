"""What our manifests grant, and how their pods run: whatever is added there later, too."""

from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
MANIFESTS = [path for path in sorted((ROOT / "manifests").rglob("*.yaml")) if "samples" not in path.parts]
GRANTING = [path for path in MANIFESTS if path.name != "kustomization.yaml"]
DOCUMENTS = [one for path in GRANTING for one in yaml.safe_load_all(path.read_text()) if one and "kind" in one]
RULES = [rule for one in DOCUMENTS if one["kind"] in {"Role", "ClusterRole"} for rule in one.get("rules", ())]
RIGHTS = {(resource, verb) for rule in RULES for resource in rule["resources"] for verb in rule["verbs"]}
SUBJECTS = [subject for one in DOCUMENTS for subject in one.get("subjects", ())]
PAGE = (ROOT / "docs/security.md").read_text()
NEVER = {
    *("pods/exec", "pods/attach", "pods/portforward", "pods/proxy", "pods/ephemeralcontainers", "pods/log"),
    *("nodes/proxy", "services/proxy", "serviceaccounts", "serviceaccounts/token", "secrets", "tokenreviews"),
    *("roles", "rolebindings", "clusterroles", "clusterrolebindings", "certificatesigningrequests"),
    *("mutatingwebhookconfigurations", "validatingwebhookconfigurations", "customresourcedefinitions", "namespaces"),
}
WRITES = {"create", "update", "patch", "delete", "deletecollection"}


def pods():
    for one in DOCUMENTS:
        found = one.get("spec", {})
        for step in {"Deployment": ("template",), "CronJob": ("jobTemplate", "spec", "template")}.get(one["kind"], ()):
            found = found[step]
        if one["kind"] in {"Deployment", "CronJob"}:
            yield found["spec"]


def operators_rules():
    files = ("cluster-role.yaml", "lease-role.yaml", "money-role.yaml")
    documents = [one for name in files for one in yaml.safe_load_all((ROOT / "manifests/base" / name).read_text())]
    return [rule for one in documents for rule in one.get("rules", ())]


def test_there_is_something_to_look_at():
    assert len(RULES) > 20
    assert len(list(pods())) >= 3


def test_no_rule_has_a_wildcard():
    assert not [rule for rule in RULES if "*" in [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]]


def test_nobody_may_give_rights_or_be_somebody_else():
    assert not {verb for _, verb in RIGHTS} & {"escalate", "bind", "impersonate", "approve", "sign", "*"}


def test_nothing_is_granted_that_runs_code_or_holds_secrets():
    assert not {resource for resource, _ in RIGHTS} & NEVER


def test_rights_go_to_accounts_and_to_no_group():
    assert {subject["kind"] for subject in SUBJECTS} == {"ServiceAccount"}


@pytest.mark.parametrize(
    ("resource", "verb"),
    sorted({(name, verb) for rule in operators_rules() for name in rule["resources"] for verb in rule["verbs"]}),
)
def test_the_page_tells_what_a_stolen_token_could_write(resource, verb):
    assert verb not in WRITES or f"`{resource}`" in PAGE


@pytest.mark.parametrize("pod", list(pods()), ids=lambda pod: pod["serviceAccountName"])
def test_a_pod_runs_with_the_least(pod):
    context = pod["securityContext"]
    assert (context["runAsNonRoot"], context["seccompProfile"]) == (True, {"type": "RuntimeDefault"})
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
    assert not [volume for volume in pod.get("volumes", ()) if "hostPath" in volume]


@pytest.mark.parametrize("pod", list(pods()), ids=lambda pod: pod["serviceAccountName"])
def test_a_container_writes_nothing_and_may_nothing(pod):
    least = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    assert [one["securityContext"] for one in pod["containers"]] == [least] * len(pod["containers"])


@pytest.mark.parametrize("pod", list(pods()), ids=lambda pod: pod["serviceAccountName"])
def test_a_pod_has_an_account_of_its_own(pod):
    assert pod["serviceAccountName"].startswith("poolkeeper")
