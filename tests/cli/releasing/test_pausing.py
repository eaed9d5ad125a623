"""The pause before a release: what is noted on the pool, and which size that leaves."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from tests.cli.checks.cluster_parts import target

from builders import BODY
from poolkeeper.cli.releasing import pausing
from poolkeeper.cli.releasing.pausing import Pause, paused, resumption
from poolkeeper.cli.releasing.subject import find
from poolkeeper.shell.kube_errors import NotFound

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SOON, PAST = "2026-11-25T12:00:00Z", "2026-11-22T11:00:00Z"
UNTIL = "2026-11-29T12:00:00Z"
LEASE = {"spec": {"holderIdentity": "a", "renewTime": "2026-11-22T11:59:55Z", "leaseDurationSeconds": 600}}


class Kube:
    """An API server with a target of 2, a sibling of 3 and a pool whose operator, where it lives, decided on 4."""

    access = SimpleNamespace(namespace="ns")

    def __init__(self, *, lives=True, **annotations):
        self.heard, self.leases, self.annotations = False, [LEASE] * lives, annotations
        self.written = []
        self.clock = SimpleNamespace(now=self.now)

    def now(self):
        assert self.heard, "the clock is not set before the API server was heard"
        return NOW

    async def get(self, path, **_):
        self.heard = True
        if "/leases" in path:
            return {"items": self.leases}
        if path.endswith("/inferencepools/chat"):
            return self.pool
        size = {"chat": 2, "chat-spot": 3}.get(path.rpartition("/")[2])
        if size is None:
            raise NotFound("no such thing", status=404)
        labels = {"poolkeeper.io/tier": "spot"} if size == 3 else {}
        found = target(size)
        return found | {"metadata": found["metadata"] | {"uid": "t", "labels": labels}}

    @property
    def pool(self):
        conditions = [{"type": "ScalingActive", "reason": "Paused"}] if self.leases else []
        status = {"desiredReplicas": 4, "conditions": conditions}
        metadata = {"name": "chat", "uid": "u", "annotations": dict(self.annotations)}
        return {"metadata": metadata, "spec": BODY["spec"], "status": status}

    async def list(self, *_, **__):
        return ()

    async def patch(self, _path, body):
        changes = {key.removeprefix("poolkeeper.io/"): value for key, value in body["metadata"]["annotations"].items()}
        self.written.append(changes)
        merged = self.annotations | body["metadata"]["annotations"]
        self.annotations = {key: value for key, value in merged.items() if value is not None}


def noted(until, size=7, held=None):
    """Return the annotations of a pool that an earlier release has left."""
    return {"poolkeeper.io/paused-until": held or until, "poolkeeper.io/releasing": f"{size} {until}"}


async def released(kube):
    subject = await find(kube, None, "chat")
    kube.heard = False  # that was another connection
    return await paused(kube, subject, Pause(), lambda _: None)


async def test_the_size_is_noted_with_the_pause_that_it_belongs_to():
    kube = Kube()
    await released(kube)
    assert kube.written == [{"paused-until": UNTIL, "releasing": None}, {"releasing": f"4 {UNTIL}"}]


async def test_a_release_under_way_keeps_its_size_through_every_write():
    kube = Kube(**noted(SOON))
    await released(kube)
    assert [one["releasing"] for one in kube.written] == [f"7 {UNTIL}", f"7 {UNTIL}"]


@pytest.mark.parametrize(
    "annotations",
    [
        noted(PAST),
        noted(SOON, held="2026-11-26T12:00:00Z"),
        {"poolkeeper.io/releasing": f"7 {SOON}"},
        noted("soon"),
        noted("2026-11-25T12:00:00"),
        {"poolkeeper.io/releasing": "7", "poolkeeper.io/paused-until": SOON},
        noted(SOON, size="many"),
    ],
    ids=["its pause is over", "paused anew", "resumed", "no time", "no zone", "no pause", "no size"],
)
async def test_a_note_of_a_release_that_is_over_counts_for_nothing(annotations):
    assert (await find(Kube(**annotations), None, "chat")).total == 4


async def test_without_an_operator_both_halves_count():
    assert (await released(Kube(lives=False))).total == 5


async def test_without_an_operator_both_halves_are_announced():
    assert (await find(Kube(lives=False), None, "chat")).total == 5


async def test_an_operator_that_takes_nothing_in_counts_as_none(monkeypatch):
    kube = Kube()
    subject = await find(kube, None, "chat")
    monkeypatch.setattr(pausing, "PATIENCE", timedelta(0))
    assert (await paused(kube, subject, Pause(), lambda _: None)).total == 5


async def refused(*_):
    raise NotFound("no such pool", status=404)


async def test_nobody_is_held_by_a_pause_that_could_not_be_written(monkeypatch):
    kube, pause = Kube(), Pause()
    subject = await find(kube, None, "chat")
    monkeypatch.setattr(kube, "patch", refused)
    with pytest.raises(NotFound):
        await paused(kube, subject, pause, lambda _: None)
    assert pause.until is None


async def test_until_when_the_pool_is_held_is_told():
    kube, pause = Kube(), Pause()
    subject = await paused(kube, await find(kube, None, "chat"), pause, lambda _: None)
    told = resumption(subject, pause.until)
    keys = "poolkeeper.io/paused-until- poolkeeper.io/releasing-"
    assert ("ipool/chat stays paused until 2026-11-29T12:00:00Z" in told, told.endswith(keys)) == (True, True)


async def test_how_to_go_back_names_the_namespace():
    subject = await find(Kube(), "inference", "chat")
    assert "kubectl annotate ipool/chat -n inference " in resumption(subject, NOW)
