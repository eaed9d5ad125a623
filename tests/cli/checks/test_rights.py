"""Whose rights count, what they must be, and how they are given."""

from pathlib import Path

import pytest
import yaml
from tests.cli.checks.cluster_parts import known, said, seen
from tests.cli.checks.test_cluster import operator

from poolkeeper.cli.checks import operators, rights
from poolkeeper.cli.checks.rights import Right, Who
from poolkeeper.shell.kube_errors import Forbidden

ROLE = Path(__file__).parents[3] / "manifests" / "base" / "cluster-role.yaml"


def test_what_is_needed_is_what_the_manifests_give():
    rules = next(yaml.safe_load_all(ROLE.read_text()))["rules"]
    given = {(g, r): set(rule["verbs"]) for rule in rules for g in rule["apiGroups"] for r in rule["resources"]}
    assert all(set(verbs) <= given[group, resource] for group, resource, verbs in rights.NEEDED)


WHO = Who("home", "keeper", "keeper-role")


def test_the_operators_account_and_role_are_found():
    subject = {"kind": "ServiceAccount", "namespace": "home", "name": "keeper"}
    binding = {"roleRef": {"name": "keeper-role"}, "subjects": [{"kind": "User", "name": "x"}, subject]}
    assert rights.whose(known(operators=(operator(),), clusterrolebindings=(binding,))) == WHO


def test_without_a_deployment_the_own_rights_count():
    assert rights.whose(known()).shown == "you"


def test_missing_verbs_of_a_resource_are_one_finding_with_its_rule():
    (found,) = rights.told(WHO, [Right("ns", "apps", "deployments/scale", verb) for verb in ("get", "patch")])
    assert "serviceaccount home/keeper may not get, patch deployments/scale.apps" in found.what
    assert found.fix.startswith("kubectl patch clusterrole keeper-role --type=json")


def test_a_secret_is_granted_in_its_namespace_alone():
    (found,) = rights.told(WHO, [Right("ns", "", "secrets", "get", "scrape")])
    assert "--resource-name=scrape" in found.fix
    assert "--serviceaccount=home:keeper" in found.fix


def test_who_asks_for_themselves_is_sent_to_the_manifests():
    (found,) = rights.told(Who(), [Right("ns", "", "pods", "list")])
    assert found.fix.startswith("kubectl apply -k manifests/base")


def test_secrets_and_other_kinds_are_needed_where_pools_use_them():
    source = {"name": "pods", "pods": {"tokenSecretRef": {"name": "scrape", "key": "token"}}}
    pools = [seen(queue={"sources": [source]}), seen(targetRef={"name": "a", "kind": "StatefulSet"})]
    needed = set(rights.needed("ns", pools))
    assert {Right("ns", "", "secrets", "get", "scrape"), Right("ns", "apps", "statefulsets/scale", "patch")} <= needed


class Reviewer:
    """An API server that allows all but one verb, or refuses to say."""

    def __init__(self, error=None):
        self.error = error

    async def ask(self, _, question, *, into):
        if self.error:
            raise self.error
        return into(status={"allowed": question["spec"]["resourceAttributes"]["verb"] != "patch"})


async def test_what_is_not_allowed_is_told():
    found = await rights.look(Reviewer(), WHO, [Right("ns", "", "pods", verb) for verb in ("list", "patch")])
    assert said(found) == ["wrong: rights in ns: serviceaccount home/keeper may not patch pods"]


async def test_who_may_not_ask_learns_that():
    (found,) = await rights.look(Reviewer(Forbidden("no", status=403)), WHO, [Right("ns", "", "pods", "list")])
    assert found.level == "unknown"


def test_where_the_deployment_cannot_be_looked_at_nobody_elses_rights_count():
    assert rights.whose(known(unread={"operators": "forbidden"})) is None


def test_whose_rights_are_not_known_is_said_once():
    (found,) = said(rights.unseen(known(unread={"operators": "forbidden"})))
    assert found.startswith("unknown: rights: not checked: ")


def test_rights_that_were_looked_at_need_no_word():
    assert said(rights.unseen(known(operators=(operator(),)))) == []


HELMS = {
    "app.kubernetes.io/name": "poolkeeper",
    "app.kubernetes.io/instance": "keeper",
    "app.kubernetes.io/managed-by": "Helm",
}


def bound(labels):
    annotations = {"meta.helm.sh/release-namespace": "home"}
    return known(clusterrolebindings=({"metadata": {"labels": labels, "annotations": annotations}},))


def test_what_helm_installed_is_put_right_by_helm():
    (found,) = rights.told(rights.whose(bound(HELMS)), [Right("ns", "", "pods", "list")])
    assert found.fix.startswith("helm upgrade keeper charts/poolkeeper -n home --reuse-values")


@pytest.mark.parametrize("label", ["app.kubernetes.io/name", "app.kubernetes.io/managed-by"])
def test_what_is_another_programs_or_not_helms_is_none_of_helms(label):
    assert operators.installer(bound(HELMS | {label: "other"})) == "kubectl apply -k manifests/base"


def test_a_leader_that_never_was_is_brought_as_it_was_installed():
    (found,) = operators.check(bound(HELMS), "1.0.0")
    assert found.fix.startswith("helm upgrade keeper")
