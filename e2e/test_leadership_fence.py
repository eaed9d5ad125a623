"""The write fence: of the operator's pods only the one that holds the lease may write, and nobody else notices it.

Two pods of an installation, and no operator: who holds the lease, a test says. Nothing is carried out (`dryRun`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from secrets import token_hex
from typing import Any

import pytest
import yaml

from rig.api import Api, ApiError, collection
from rig.fence import FENCE, Bearer, fenced, pods, token
from rig.ground import Ground
from rig.install import BASE, Installation, installed
from rig.manifests import pool
from rig.space import Space
from rig.succession import UNFENCED
from rig.waiting import eventually

pytestmark = pytest.mark.xdist_group("fence")

Write = tuple[str, str, dict[str, Any]]
KINDS = ("size", "status", "annotations", "sibling", "mark", "budget", "ledger")
FREE = ("event", "lease")
REFUSED, PLACE = 403, "_0123456789ab"
"""An HTTP status, and how the name of a holder ends."""
MARK = {"metadata": {"annotations": {"poolkeeper.io/mark": "1"}}}
VERBS = {"create": "CREATE", "patch": "UPDATE", "update": "UPDATE", "delete": "DELETE"}


@dataclass(frozen=True)
class Fence:
    """An installation behind its fence, with two pods, of which the first one leads, and a pool."""

    space: Space
    installation: Installation
    leading: str
    waiting: str

    @property
    def lease(self) -> str:
        """The lease's path."""
        return f"{collection('Lease', self.installation.namespace)}/poolkeeper"

    def hold(self, pod: str) -> None:
        """Let a pod hold the lease; it is made where there is none."""
        self._write({"holderIdentity": f"{pod}{PLACE}"})

    def release(self) -> None:
        """Let nobody hold the lease."""
        self._write({"holderIdentity": ""})

    def _write(self, spec: dict[str, str]) -> None:
        try:
            self.space.api.patch(self.lease, {"spec": spec})
        except ApiError:
            made = {"metadata": {"name": "poolkeeper"}, "spec": spec}
            self.space.api.post(collection("Lease", self.installation.namespace), made)

    def settle(self, pod: str) -> None:
        """Wait until the API server has noticed that this one of both pods leads: it learns that by a watch."""
        (other,) = {self.leading, self.waiting} - {pod}
        writers = [self.writers[pod], self.writers[other]]
        eventually(
            lambda: [self.answer(one, "size")[0] for one in writers] == [200, REFUSED],
            "the API server has noticed",
        )

    @cached_property
    def writers(self) -> dict[str, Api]:
        """Clients that write as the pods; under the empty name, as the account that is in no pod."""
        cluster = self.space.ground.cluster
        names = (self.leading, self.waiting, "")
        return {pod: Bearer(cluster, token(cluster, self.installation, pod)) for pod in names}

    @cached_property
    def writes(self) -> dict[str, Write]:
        """What the operator writes, by what it is: the verb, the path, the body."""
        here, own = self.space, self.installation.namespace
        (pod, *_) = here.api.get(collection("Pod", here.name))["items"]
        about = {"kind": "InferencePool", "name": "chat", "namespace": here.name}
        return {
            "size": ("patch", f"{here.path('Deployment', 'chat')}/scale", {"spec": {"replicas": 3}}),
            "status": ("patch", f"{here.path('InferencePool', 'chat')}/status", {"status": {"message": "x"}}),
            "annotations": ("patch", here.path("InferencePool", "chat"), MARK),
            "sibling": ("patch", here.path("Deployment", "chat"), MARK),
            "mark": ("patch", here.path("Pod", pod["metadata"]["name"]), MARK),
            "budget": ("post", collection("PodDisruptionBudget", here.name), {"metadata": {"name": "chat"}}),
            "ledger": ("post", collection("ConfigMap", own), {"metadata": {"name": "month"}}),
            "event": (
                "post",
                f"/api/v1/namespaces/{here.name}/events",
                {"metadata": {"name": "chat.1"}, "involvedObject": about, "reason": "ScaledUp"},
            ),
            "lease": ("patch", self.lease, {"spec": {"leaseTransitions": 7}}),
        }

    def answer(self, writer: Api, kind: str) -> tuple[int, str]:
        """Return what the API server answers to a write, and in which words."""
        verb, path, body = self.writes[kind]
        try:
            getattr(writer, verb)(f"{path}?dryRun=All", body)
        except ApiError as error:
            return error.status, str(error)
        return 200, ""

    def answers(self, pod: str) -> dict[str, int]:
        """Return what the API server answers to each kind of write of a pod's."""
        writer = self.writers[pod]
        return {kind: self.answer(writer, kind)[0] for kind in self.writes}


