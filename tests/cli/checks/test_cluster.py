"""The CRD, the operator, clocks, webhooks, and a namespace that is not there."""

from copy import deepcopy

import pytest
from tests.cli.checks.cluster_parts import known, said

from poolkeeper.api.crd import definition as ours
from poolkeeper.cli.checks import clocks, definition, hooks, operators, reading, table
from poolkeeper.shell.kube_errors import Forbidden, NotFound


def crd(change=None):
    made = deepcopy(ours())
    (change or len)(made["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"])
    return made


def judged(*found):
    return said(definition.check(known(crds=found)))


def test_the_crd_of_this_package_is_fine():
    assert judged(crd()) == []


def test_a_crd_that_is_not_there_is_wrong():
    assert judged() == ["wrong: crd/inferencepools.poolkeeper.io: is not installed"]


def test_an_older_crd_is_named_by_what_it_lacks():
    (found,) = judged(crd(lambda schema: schema["spec"]["properties"].pop("batch")))
    assert found.endswith("is older than this package: it lacks spec.batch")


def test_many_fields_are_counted():
    (found,) = judged(crd(lambda schema: schema["spec"].update(properties={})))
    assert "more" in found


def test_a_newer_crd_is_noted():
    (found,) = judged(crd(lambda schema: schema["spec"]["properties"].update(later={"type": "string"})))
    assert found.startswith("note")
    assert found.endswith("it has spec.later")


def test_other_rules_are_wrong():
    (found,) = judged(crd(lambda schema: schema["spec"]["properties"]["minReplicas"].update(minimum=5)))
    assert found.endswith("has other rules or defaults than this package")


def test_a_version_that_is_not_served_lacks_everything():
    one = crd()
    one["spec"]["versions"][0]["served"] = False
    assert "is older than this package" in judged(one)[0]


def test_the_other_kind_of_the_same_name_is_told():
    (found,) = judged(crd(), {"metadata": {"name": definition.OTHERS[0]}})
    assert "write ipool/NAME" in found


def test_crds_that_may_not_be_read_are_not_judged():
    assert said(definition.check(known(unread={"crds": "forbidden"}))) == []


def operator(replicas=2, ready=2, image="poolkeeper:1.0.0", args=(), labels=None):
    pod = {"containers": [{"image": image, "args": list(args)}], "serviceAccountName": "keeper"}
    metadata = {"name": "poolkeeper", "namespace": "home", "labels": labels or {}}
    status = {"readyReplicas": ready} if ready else {}
    return {"metadata": metadata, "spec": {"replicas": replicas, "template": {"spec": pod}}, "status": status}


def lease(renewed="2026-11-22T11:59:55.000000Z", holder="a"):
    spec = {"holderIdentity": holder, "renewTime": renewed, "leaseDurationSeconds": 15}
    return {"metadata": {"name": "poolkeeper", "namespace": "home"}, "spec": spec}


LEADING = (lease(),)


def led(*operators_, leases=LEADING):
    return said(operators.check(known(operators=operators_, leases=tuple(leases)), "1.0.0"))


def test_an_operator_that_leads_is_fine():
    assert led(operator()) == []


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (operator(0, 0), "wrong: deployment/poolkeeper in home: spec.replicas is 0"),
        (operator(2, 0), "wrong: deployment/poolkeeper in home: none of its 2 replicas is ready"),
        (operator(2, 1), "note: deployment/poolkeeper in home: 1 of its 2 replicas are ready"),
        (
            operator(image="r:5000/poolkeeper:0.9.0"),
            "note: deployment/poolkeeper in home: runs 0.9.0, this command is 1.0.0",
        ),
        (operator(labels={operators.VERSION_LABEL: "0.8.0"}), "note: deployment/poolkeeper in home: runs 0.8.0"),
    ],
)
def test_what_is_wrong_with_the_operator(found, words):
    (told,) = led(found)
    assert told.startswith(words)


@pytest.mark.parametrize("image", ["poolkeeper", "poolkeeper@sha256:ab", "r:5000/poolkeeper"])
def test_an_image_without_a_version_tells_none(image):
    assert led(operator(image=image)) == []


@pytest.mark.parametrize(
    ("leases", "words"),
    [
        ((), "wrong: operator: no lease of one is there"),
        ((lease("2026-11-22T11:00:00.000000Z"),), "wrong: lease/poolkeeper in home: has run out: a renewed it"),
        ((lease(holder=""),), "wrong: lease/poolkeeper in home: has run out: nobody renewed it"),
        ((lease("2026-11-22T12:01:00.000000Z"),), "wrong: lease/poolkeeper in home: was renewed 60 s from now"),
    ],
)
def test_who_leads(leases, words):
    (told,) = led(leases=leases)
    assert told.startswith(words)


@pytest.mark.parametrize(
    ("args", "found"),
    [
        (["run", "--prometheus", "a=http://a", "--prometheus=b=http://b"], {"a=http://a", "b=http://b"}),
        (["run", "--prometheus-file=/f", "--prometheus", "a=http://a"], set()),
    ],
)
def test_the_servers_that_a_deployment_names(args, found):
    assert set(operators.servers(known(operators=(operator(args=args),)))) == found


@pytest.mark.parametrize(("name", "level"), [("leases", "unknown"), ("priorityclasses", "note")])
def test_what_could_not_be_read_is_told(name, level):
    found = said(operators.unread(known(unread={name: "no"})))
    assert found == [f"{level}: {name}: not checked: no"]


def test_a_cluster_where_nothing_is_wrong_is_fine():
    facts = known(crds=(crd(),), operators=(operator(image="poolkeeper"),), leases=(lease(),))
    assert said(table.of_the_cluster(facts)) == []


@pytest.mark.parametrize(("off", "words"), [(30, "30 s ahead of"), (-30, "30 s behind")])
def test_a_clock_that_is_off_is_noted(off, words):
    (told,) = said(clocks.check(known(off)))
    assert words in told


def test_a_clock_that_is_right_is_fine():
    assert said(clocks.check(known(1))) == []


def hook(group, resource):
    rules = [{"apiGroups": [group], "resources": [resource]}]
    return {"metadata": {"name": "m"}, "webhooks": [{"name": "h", "rules": rules}]}


@pytest.mark.parametrize(
    ("one", "count"),
    [(hook("apps", "deployments"), 1), (hook("*", "*"), 1), (hook("", "pods"), 1), (hook("", "secrets"), 0)],
)
def test_webhooks_over_workloads_are_noted(one, count):
    assert len(list(hooks.check(known(mutatingwebhookconfigurations=(one,))))) == count


class Places:
    """An API server that answers for a namespace."""

    def __init__(self, error=None):
        self.error = error

    async def get(self, _, *, into):
        if self.error:
            raise self.error
        return into()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (None, []),
        (NotFound("no", status=404), ["wrong: namespace typo: does not exist"]),
        (Forbidden("no", status=403), ["unknown: namespace typo: not checked: no"]),
    ],
    ids=["there", "a typo", "forbidden"],
)
async def test_a_namespace_without_pools_is_looked_for(error, words):
    assert said(await reading.absent(Places(error), "typo")) == words
