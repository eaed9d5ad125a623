"""Whose GPUs they are."""

from decimal import Decimal

from builders import at
from poolkeeper.api.holdings import DEEPEST, chain_of, holdings
from poolkeeper.api.survey import GpuPod, Parent, Reference, Scaler, Survey

ONE = (("nvidia.com/gpu", Decimal(1)),)
DEPLOYMENT = Reference("Deployment", "chat", "d", "apps/v1")
SET = Reference("ReplicaSet", "chat-1", "r", "apps/v1")
SERVICE = Reference("InferenceService", "llama", "i", "serving.kserve.io/v1beta1")


def pod(name="chat-1-a", owner=SET, **given):
    return GpuPod("models", name, name, at(0), owner, devices=ONE, **given)


def parent(reference, owner=None, **given):
    return Parent(reference, "models", owner, **given)


def survey(*parents, pods=(), scalers=()):
    return Survey(at(0), tuple(pods), parents={one.reference.uid: one for one in parents}, scalers=tuple(scalers))


def deployed(owner=None, **given):
    return parent(SET, DEPLOYMENT), parent(DEPLOYMENT, owner, **{"replicas": 2, "devices": ONE} | given)


def test_pods_stand_under_their_deployment():
    (found,) = holdings(survey(*deployed(), pods=[pod("a"), pod("b")]))
    assert (found.top, found.replicas, len(found.pods), found.shown) == (DEPLOYMENT, 2, 2, "models/chat")


def test_a_deployment_can_have_a_pool():
    (found,) = holdings(survey(*deployed(), pods=[pod()]))
    assert found.poolable


def test_what_somebody_above_sizes_cannot():
    (found,) = holdings(survey(*deployed(SERVICE), pods=[pod()]))
    assert (found.top, found.sized.reference, found.poolable) == (SERVICE, DEPLOYMENT, False)


def test_a_bare_pod_stands_for_itself():
    (found,) = holdings(survey(pods=[pod("notebook", None)]))
    assert (found.top.kind, found.top.name, found.replicas, found.poolable) == ("Pod", "notebook", 1, False)


def test_a_static_pod_is_its_own():
    (found,) = holdings(survey(pods=[pod("proxy", Reference("Node", "gpu-0", "n", "v1"))]))
    assert found.top.kind == "Pod"


def test_an_unknown_owner_keeps_its_name():
    (found,) = holdings(survey(pods=[pod("ray-a", Reference("RayCluster", "ray", "c", "ray.io/v1"))]))
    assert (found.top.kind, found.top.name) == ("RayCluster", "ray")


def test_what_has_no_pod_yet_is_there_too():
    (found,) = holdings(survey(*deployed()))
    assert (found.top, found.pods, found.replicas) == (DEPLOYMENT, (), 2)


def test_what_asks_for_nothing_is_not():
    assert holdings(survey(*deployed(replicas=0))) == ()
    assert holdings(survey(*deployed(devices=()))) == ()


def test_owners_that_own_each_other_end():
    round_about = {"r": parent(SET, DEPLOYMENT), "d": parent(DEPLOYMENT, SET)}
    assert len(chain_of(SET, round_about)) == DEEPEST


def test_two_deployments_of_one_owner_are_one():
    other = Reference("Deployment", "transformer", "t", "apps/v1")
    (found,) = holdings(survey(*deployed(SERVICE), parent(other, SERVICE, replicas=1), pods=[pod(), pod("b", other)]))
    assert (found.top, len(found.pods)) == (SERVICE, 2)


SPOT, SPOT_SET = Reference("Deployment", "chat-spot", "ds"), Reference("ReplicaSet", "chat-spot-1", "rs")


def pair(spot):
    halves = [*deployed(replicas=1), parent(SPOT, DEPLOYMENT, replicas=spot, devices=ONE), parent(SPOT_SET, SPOT)]
    found = [pod("a"), *(pod(f"s{number}", SPOT_SET) for number in range(spot))]
    (one,) = holdings(survey(*halves, pods=found))
    return one


def test_a_split_pair_has_the_replicas_of_both_halves():
    found = pair(9)
    assert (found.top, found.sized.reference, found.replicas, len(found.pods)) == (DEPLOYMENT, DEPLOYMENT, 10, 10)


def test_a_half_without_replicas_is_a_member_still():
    assert [one.reference.name for one in pair(0).members] == ["chat", "chat-spot"]


def test_what_a_set_is_made_of_is_not_counted_beside_it():
    groups, row = Reference("LeaderWorkerSet", "row", "l"), Reference("StatefulSet", "row", "s")
    made = [parent(groups, replicas=2, devices=ONE), parent(row, groups, replicas=2, devices=ONE)]
    (found,) = holdings(survey(*made, pods=[pod("row-0", row)]))
    assert ([one.reference for one in found.members], found.replicas) == ([groups], 2)


def test_deployments_of_one_owner_add_up():
    decoder = Reference("Deployment", "decoder", "t", "apps/v1")
    (found,) = holdings(survey(*deployed(SERVICE), parent(decoder, SERVICE, replicas=3, devices=ONE), pods=[pod()]))
    assert (found.top, found.replicas) == (SERVICE, 5)


def test_the_team_is_that_of_the_surest_label():
    (found,) = holdings(survey(*deployed(labels={"app": "chat"}), pods=[pod(labels={"team": "search"})]))
    assert found.team == "search"


def test_a_gitops_mark_says_who_keeps_the_manifest():
    marks = {"argocd.argoproj.io/tracking-id": "chat:apps/Deployment:models/chat"}
    (found,) = holdings(survey(*deployed(annotations=marks)))
    assert found.manager == "Argo CD"


def test_else_the_label_says_it():
    (found,) = holdings(survey(*deployed(labels={"app.kubernetes.io/managed-by": "team-tool"})))
    assert (found.manager, found.team) == ("team-tool", "")


def test_a_scaled_object_goes_before_the_hpa_that_it_made():
    scalers = [
        Scaler(kind, "models", name, "Deployment", "chat")
        for kind, name in (("HPA", "keda-hpa-chat"), ("ScaledObject", "chat"))
    ]
    (found,) = holdings(survey(*deployed(), scalers=scalers))
    assert found.scaler.kind == "ScaledObject"


def test_a_scaler_of_another_namespace_is_another_s():
    (found,) = holdings(survey(*deployed(), scalers=[Scaler("HPA", "other", "chat", "Deployment", "chat")]))
    assert found.scaler is None
