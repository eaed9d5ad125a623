"""Do the target's pods start, in the time that they are given, and have they the time to end?"""

from collections.abc import Iterator
from datetime import timedelta

from poolkeeper.cli.checks.finding import Finding, note, wrong
from poolkeeper.cli.checks.known import Json, PoolSeen
from poolkeeper.core import startup
from poolkeeper.shell.views import PodView

DEADLINE = 600
"""A Deployment's progressDeadlineSeconds where it gives none (apps/v1)."""
ROLLS = "  # rolls the pods"
GRACE = 30
"""A pod's terminationGracePeriodSeconds where it gives none (core/v1)."""


def check(seen: PoolSeen) -> Iterator[Finding]:
    """Yield what is wrong with the pods, and with the times they are given."""
    if not seen.target:
        return
    yield from stuck(seen)
    yield from hurried(seen)
    yield from impatient(seen)


def stuck(seen: PoolSeen) -> Iterator[Finding]:
    """Yield why replicas are not ready, in the scheduler's or the kubelet's own words."""
    waiting = [pod for pod in seen.pods if pod.live and not pod.ready_at and pod.trouble]
    late = [pod for pod in waiting if overdue(seen, pod)]
    if told := late or waiting:
        words = f"{len(told)} of {len(seen.pods)} pods are not ready{'' if late else ' yet'}: {told[0].trouble}"
        fix = f"kubectl describe pod {told[0].name} -n {seen.namespace}"
        why = "while many are stuck the pool grows no more" if late else "a start may take startup.timeout"
        yield (wrong if late else note)(seen.shown, words, why, fix)
    failed = [one for one in (seen.target.get("status") or {}).get("conditions") or () if is_failure(one)]
    for one in failed[:1]:
        yield wrong(seen.shown, f"no pod can be made: {one['message']}", "the pool cannot grow")


def overdue(seen: PoolSeen, pod: PodView) -> bool:
    """Return whether a pod has had the time that is given to a start (R4), ten minutes where none is."""
    limit = seen.core.startup_timeout or startup.UNMEASURED
    return startup.due_at(pod.core, seen.core, limit) <= seen.known.now


def is_failure(condition: Json) -> bool:
    """Return whether a condition says that pods cannot be made."""
    return (condition["type"], condition["status"]) == ("ReplicaFailure", "True")


def hurried(seen: PoolSeen) -> Iterator[Finding]:
    """Yield that pods are given less time to end than the pool waits for an idle one (R6)."""
    given = seen.pod.get("terminationGracePeriodSeconds")
    seconds, deadline = GRACE if given is None else given, seen.core.drain_deadline
    if seen.pod and timedelta(seconds=seconds) < deadline:
        wanted = f"{deadline.total_seconds():.0f}"
        yield note(
            "spec.template.spec.terminationGracePeriodSeconds",
            f"is {seconds} for {seen.shown}, less than drain.deadline of {seen.spec.drain.deadline}",
            "what a busy pod serves is cut off sooner where a drain or a rollout ends it",
            patched(seen, '{"spec":{"template":{"spec":{"terminationGracePeriodSeconds":' + wanted + "}}}}") + ROLLS,
        )


def impatient(seen: PoolSeen) -> Iterator[Finding]:
    """Yield that a Deployment gives up on a rollout before a start may be called overdue."""
    timeout = seen.core.startup_timeout
    given = (seen.target.get("spec") or {}).get("progressDeadlineSeconds", DEADLINE)
    if timeout is not None and timedelta(seconds=given) < timeout:
        wanted = f"{timeout.total_seconds():.0f}"
        words = f"is {given} for {seen.shown}, less than startup.timeout of {seen.spec.startup.timeout}"
        why = "rollouts are called failed while models still load"
        fix = patched(seen, '{"spec":{"progressDeadlineSeconds":' + wanted + "}}")
        yield note("spec.progressDeadlineSeconds", words, why, fix)


def patched(seen: PoolSeen, body: str) -> str:
    """Return the command that changes the target so."""
    return f"kubectl patch {seen.shown} -n {seen.namespace} --type=merge -p '{body}'"
