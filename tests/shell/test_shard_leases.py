"""Processes of several shards, step by step: who takes which lease, what is handed back, what is known of before."""

from datetime import timedelta

import pytest
from tests.laws.lease_world import BEGIN, DURATION, Process, Server

from poolkeeper.api.shards import Shard, shards
from poolkeeper.shell.kube import Metadata
from poolkeeper.shell.lease import Lease, LeaseSpec

UIDS = [f"uid-{number}" for number in range(20)]


@pytest.fixture
def server():
    return Server(seconds=100.0)


def live(*processes, steps=8):
    for _ in range(steps):
        for one in processes:
            one.step()


def path(shard):
    return f"/apis/coordination.k8s.io/v1/namespaces/system/leases/{shard.lease}"


def test_two_processes_keep_a_shard_each(server):
    processes = [Process(server, name, 2) for name in ("a", "b")]
    for one in processes:
        live(one)
    assert {one.leads for one in processes} == set(shards(2))


def test_a_third_one_waits(server):
    for name in ("a", "b"):
        live(Process(server, name, 2))
    standby = Process(server, "c", 2)
    live(standby)
    assert (standby.leads, standby.elector.shard) == (None, None)


def test_of_two_that_want_the_same_one_the_slower_takes_another(server):
    """Both have read that all are free; whichever they want first, they come to keep two."""
    one, other = Process(server, "a", 2), Process(server, "b", 2)
    live(one, other, steps=14)
    assert {one.leads, other.leads} == set(shards(2))


def test_a_restart_takes_the_shard_that_it_had(server):
    first, *others = (Process(server, name, 5) for name in "ab")
    live(first)
    live(*others)
    again = Process(server, "a", 5)
    live(again)
    assert again.leads == first.leads


def test_a_shard_whose_process_died_is_taken_after_its_lease(server):
    live(Process(server, "a", 1))
    standby = Process(server, "b", 1)
    live(standby)
    server.seconds += DURATION
    live(standby)
    assert standby.leads == Shard()


def test_who_waits_for_another_number_says_for_which_lease(server):
    live(Process(server, "a", 1))
    waiting = Process(server, "b", 2)
    live(waiting, steps=3)
    assert waiting.said == "held for another number of shards: poolkeeper"


def test_an_answer_that_comes_late_tells_nothing_of_the_time_since(server):
    """The list was carried out at once, and answered after the lease's duration."""
    live(Process(server, "a", 1))
    waiting = Process(server, "b", 2)
    live(waiting, steps=5)
    server.seconds += DURATION
    live(waiting, steps=1)
    assert (waiting.leads, list(server.leases)) == (None, [path(Shard())])


def collided(server):
    """Let two of two numbers take at the same time."""
    live(Process(server, "a", 1), Process(server, "b", 2), steps=12)


def test_who_hands_back_leaves_the_renewal_that_was_in_it(server):
    """Nobody has looked under a lease that was handed back."""
    released = LeaseSpec(holder_identity="", renew_time=BEGIN)
    server.leases[path(Shard())] = Lease(Metadata(name="poolkeeper", resource_version="1"), released)
    collided(server)
    found = server.leases[path(Shard())]
    assert (found.metadata.resource_version != "1", found.spec.renew_time) == (True, BEGIN)


def test_who_takes_at_the_same_time_as_another_number_leaves_nothing_held(server):
    collided(server)
    assert {one.spec.holder_identity for one in server.leases.values()} == {""}


def test_it_is_known_until_when_a_process_of_another_number_looked(server):
    old = Process(server, "a", 1)
    live(old)
    new = Process(server, "b", 2)
    live(new)
    server.seconds += DURATION
    live(new)
    assert {new.elector.looked_until(uid) for uid in UIDS} == {BEGIN + timedelta(seconds=100)}


def test_of_other_shards_of_the_same_number_nothing_is_taken_for_a_look(server):
    first = Process(server, "a", 2)
    live(first)
    server.seconds += 5
    second = Process(server, "b", 2)
    live(second)
    mine = [uid for uid in UIDS if second.leads.has(uid)]
    assert {second.elector.looked_until(uid) for uid in mine} == {None}


def test_a_lease_that_was_deleted_is_not_made_again_beside_another_number(server):
    leader = Process(server, "a", 1)
    live(leader)
    server.leases.clear()
    other = Process(server, "b", 2)
    live(other)
    live(leader, steps=12)
    assert (leader.leads, other.leads) == (None, other.elector.shard)
