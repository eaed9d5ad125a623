"""The journal on the real API server: a pool's night, and what `explain --at` tells of it afterwards (R9).

2 -> 3     the queue grows
5          an override by another manager
killed -9, and started again
6          a pin by `kubectl scale`
"""

import json
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

import pytest

from poolkeeper.api import journal
from poolkeeper.api.journal_told import Past, decide_again, differences, past
from rig.ground import Ground
from rig.manifests import pool, published
from rig.operators import POOLKEEPER
from rig.space import Space
from rig.waiting import eventually, let_pass

pytestmark = [pytest.mark.xdist_group("journal"), pytest.mark.lasts(90)]

Json = dict[str, Any]
NAME = "night"


@dataclass
class Night:
    """A pool's night: the instants at which something was as it was meant to be."""

    space: Space
    at: dict[str, str] = field(default_factory=dict)

    def mark(self, name: str) -> None:
        """Remember this instant, a second after what it is to tell of and as long before what comes next."""
        let_pass(1.5)
        self.at[name] = datetime.now(UTC).isoformat()
        let_pass(1.5)

    def explain(self, *words: str, output: str = "json") -> subprocess.CompletedProcess[str]:
        """Run `poolkeeper explain` on the pool."""
        access = ["-n", self.space.name, "--kubeconfig", str(self.space.ground.cluster.kubeconfig)]
        home = ["--operator-namespace", self.space.name, "-o", output]
        command: list[str] = [str(POOLKEEPER), "explain", NAME, *words, *access, *home]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    def told(self, name: str) -> Json:
        """Return what is told of an instant."""
        done = self.explain("--at", self.at[name])
        assert done.returncode == 0, done.stderr + done.stdout
        found: Json = json.loads(done.stdout)
        return found

    def chunks(self) -> list[Json]:
        """Return the pool's chunks as they are stored."""
        path = self.space.path("ConfigMap", "").rstrip("/")
        found: list[Json] = self.space.api.get(f"{path}?labelSelector={journal.SELECTOR}")["items"]
        return found

    def past(self) -> Past:
        """Return what the chunks tell."""
        return past(journal.in_order([journal.pages(one) for one in self.chunks()]))

    def wait_for_record(self, size: int) -> None:
        """Wait until a decision of this size is in store."""

        def stored() -> bool:
            return any(one.decided.answer.size == size for one in self.past().stretches)

        eventually(stored, f"a decision of {size} is in the journal")


def kubectl(space: Space, *words: str) -> str:
    return str(space.ground.cluster.kubectl(*words, "-n", space.name))


def live(night: Night) -> None:
    """Let a pool live through its night."""
    space = night.space
    space.deploy(NAME, 2)
    space.fleet.queue(space.workload(NAME), 500)
    space.operate().wait_until_leading()
    space.create(pool(NAME, published(grace="1h")))
    space.wait_for_reason(NAME, "Steady")
    night.mark("steady")
    space.fleet.queue(space.workload(NAME), 1500)
    space.wait_for_size(NAME, 3)
    space.fleet.queue(space.workload(NAME), 500)
    space.wait_until_ready(NAME, 3)
    night.mark("grown")
    until = datetime.fromtimestamp(time.time() + 7200, UTC).isoformat()
    override = json.dumps({"until": until, "by": "ann: launch", "spec": {"minReplicas": 5}})
    annotate = ("annotate", f"ipool/{NAME}", f"poolkeeper.io/override={override}", "--field-manager=night-shift")
    kubectl(space, *annotate)
    space.wait_for_size(NAME, 5)
    space.wait_until_ready(NAME, 5)
    night.mark("overridden")
    night.wait_for_record(5)
    space.operators[-1].kill()
    let_pass(35)  # a gap in which nobody looked
    night.at["nobody"] = datetime.fromtimestamp(time.time() - 10, UTC).isoformat()
    space.operate().wait_until_leading()
    space.wait_until_ready(NAME, 5)
    kubectl(space, "scale", f"ipool/{NAME}", "--replicas=6")
    space.wait_for_size(NAME, 6)
    night.mark("pinned")
    night.wait_for_record(6)


@pytest.fixture(scope="module")
def night(ground: Ground) -> Iterator[Night]:
    made = Night(Space(ground, f"journal-{token_hex(3)}"))
    live(made)
    yield made
    made.space.close()


@pytest.mark.parametrize(("name", "size"), [("steady", 2), ("grown", 3), ("overridden", 5), ("pinned", 6)])
def test_it_tells_the_size_of_an_instant_and_decides_it_again(night: Night, name: str, size: int) -> None:
    found = night.told(name)
    assert (found["stood"]["size"], found["decidedAgain"]) == (size, {"same": True, "differences": []})


def test_every_decision_is_the_same_when_it_is_made_again(night: Night) -> None:
    stretches = night.past().stretches
    again = [(one, decide_again(one)) for one in stretches]
    wrong = [differences(one.decided.answer, made.answer) if made.answer else [made.words] for one, made in again]
    assert (len(stretches) >= 4, [one for one in wrong if one]) == (True, [])


def test_it_tells_who_wrote_the_override(night: Night) -> None:
    (found,) = [one for one in night.told("overridden")["changes"] if one["field"] == "override"]
    assert (found["manager"], "minReplicas 5" in found["after"], "ann: launch" in found["after"]) == (
        "night-shift",
        True,
        True,
    )


def test_it_tells_of_the_pin(night: Night) -> None:
    (found,) = [one for one in night.told("pinned")["changes"] if one["field"] == "spec.replicas"]
    assert (found["before"], found["after"], found["manager"]) == ("none", "6", "/scale")


def test_it_tells_that_nobody_looked_while_the_operator_was_away(night: Night) -> None:
    done = night.explain("--at", night.at["nobody"], output="text")
    assert (done.returncode, "no operator looked at the pool from" in done.stdout) == (1, True)


def test_what_was_before_the_journal_is_not_known(night: Night) -> None:
    done = night.explain("--at", "3h ago", output="text")
    assert "the journal begins at" in done.stdout


def test_it_lists_what_happened(night: Night) -> None:
    done = night.explain("--since", "1h", output="text")
    print(done.stdout)
    assert [word for word in ("2 -> 3", "night-shift", "no operator looked", "Pinned") if word not in done.stdout] == []


def test_the_text_says_why_and_that_it_was_decided_again(night: Night) -> None:
    done = night.explain("--at", night.at["grown"], output="text")
    print(done.stdout)
    assert "decided again: the same" in done.stdout


def test_the_journal_is_small(night: Night) -> None:
    sizes = [int(one["metadata"]["annotations"]["poolkeeper.io/journal-bytes"]) for one in night.chunks()]
    print(f"{sum(sizes)} bytes in {len(sizes)} chunks for {len(night.past().stretches)} decisions")
    assert sum(sizes) < 32 * 2**10


def test_it_is_kept_when_the_pool_is_gone(night: Night) -> None:
    kubectl(night.space, "delete", f"ipool/{NAME}")
    eventually(lambda: night.past().ended, "the pool's end is in the journal")
    found = night.told("grown")
    assert found["stood"]["size"] == 3
