from poolkeeper.api.names import POOL_LABEL
from poolkeeper.api.pinning import is_pinned
from poolkeeper.api.providers import KARPENTER
from poolkeeper.api.spec import parse_spec
from poolkeeper.api.workload import TEMPLATE_HASH, deployment, digest, let_go, owned, pod_template, update

TEMPLATE = {"metadata": {"labels": {"app": "chat"}}, "spec": {"containers": [{"name": "vllm", "image": "vllm"}]}}


def spec(**changes):
    return parse_spec({"template": TEMPLATE, "minReplicas": 2, "maxReplicas": 8} | changes)


def made(**changes):
    return deployment("chat", "inference", "uid-1", spec(**changes))


def test_the_deployment_starts_at_the_minimum():
    assert made()["spec"]["replicas"] == 2


def test_its_selector_matches_its_template():
    selector = made()["spec"]["selector"]["matchLabels"]
    assert selector.items() <= made()["spec"]["template"]["metadata"]["labels"].items()


def test_the_users_labels_stay():
    assert made()["spec"]["template"]["metadata"]["labels"] == {"app": "chat", POOL_LABEL: "chat"}


def test_it_outlives_its_pool_by_default():
    assert "ownerReferences" not in made()["metadata"]


def test_it_ends_with_its_pool_where_that_is_asked_for():
    (owner,) = made(deletionPolicy="Delete")["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["uid"]) == ("InferencePool", "uid-1")


def test_a_change_of_the_template_does_not_touch_the_size():
    paths = [step["path"] for step in update("chat", spec())]
    assert paths == ["/spec/template", "/metadata/annotations/poolkeeper.io~1template-hash"]


def test_the_hash_tells_templates_apart():
    other = spec(template={"spec": {"containers": [{"name": "vllm", "image": "vllm:2"}]}})
    assert digest(pod_template("chat", spec())) != digest(pod_template("chat", other))
    assert made()["metadata"]["annotations"][TEMPLATE_HASH] == digest(pod_template("chat", spec()))


def test_an_owner_is_added_and_taken_away_by_its_uid_alone():
    (added,), (gone,) = (patch["metadata"]["ownerReferences"] for patch in (owned("chat", "uid-1"), let_go("uid-1")))
    assert (added["uid"], gone) == ("uid-1", {"$patch": "delete", "uid": "uid-1"})


def test_the_on_demand_half_of_a_split_pool_is_pinned():
    template = deployment("chat", "inference", "uid-1", spec(), KARPENTER)["spec"]["template"]
    assert is_pinned(template["spec"], KARPENTER)


def test_a_template_that_is_pinned_stays_as_it_is():
    pinned = {"spec": TEMPLATE["spec"] | {"nodeSelector": {"karpenter.sh/capacity-type": "reserved"}}}
    assert pod_template("chat", spec(template=pinned), KARPENTER)["spec"] == pinned["spec"]


def test_a_template_without_a_pod_is_left_to_the_api_server_to_refuse():
    assert "spec" not in pod_template("chat", spec(template={}), KARPENTER)


def test_the_hash_tells_a_pinned_template_from_a_free_one():
    assert digest(pod_template("chat", spec(), KARPENTER)) != digest(pod_template("chat", spec()))


def test_it_makes_before_it_breaks():
    assert made()["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
