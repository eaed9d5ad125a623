"""A group of pods as one replica."""

from datetime import timedelta

import pytest

from builders import at, loading, pod
from poolkeeper.core.observation import Wait
from poolkeeper.shell.replicas import is_ready, merged
from poolkeeper.shell.views import PodView


def test_a_pod_alone_is_itself():
    alone = pod(1)
    assert merged([alone], 1) is alone


def test_it_bears_the_leaders_name():
    assert merged([pod(1), pod(2)], 2).uid == "uid-1"


def test_it_is_ready_when_its_last_pod_is():
    assert merged([pod(1, ready_at=at(1)), pod(2, ready_at=at(5))], 2).ready_at == at(5)


@pytest.mark.parametrize("pods", [[pod(1)], [pod(1), loading(2, 0)]], ids=["one is missing", "one loads"])
def test_it_is_not_before(pods):
    assert merged(pods, 2).ready_at is None


def test_one_that_falls_back_takes_it_along():
    found = merged([pod(1), pod(2, ready_at=None, unready_since=at(7))], 2)
    assert (found.ready_at, found.unready_since) == (None, at(7))


def test_it_is_scheduled_when_all_that_were_made_are():
    assert merged([loading(1, 3), loading(2, 5)], 3).scheduled_at == at(5)


def test_it_waits_for_a_node_while_one_of_them_does():
    waiting = loading(2, 5, scheduled_at=None, wait=Wait.STOCK_OUT, trouble="no node")
    found = merged([loading(1, 3), waiting], 2)
    assert (found.scheduled_at, found.wait, found.trouble) == (None, Wait.STOCK_OUT, "no node")


def test_a_notice_to_any_of_them_concerns_it():
    assert merged([pod(1), pod(2, notice="spot-itn")], 2).notice == "spot-itn"


def view(number, size, *, ready=True):
    at_ = at(0) - timedelta(days=1)
    return PodView("lab", f"chat-0-{number}", f"u{number}", at_, group_size=size, ready_at=at_ if ready else None)


@pytest.mark.parametrize(
    ("pods", "ready"),
    [
        ([view(0, 2), view(1, 2)], True),
        ([view(0, 2)], False),
        ([view(0, 2), view(1, 2, ready=False)], False),
        ([view(0, 1)], True),
    ],
)
def test_who_leads_a_group_is_asked_once_all_of_it_is_ready(pods, ready):
    assert is_ready(pods) is ready
