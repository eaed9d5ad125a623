"""What `poolkeeper release` says and refuses; a real API server takes it in e2e/test_release.py."""

from datetime import timedelta

import pytest
from tests.cli.checks.cluster_parts import NOW, target
from typer.testing import CliRunner

from poolkeeper.api.spec import parse_spec
from poolkeeper.cli.main import app
from poolkeeper.cli.release import Wishes, agree, intended, refuse
from poolkeeper.cli.releasing.ending import parting
from poolkeeper.cli.releasing.pausing import is_fresh, resumption
from poolkeeper.cli.releasing.subject import Subject

SPEC = {"targetRef": {"name": "chat"}, "minReplicas": 2, "maxReplicas": 8}


def subject(desired=None, begun=None, spot=4, size=1, quotas=(), **spec):
    annotations = {"poolkeeper.io/releasing": begun} if begun else {}
    pool = {"metadata": {"uid": "u", "annotations": annotations}, "status": {"desiredReplicas": desired}}
    found, parsed = target(size), parse_spec(SPEC | spec)
    return Subject("ns", "chat", "chat", pool, parsed, found, spot, ("chat-pool",), tuple(quotas))


def wishes(*, keep_spot=False, keep_pool=False):
    return Wishes(keep_spot, keep_pool, timedelta(minutes=1))


@pytest.mark.parametrize(
    ("given", "total"),
    [
        (subject(desired=5), 5),
        (subject(desired=5, begun="7"), 7),
        (subject(desired=3, size=6), 6),
        (subject(), 5),
        (subject(desired=9, mode="Observe"), 5),
        (Subject("ns", "chat", "chat", found=target(2), spot=3), 5),
    ],
    ids=["as decided", "as begun", "never shrunk", "nothing decided", "only watched", "without a pool"],
)
def test_the_size_to_be_left_with(given, total):
    assert given.total == total


def test_what_is_intended_is_told():
    told = "\n".join(intended(subject(desired=5), wishes()))
    words = ("grows from 1 to 5", "chat-spot hands over its 4", "chat-pool is deleted", "ipool/chat is deleted")
    assert [one for one in words if one not in told] == []


def test_what_stays_is_told():
    told = "\n".join(intended(subject(desired=5), wishes(keep_spot=True, keep_pool=True)))
    assert ("hands over" in told, "stays, in mode Observe" in told) == (False, True)


QUOTA = {
    "metadata": {"name": "gpus"},
    "spec": {"hard": {"requests.nvidia.com/gpu": "6"}},
    "status": {"used": {"requests.nvidia.com/gpu": "5"}},
}


def test_a_quota_without_room_refuses(capsys):
    with pytest.raises(Exception, match="1"):
        refuse(subject(desired=5, quotas=[QUOTA]), wishes())
    said = " ".join(capsys.readouterr().err.split())
    assert "4 more replicas of deployment/chat ask for 4 of requests.nvidia.com/gpu and 1 are left" in said


@pytest.mark.parametrize("given", [subject(desired=5), subject(desired=5, spot=None, quotas=[QUOTA])])
def test_room_enough_refuses_nothing(given):
    assert refuse(given, wishes()) is None


def test_with_spot_kept_no_room_is_needed():
    assert refuse(subject(desired=5, quotas=[QUOTA]), wishes(keep_spot=True)) is None


def test_where_nobody_can_be_asked_yes_is_wanted():
    with pytest.raises(Exception, match="give --yes"):
        agree(subject(), yes=False)


def test_yes_asks_nobody():
    assert agree(subject(), yes=True) is None


def test_what_git_is_to_hold_is_told():
    said = parting(subject(), 5, keep_pool=False, keep_spot=True)
    assert said[0].startswith("deployment/chat serves with 5 replicas and deployment/chat-spot with 4")
    assert "replicas: 5" in said[1]


def test_a_target_that_is_gone_is_told():
    gone = Subject("ns", "chat", "chat")
    assert "is gone" in parting(gone, 0, keep_pool=False, keep_spot=False)[0]


@pytest.mark.parametrize(
    ("lease", "fresh"),
    [
        ({"holderIdentity": "a", "renewTime": "2026-11-22T11:59:50Z", "leaseDurationSeconds": 15}, True),
        ({"holderIdentity": "a", "renewTime": "2026-11-22T11:59:40Z", "leaseDurationSeconds": 15}, False),
        ({"holderIdentity": "", "renewTime": "2026-11-22T11:59:50Z", "leaseDurationSeconds": 15}, False),
        ({}, False),
    ],
)
def test_a_lease_that_lasts(lease, fresh):
    assert is_fresh(lease, NOW) is fresh


def test_how_to_go_back_is_told():
    keys = "poolkeeper.io/paused-until- poolkeeper.io/releasing-"
    assert f"kubectl annotate ipool/chat -n inference {keys}" in resumption("chat", "inference")


def test_a_duration_that_is_none_is_refused():
    answer = CliRunner().invoke(app, ["release", "chat", "--timeout", "soon"], env={"COLUMNS": "200"})
    assert (answer.exit_code, "--timeout" in answer.output) == (2, True)
