import pytest

from poolkeeper.api.disruption import budget, min_available
from poolkeeper.api.names import POOL_LABEL

SELECTOR = {"matchLabels": {"app": "chat"}}


def made():
    return budget("chat", ("inference", "talk", "uid-1"), SELECTOR, 9)


@pytest.mark.parametrize(
    ("size", "least"), [(0, None), (1, None), (2, 1), (3, 2), (10, 9), (11, 9), (20, 18), (21, 18), (500, 450)]
)
def test_a_tenth_may_go_and_one_at_least(size, least):
    assert min_available(size) == least


def test_it_covers_what_the_target_selects():
    assert made()["spec"] == {"minAvailable": 9, "selector": SELECTOR, "unhealthyPodEvictionPolicy": "AlwaysAllow"}


def test_it_ends_with_the_pool():
    (owner,) = made()["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["uid"]) == ("InferencePool", "talk", "uid-1")


def test_it_has_a_name_that_the_targets_own_has_not():
    metadata = made()["metadata"]
    assert (metadata["name"], metadata["labels"]) == ("chat-pool", {POOL_LABEL: "talk"})
