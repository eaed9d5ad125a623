"""What Argo CD and Flux make of a pool: their own languages run over statuses that the operator's own code wrote."""

import celpy
import pytest
import yaml
from tests.docs.pages import DOCS, blocks

from builders import at, published, seen
from poolkeeper.api.names import API_VERSION, KIND
from poolkeeper.api.status import Verdict, render
from poolkeeper.core.decide import decide
from poolkeeper.core.decision import Decision, Health
from poolkeeper.core.memory import Memory
from poolkeeper.core.reasons import Reason
from rig.argocd import health

PAGE = DOCS / "how-to/live-with-gitops.md"
YAML = [block.text for block in blocks(PAGE) if block.language == "yaml"]
DOCUMENTS = [one for text in YAML for one in yaml.safe_load_all(text)]
EXPRESSIONS = next(one for one in DOCUMENTS if one.get("kind") == "Kustomization")["spec"]["healthCheckExprs"][0]
IN_FLUX = {"Healthy": "current", "Suspended": "current", "Progressing": "inProgress", "Degraded": "failed"}
"""Flux knows no pause: what somebody paused is as it was asked to be."""


def pool(decision, generation=3, **changes):
    """Return a pool whose third generation the operator has looked at."""
    verdict = Verdict(decision, 3, at(0), **changes)
    metadata = {"name": "chat", "namespace": "inference", "generation": generation}
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": metadata,
        "spec": {"targetRef": {"name": "chat"}},
        "status": render(verdict, {}, {}, None),
    }


def frozen(reason, detail=""):
    return Decision(2, 2, 2, reason, frozen=True, detail=detail)


def works(waiting=500):
    return decide(published(), seen(waiting), Memory(), at(0))[0]


def broken(**changes):
    return Decision(2, 2, 2, Reason.STEADY, health=Health(**changes))


CASES = {
    "new": (pool(works()) | {"status": {}}, "Progressing", "has not looked"),
    "changed": (pool(works(), generation=4), "Progressing", "has not looked"),
    "steady": (pool(works()), "Healthy", "the size that was found"),
    "growing": (pool(works(1500)), "Healthy", "queue"),
    "observing": (pool(works(), observing=True), "Healthy", "the size that was found"),
    "paused": (pool(frozen(Reason.PAUSED)), "Suspended", "Paused: the pool is paused"),
    "without a target": (pool(frozen(Reason.TARGET_NOT_FOUND, "deployment/chat")), "Progressing", "deployment/chat"),
    "not to be accepted": (pool(works(), invalid=["spec: wrong"]), "Degraded", "InvalidSpec: spec: wrong"),
    "fought over": (pool(frozen(Reason.CONFLICT_GITOPS, "Argo CD owns it")), "Degraded", "Argo CD owns it"),
    "not to be written": (pool(frozen(Reason.WRITE_REFUSED)), "Degraded", "WriteRefused"),
    "blind": (pool(broken(metrics=Reason.METRIC_TIMEOUT)), "Degraded", "MetricTimeout"),
    "stuck": (pool(broken(startup=Reason.STARTUP_BLOCKED)), "Degraded", "StartupBlocked"),
}

each_pool = pytest.mark.parametrize(("made", "status", "words"), CASES.values(), ids=CASES)


@each_pool
def test_argo_cd_shows_it_so_and_says_why(made, status, words):
    shown, said = health(made)
    assert (shown, words in said) == (status, True), said


@each_pool
def test_flux_takes_it_for_the_same(made, status, words):
    assert judged(made) == IN_FLUX[status]


def test_a_pool_without_any_status_is_waited_for_by_both():
    made = {key: value for key, value in pool(works()).items() if key != "status"}
    assert health(made)[0] == "Progressing"
    assert judged(made) in {"inProgress", ""}


def judged(made):
    """Return the first expression that holds, in Flux's order; one that fails holds not, and Flux waits."""
    known = {key: celpy.json_to_cel(value) for key, value in made.items()}
    return next((name for name in ("inProgress", "failed", "current") if holds(EXPRESSIONS[name], known)), "")


def holds(expression, known):
    environment = celpy.Environment()
    program = environment.program(environment.compile(expression))
    try:
        return bool(program.evaluate(known))
    except celpy.CELEvalError:
        return False


def test_it_is_the_pools_kind_that_flux_is_told_of():
    assert (EXPRESSIONS["apiVersion"], EXPRESSIONS["kind"]) == (API_VERSION, KIND)
