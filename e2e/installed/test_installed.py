"""The operator as people install it: by helm, from its image, under its own account, in pods that a kubelet runs."""

import json
from collections.abc import Iterator

import pytest

from installed import tokens
from installed.chat import Chat
from installed.release import NAME, PATIENT, Release, image
from rig import audit
from rig.waiting import eventually

pytestmark = [pytest.mark.lasts(60), pytest.mark.xdist_group("installed")]

FORBIDDEN, NOT_FOUND = 403, 404
HELD = [Chat.MINIMUM + 1]


def kill(release: Release, pod: str) -> None:
    release.place.kubectl("delete", "pod", pod, "--namespace", NAME, "--force", "--grace-period=0", "--wait=false")


def evict(release: Release, pod: str) -> str:
    """Ask for an eviction as a drain does; return what was said against it."""
    asked = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": pod, "namespace": NAME}}
    path = f"/api/v1/namespaces/{NAME}/pods/{pod}/eviction"
    try:
        release.place.kubectl("create", "--raw", path, "-f", "-", given=json.dumps(asked))
    except RuntimeError as refusal:
        return str(refusal)
    return ""


def token(release: Release, pod: str) -> str:
    """Return the token that a pod has now, empty while its kubelet is not there to ask."""
    path = "/var/run/secrets/kubernetes.io/serviceaccount/token"
    try:
        return release.place.kubectl("exec", pod, "--namespace", NAME, "--", "cat", path)
    except RuntimeError:
        return ""


def test_it_runs_twice_under_its_own_account(release: Release) -> None:
    release.settled()
    assert [pod["spec"]["serviceAccountName"] for pod in release.pods()] == [NAME, NAME]


def test_its_namespace_takes_no_pod_beyond_the_restricted_profile(release: Release) -> None:
    asked = ("run", "root", "--namespace", NAME, "--image", release.place.images[0], "--dry-run=server")
    with pytest.raises(RuntimeError, match="violates PodSecurity"):
        release.place.kubectl(*asked)


def test_one_of_its_pods_leads(release: Release) -> None:
    assert release.settled() in release.ready()


def test_a_pool_follows_its_queue(chat: Chat) -> None:
    chat.follows()


def test_another_leads_when_the_leader_is_killed(release: Release, chat: Chat) -> None:
    leader = release.settled()
    with chat.steady() as sizes:
        kill(release, leader)
        assert release.settled() != leader
    assert sizes.seen == HELD


def test_a_drain_takes_one_pod_at_a_time(release: Release, chat: Chat) -> None:
    leader = release.settled()
    (other,) = set(release.ready()) - {leader}
    with chat.steady() as sizes:
        assert evict(release, leader) == ""
        assert "disruption budget" in evict(release, other)
        release.settled()
        eventually(lambda: evict(release, other) == "", "the other may go once the first one's successor is ready")
        release.settled()
    assert sizes.seen == HELD


def test_an_upgrade_and_a_rollback_change_no_pool(release: Release, chat: Chat) -> None:
    if len(set(release.place.images)) == 1:
        pytest.skip("an upgrade needs a second --image")
    with chat.steady() as upgraded:
        release.upgrade(*image(release.place.images[1]))
        assert release.images() == {release.place.images[1]}
    with chat.steady() as back:
        release.rollback()
        assert release.images() == {release.place.images[0]}
    assert (upgraded.seen, back.seen) == (HELD, HELD)


@pytest.fixture
def patient(release: Release) -> Iterator[Release]:
    """A release whose leader goes on leading, and runs on, while the API server is away."""
    if release.place.local is None:
        pytest.skip("the key of the tokens can be changed on --cluster=local only")
    release.upgrade(*PATIENT)
    release.settled()
    yield release
    release.rollback()


def test_it_takes_up_a_token_of_a_new_key(patient: Release, chat: Chat) -> None:
    cluster = patient.place.cluster
    leader = patient.settled()
    old = eventually(lambda: token(patient, leader), "the token that the leader has")
    tokens.add_key(cluster)
    cluster.machine.restart_kubelet()
    eventually(lambda: token(patient, leader) not in {"", old}, "the kubelet brings a token of the new key")
    tokens.drop_old_key(cluster)
    chat.follows()
    assert (patient.leader(), patient.restarts()) == (leader, 0)


def kind(request: audit.Request) -> tuple[str, str, str, str]:
    """Return what a right is given for."""
    return request.verb, request.group, request.resource, request.namespace


@pytest.mark.lasts(0)  # so that it comes last, and sees what all others did
def test_nothing_was_forbidden(release: Release, chat: Chat) -> None:
    if release.place.local is None:
        pytest.skip("only --cluster=local has an audit log")
    chat.follows()
    asked = audit.requests(release.place.cluster, release.user)
    # An API server that has just started forbids all until it has read the roles: what it allows later is granted.
    granted = {kind(one) for one in asked if one.status < FORBIDDEN or one.status == NOT_FOUND}
    assert granted
    assert [one for one in asked if one.status == FORBIDDEN and kind(one) not in granted] == []
