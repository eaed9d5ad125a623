"""What `init` says beside a first pool: what is there already, what comes next, what is not there."""

import pytest
from tests.cli.starting.test_init import Kube, facts, spec, text, workload

from poolkeeper.api.target import DEPLOYMENT, LEADER_WORKER_SET
from poolkeeper.cli.starting import bounds, look
from poolkeeper.cli.starting.facts import Asked
from poolkeeper.cli.starting.remarks import remarks
from poolkeeper.cli.starting.replaced import replacing
from poolkeeper.shell.kube_errors import NO_KIND, NotFound

THEIRS = {
    "targetRef": {"name": "chat"},
    "minReplicas": 2,
    "maxReplicas": 8,
    "schedule": {"windows": [{"name": "office", "days": "Mon-Fri", "from": "08:00", "to": "18:00", "minReplicas": 3}]},
}


def said(known):
    return list(remarks(known, Asked("2s"), "chat.yaml"))


# The pool that is there


def test_a_pool_of_the_same_name_would_be_replaced():
    known = facts(pool="chat", namesake=THEIRS)
    assert list(replacing(known, text(known))) == [
        "applied, this replaces ipool/chat (maxReplicas 8 -> 4, queue.sources otherwise, without schedule, with slo)"
    ]


def test_a_pool_that_is_the_same_would_not_change():
    known = facts(replicas=9)
    [same] = replacing(facts(replicas=9, namesake=spec(known)), text(known))
    assert same == "ipool/chat is there already, and as this has it"


def test_a_pool_that_its_own_rules_refuse_is_compared_as_it_stands():
    known = facts(namesake={"minReplicas": 5, "maxReplicas": 1})
    [words] = replacing(known, text(known))
    assert "minReplicas 5 -> 2, maxReplicas 1 -> 4" in words


def test_nothing_is_replaced_where_the_name_is_free():
    assert not list(replacing(facts(pool="other"), text(facts())))


@pytest.mark.parametrize(
    ("there", "words"),
    [
        ({}, "next: poolkeeper check -f chat.yaml, then kubectl apply -f chat.yaml"),
        ({"pool": "chat", "namesake": THEIRS}, "next: kubectl diff -f chat.yaml"),
        ({"pool": "other"}, "next: kubectl describe ipool/other -n inference"),
    ],
)
def test_what_would_replace_or_fight_a_pool_is_not_to_be_applied(there, words):
    last = said(facts(**there))[-1]
    assert last.startswith(words)
    assert ("kubectl apply" in last) is not bool(there)


def test_a_pool_of_the_same_name_is_no_second_one():
    assert not any("in conflict" in one for one in said(facts(pool="chat", namesake=THEIRS)))


@pytest.mark.parametrize("there", [{"pool": "chat", "namesake": THEIRS}, {"pool": "other"}])
def test_a_file_beside_a_pool_does_not_ask_to_be_applied(there):
    assert "then apply it" in text(facts())
    assert "apply it" not in text(facts(**there))


# Words


@pytest.mark.parametrize(
    ("nodes", "words"),
    [
        (("a",), "1 of its nodes (a): no label tells its GPU"),
        (("a", "b"), "2 of its nodes (such as a): no label tells"),
    ],
)
def test_of_several_nodes_one_is_an_example(nodes, words):
    assert any(one.startswith(words) for one in said(facts(nameless=nodes)))


@pytest.mark.parametrize(
    ("replicas", "least", "most"),
    [
        (0, "one must be there to answer", "one more than that, so that it can grow"),
        (1, "one must be there to answer", "one more than that, so that it can grow"),
        (2, "today's 2, as one of them may fail", "one more than that, so that it can grow"),
        (3, "half of today's 3, rounded up", "today's 3: it costs no more than now"),
        (4, "half of today's 4", "today's 4: it costs no more than now"),
    ],
)
def test_a_bound_says_how_it_was_found(replicas, least, most):
    found = bounds.without_history(facts(replicas=replicas))
    assert found.why_least == f"{least}; a guess, as no history was read"
    assert found.why_most.removesuffix("; a guess") == most


# What is not there


class Without(Kube):
    """A cluster that lacks the workload; `words` are the API server's."""

    words = 'deployments.apps "chat" not found'

    async def get(self, *_, **__):
        raise NotFound(self.words, status=404)


async def missing(kube, kind=DEPLOYMENT):
    with pytest.raises(NotFound) as refused:
        await look.look(kube, "default", kind, "chat")
    return str(refused.value)


async def test_a_workload_that_is_not_there_says_which_are():
    kube = Without(deployments=[workload("web", "")], statefulsets=[workload("rank")])
    assert await missing(kube) == (
        'deployments.apps "chat" not found in namespace default; another is given with -n; '
        "there are: deployment/web, statefulset/rank"
    )


async def test_an_empty_namespace_says_so():
    assert (await missing(Without())).endswith("there are: none")


async def test_who_may_not_list_is_not_told_which_there_are():
    assert (await missing(Without(forbidden=["deployments"]))).endswith("another is given with -n")


async def test_a_kind_that_is_not_installed_is_named():
    kube = Without()
    kube.words = f"the server says {NO_KIND}"
    assert await missing(kube, LEADER_WORKER_SET) == "this cluster has no kind LeaderWorkerSet"


def test_the_pool_that_has_the_name_is_found():
    pools = [{"metadata": {"name": "other"}, "spec": {}}, {"metadata": {"name": "chat"}, "spec": THEIRS}]
    assert look.namesake(pools, "chat") == THEIRS
    assert look.namesake(pools, "code") is None
