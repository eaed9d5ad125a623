import pytest

from poolkeeper.api.target import DEPLOYMENT, KINDS, LEADER_WORKER_SET, TargetRef


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_the_table_of_kinds_is_what_may_be_written(kind):
    ref = TargetRef(kind=kind.name, apiVersion=kind.api_version, name="chat")
    assert (ref.workload, kind.shown("chat")) == (kind, f"{kind.name.lower()}/chat")


@pytest.mark.parametrize(
    ("kind", "group", "path"),
    [
        (DEPLOYMENT, "apps", "/apis/apps/v1/namespaces/lab/deployments/chat"),
        (
            LEADER_WORKER_SET,
            "leaderworkerset.x-k8s.io",
            "/apis/leaderworkerset.x-k8s.io/v1/namespaces/lab/leaderworkersets/chat",
        ),
    ],
)
def test_where_the_api_server_has_a_workload(kind, group, path):
    assert (kind.group, kind.path("lab", "chat")) == (group, path)