@pytest.fixture(scope="module")
def built(ground: Ground) -> Iterator[Fence]:
    space = Space(ground, f"fence-{token_hex(3)}")
    with installed(ground.cluster, space.name) as installation:
        made = Fence(space, installation, *pods(ground.api, installation, 2))
        made.space.deploy("chat")
        made.space.create(pool("chat"))
        made.hold(made.leading)
        with fenced(ground.cluster, installation):
            yield made
        space.close()


@pytest.fixture
def fence(built: Fence) -> Fence:
    """With its first pod leading, as far as the API server has noticed."""
    built.hold(built.leading)
    built.settle(built.leading)
    return built


def test_the_pod_that_leads_writes_all_that_the_operator_writes(fence: Fence) -> None:
    assert fence.answers(fence.leading) == dict.fromkeys((*KINDS, *FREE), 200)


def test_a_pod_that_does_not_lead_writes_nothing_but_events_and_its_claim_to_the_lease(fence: Fence) -> None:
    assert fence.answers(fence.waiting) == {**dict.fromkeys(KINDS, 403), **dict.fromkeys(FREE, 200)}


def test_the_refusal_says_who_leads(fence: Fence) -> None:
    _, words = fence.answer(fence.writers[fence.waiting], "size")
    assert f"pod/{fence.waiting} does not lead: the lease is held by {fence.leading}{PLACE}" in words


def test_a_token_of_no_pod_writes_nothing(fence: Fence) -> None:
    status, words = fence.answer(fence.writers[""], "size")
    assert (status, "a token of no pod does not lead" in words) == (403, True)


def test_people_notice_nothing_of_it(fence: Fence) -> None:
    assert {fence.answer(fence.space.api, kind) for kind in fence.writes} == {(200, "")}


def test_where_another_takes_the_lease_the_one_before_may_write_no_more(fence: Fence) -> None:
    fence.hold(fence.waiting)
    fence.settle(fence.waiting)
    assert fence.answers(fence.leading) == {**dict.fromkeys(KINDS, 403), **dict.fromkeys(FREE, 200)}


def test_a_name_that_begins_like_the_holders_is_another(fence: Fence) -> None:
    fence.hold(f"{fence.waiting}-2")
    eventually(lambda: fence.answer(fence.writers[fence.leading], "size")[0] == REFUSED, "the API server has noticed")
    assert fence.answers(fence.waiting)["size"] == REFUSED


def test_a_lease_that_was_released_is_nobodys(fence: Fence) -> None:
    fence.release()
    writer = fence.writers[fence.leading]
    assert eventually(lambda: "the lease is held by nobody" in fence.answer(writer, "size")[1], "nobody may write")


def test_without_a_lease_it_is_in_nobodys_way(fence: Fence) -> None:
    fence.space.api.delete(fence.lease)
    writer = fence.writers[fence.waiting]
    eventually(lambda: fence.answer(writer, "size")[0] == 200, "the API server has noticed")
    assert fence.answer(fence.space.api, "size") == (200, "")


def rules(name: str) -> list[dict[str, Any]]:
    documents = yaml.safe_load_all((BASE / name).read_text())
    return [rule for one in documents for rule in one.get("rules", ())]


def test_it_covers_all_that_the_operator_may_write() -> None:
    roles = [rule for name in ("cluster-role", "lease-role", "money-role") for rule in rules(f"{name}.yaml")]
    rights = {
        (group, resource, VERBS[verb])
        for rule in roles
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
        if verb in VERBS and resource not in UNFENCED
    }
    policy = next(yaml.safe_load_all(FENCE.read_text()))
    covered = {
        (group, resource, operation)
        for rule in policy["spec"]["matchConstraints"]["resourceRules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for operation in rule["operations"]
    }
    assert covered == rights
