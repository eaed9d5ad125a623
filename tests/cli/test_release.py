"""What `poolkeeper release` says and refuses; a real API server takes it in e2e/test_release.py."""

import signal
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import typer
from tests.cli.checks.cluster_parts import NOW, target
from typer.testing import CliRunner

from poolkeeper.api.spec import parse_spec
from poolkeeper.cli import connection
from poolkeeper.cli import release as command
from poolkeeper.cli.main import app
from poolkeeper.cli.release import Wishes, agree, intended, refuse
from poolkeeper.cli.releasing.ending import parting
from poolkeeper.cli.releasing.leading import is_fresh
from poolkeeper.cli.releasing.subject import Subject
from poolkeeper.shell.kube_errors import TimedOut

SPEC = {"targetRef": {"name": "chat"}, "minReplicas": 2, "maxReplicas": 8}


def subject(desired=None, begun=None, spot=4, size=1, quotas=(), **spec):
    pool = {"metadata": {"uid": "u"}, "status": {"desiredReplicas": desired}}
    found, parsed = target(size), parse_spec(SPEC | spec)
    return Subject("ns", "chat", "chat", pool, parsed, found, spot, ("chat-pool",), tuple(quotas), begun)


def wishes(*, keep_spot=False, keep_pool=False):
    return Wishes(keep_spot, keep_pool, timedelta(minutes=1))


@pytest.mark.parametrize(
    ("given", "total"),
    [
        (subject(desired=5), 5),
        (subject(desired=5, begun=7), 7),
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


def test_a_duration_that_is_none_is_refused():
    answer = CliRunner().invoke(app, ["release", "chat", "--timeout", "soon"], env={"COLUMNS": "200"})
    assert (answer.exit_code, "--timeout" in answer.output) == (2, True)


HELD = datetime(2026, 11, 29, 12, tzinfo=UTC)


class Nobody:
    """A connection to no API server at all."""

    def __init__(self, *_):
        pass

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        pass


@pytest.fixture
def run(monkeypatch):
    """Run the command up to what carries it out, which is given."""

    def run(carry_out, *options):
        async def find(*_):
            return subject(desired=5)

        monkeypatch.setattr(connection, "KubeClient", Nobody)
        monkeypatch.setattr(connection.Access, "find", lambda *_: None)
        monkeypatch.setattr(command, "find", find)
        monkeypatch.setattr(command, "carry_out", carry_out)
        monkeypatch.setattr(command, "sys", SimpleNamespace(stdin=SimpleNamespace(isatty=lambda: True)))
        return CliRunner().invoke(app, ["release", "chat", *options])

    return run


def ending(error, until=None):
    """Return what would carry it out and ends so, once the pool was paused until then."""

    async def carry_out(_kube, _subject, _wishes, pause):
        pause.until = until
        if error:
            raise error

    return carry_out


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [(TimedOut("too late"), 2, "error: too late"), (KeyboardInterrupt(), 130, "stopped; nothing was lost")],
)
def test_however_it_stops_it_says_how_long_the_pool_stays_paused(run, error, code, words):
    answer = run(ending(error, HELD), "--yes")
    told = [words in answer.output, "ipool/chat stays paused until 2026-11-29T12:00:00Z" in answer.output]
    assert (answer.exit_code, told) == (code, [True, True])


@pytest.mark.parametrize("error", [TimedOut("too late"), KeyboardInterrupt(), None])
def test_of_a_pool_that_is_not_held_no_pause_is_told(run, error):
    assert "stays paused" not in run(ending(error), "--yes").output


def test_the_question_leaves_ctrl_c_to_whoever_is_asked(run, monkeypatch):
    handlers = []

    def confirm(*_, **__):
        handlers.append(signal.getsignal(signal.SIGINT))
        raise typer.Abort

    monkeypatch.setattr(typer, "confirm", confirm)
    answer = run(ending(None))
    assert (handlers, answer.exit_code) == ([signal.default_int_handler], 1)
