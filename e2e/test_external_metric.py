"""The queue as the external metrics API has it, through the real API server's aggregation and its access control."""

from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from secrets import token_hex
from typing import Any

import pytest

from rig.adapter import GROUP, Adapter
from rig.ground import Ground
from rig.install import Installation, installed
from rig.manifests import pool, published
from rig.space import Space

Json = dict[str, Any]

pytestmark = [pytest.mark.xdist_group("external"), pytest.mark.lasts(45)]

METRIC = "jobs_waiting"
SOURCE = {"name": "broker", "externalMetric": {"name": METRIC, "selector": {"queue": "chat"}}}
STALE = timedelta(minutes=5)


@pytest.fixture(scope="module")
def installation(ground: Ground) -> Iterator[Installation]:
    with installed(ground.cluster, f"external-{token_hex(3)}") as made:
        yield made


def start(space: Space, name: str) -> None:
    """Make a pool that is sized by the external metric alone."""
    space.deploy(name)
    space.create(pool(name, published(sources=[SOURCE])))


def wait_for(space: Space, name: str, reason: str) -> str:
    """Return what is wrong with the metric once it is this; the status tells of no more than two changes a minute."""

    def look() -> str:
        metrics = space.explain(name).get("metrics", {})
        return str(metrics["detail"]) if metrics.get("reason") == reason else ""

    return space.wait_until(look, f"{name} says {reason}")


def allow(space: Space, installation: Installation) -> None:
    """Let the operator's account list the metric in this namespace, as the how-to has it."""
    roles = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{space.name}"
    rule = {"apiGroups": [GROUP], "resources": [METRIC], "verbs": ["list"]}
    account = {"kind": "ServiceAccount", "name": installation.account, "namespace": installation.namespace}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "queues"}
    space.api.post(f"{roles}/roles", {"metadata": {"name": "queues"}, "rules": [rule]})
    binding = {"metadata": {"name": "queues"}, "subjects": [account], "roleRef": reference}
    space.api.post(f"{roles}/rolebindings", binding)


def test_its_series_are_added_up_and_down_it_goes_after_the_grace(shared: Space) -> None:
    with Adapter(shared) as adapter:
        adapter.show("700", "800000m")
        start(shared, "jobs")
        shared.wait_for_size("jobs", 3)
        adapter.show("500")
        shared.wait_until(lambda: shared.explain("jobs").get("queue") == 500, "the shorter queue is seen")
        assert shared.sizes("jobs") == [2, 3]
        adapter.show("0")
        shared.wait_for_fall("jobs")
        assert adapter.selectors == {"queue=chat"}


def test_whatever_fails_holds_the_size_and_is_said(shared: Space) -> None:
    start(shared, "jobs-outage")
    assert "install KEDA or an adapter" in wait_for(shared, "jobs-outage", "MetricRefused")
    with Adapter(shared) as adapter:
        assert "jobs_waiting has no series with queue=chat" in wait_for(shared, "jobs-outage", "MetricEmpty")
        adapter.show("0", old=STALE)
        wait_for(shared, "jobs-outage", "MetricStale")
        adapter.status = HTTPStatus.INTERNAL_SERVER_ERROR
        assert "the adapter fails with 500" in wait_for(shared, "jobs-outage", "MetricServerError")
        adapter.hang()
        wait_for(shared, "jobs-outage", "MetricTimeout")
        assert shared.sizes("jobs-outage") == [2]
        adapter.status = HTTPStatus.OK
        adapter.show("1500")
        adapter.free()
        shared.wait_for_size("jobs-outage", 3)


def test_a_namespaces_own_role_is_what_it_takes(space: Space, installation: Installation) -> None:
    with Adapter(space) as adapter:
        adapter.show("1500")
        space.operate(*installation.arguments, kubeconfig=installation.kubeconfig).wait_until_leading()
        start(space, "jobs")
        said = wait_for(space, "jobs", "MetricRefused")
        assert f"a Role in {space.name} must allow `list` on 'jobs_waiting' of external.metrics.k8s.io" in said
        allow(space, installation)
        space.wait_for_size("jobs", 3)
