"""The other group's InferencePools: either version, the picker's Service, and what is missing in words."""

import msgspec
import pytest

from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.cluster import Cluster
from poolkeeper.shell.gateway import LASTS, Gateway, Picked
from poolkeeper.shell.kube_errors import Forbidden, NotFound, TimedOut

INSIDE = "namespaces/inference/inferencepools/chat"
NEW, OLD = f"/apis/inference.networking.k8s.io/v1/{INSIDE}", f"/apis/inference.networking.x-k8s.io/v1alpha2/{INSIDE}"
SERVICE = "/api/v1/namespaces/inference/services/picker"
LABELS, PICKER_LABELS = {"app": "chat"}, {"app": "picker"}
V1 = {"spec": {"selector": {"matchLabels": LABELS}, "endpointPickerRef": {"name": "picker", "port": {"number": 9002}}}}
V1ALPHA2 = {"spec": {"selector": LABELS, "extensionRef": {"name": "picker"}, "targetPortNumber": 8000}}
FOUND = {"spec": {"selector": PICKER_LABELS, "ports": []}}
DENIED = Forbidden("denied", status=403)


class Api:
    """Has what it was given, by path, and raises the rest."""

    def __init__(self):
        self.objects, self.asked = {SERVICE: FOUND}, []

    async def get(self, path, *, into):
        self.asked.append(path)
        found = self.objects.get(path, NotFound("gone", status=404))
        if isinstance(found, Exception):
            raise found
        return msgspec.convert(found, into)


class Rig:
    """A gateway over an API server's stand-in, on a clock that stands still."""

    def __init__(self):
        self.api, self.now = Api(), 0.0
        self.cluster = Cluster(self.api)
        self.gateway = Gateway(self.api, self.cluster, lambda: self.now)

    async def pool(self):
        return await self.gateway.pool("inference", "chat")

    async def refusal(self):
        with pytest.raises(MetricError) as told:
            await self.pool()
        return told.value


@pytest.fixture
def rig():
    return Rig()


@pytest.mark.parametrize(("path", "found"), [(NEW, V1), (OLD, V1ALPHA2)])
async def test_either_version_is_read(rig, path, found):
    rig.api.objects[path] = found
    assert await rig.pool() == Picked(LABELS, "picker", PICKER_LABELS)


async def test_the_newer_version_goes_first(rig):
    rig.api.objects |= {NEW: V1, OLD: V1ALPHA2}
    await rig.pool()
    assert rig.api.asked == [NEW, SERVICE]


async def test_it_is_read_once_in_a_while(rig):
    rig.api.objects[NEW] = V1
    for rig.now in (0, 1, LASTS.answer.total_seconds()):
        await rig.pool()
    assert rig.api.asked.count(NEW) == 2


async def test_its_selector_is_known_to_the_cluster(rig):
    rig.api.objects[NEW] = V1
    await rig.pool()
    assert rig.cluster.picked == {("inference", "chat"): LABELS}


async def test_the_selector_of_one_that_is_gone_is_not(rig):
    rig.api.objects[NEW] = V1
    await rig.pool()
    del rig.api.objects[NEW]
    rig.now = LASTS.answer.total_seconds()
    await rig.refusal()
    assert rig.cluster.picked == {}


@pytest.mark.parametrize(
    ("objects", "reason", "words"),
    [
        ({}, Reason.METRIC_REFUSED, "there is no InferencePool 'chat' in inference (inference.networking.k8s.io)"),
        ({NEW: DENIED}, Reason.METRIC_REFUSED, "the operator's role must allow `get` on it (denied)"),
        ({OLD: DENIED}, Reason.METRIC_REFUSED, "InferencePool 'chat' in inference may not be read"),
        ({NEW: TimedOut("late")}, Reason.METRIC_SERVER_ERROR, "InferencePool 'chat' in inference could not be read"),
        ({NEW: {"spec": {"selector": {}}}}, Reason.METRIC_REFUSED, "names no endpoint picker"),
        (
            {NEW: {"spec": {"selector": {}, "endpointPickerRef": {"name": "a", "kind": "Backend"}}}},
            Reason.METRIC_REFUSED,
            "names a Backend as its picker, and no Service",
        ),
        ({NEW: V1, SERVICE: NotFound("gone", status=404)}, Reason.METRIC_REFUSED, "the picker, does not exist"),
        ({NEW: V1, SERVICE: DENIED}, Reason.METRIC_REFUSED, "service 'picker' in inference, the picker, may not be"),
        ({NEW: V1, SERVICE: {"spec": {}}}, Reason.METRIC_REFUSED, "the picker, selects no pods"),
    ],
)
async def test_what_is_missing_is_named(rig, objects, reason, words):
    rig.api.objects |= objects
    told = await rig.refusal()
    assert (told.reason, words in told.detail) == (reason, True), told
