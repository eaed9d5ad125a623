"""External metrics: added up, as old as the oldest, asked for once in five seconds, and refusals in words."""

from datetime import timedelta

import msgspec
import pytest

from builders import START, at
from poolkeeper.core.model import ExternalSource
from poolkeeper.core.reasons import Reason
from poolkeeper.shell import kube_errors as errors
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.queues.external import EVERY, ExternalReader

JOBS = ExternalSource("jobs", "jobs_waiting", (("queue", "chat"), ("tier", "a")))
PATH = "/apis/external.metrics.k8s.io/v1beta1/namespaces/inference/jobs_waiting"


def item(value, **more):
    return {"metricName": "jobs_waiting", "metricLabels": {"queue": "chat"}, "value": value, **more}


class Rig:
    """An API server that answers with these items, or raises."""

    def __init__(self, *items):
        self.answer, self.asked, self.clock, self.second = {"items": list(items)}, [], self, 0.0
        self.reader = ExternalReader(self, lambda: self.second)

    def now(self):
        return at(self.second)

    async def get(self, path, *, into, params):
        self.asked.append((path, params))
        if isinstance(self.answer, Exception):
            raise self.answer
        return msgspec.convert(self.answer, into)

    async def depth(self, source=JOBS):
        return await self.reader.depth("inference", source)

    async def refusal(self):
        with pytest.raises(MetricError) as told:
            await self.depth()
        return told.value


async def test_its_series_are_added_up():
    assert (await Rig(item("1500m"), item("2k")).depth()).waiting == 2001.5


async def test_what_is_asked_for_is_the_metric_of_the_pools_namespace():
    rig = Rig(item("1"))
    await rig.depth()
    assert rig.asked == [(PATH, {"labelSelector": "queue=chat,tier=a"})]


async def test_a_name_stays_one_part_of_the_path():
    rig = Rig(item("1"))
    await rig.depth(ExternalSource("jobs", "pubsub|a/b"))
    assert rig.asked == [(PATH.replace("jobs_waiting", "pubsub%7Ca%2Fb"), {})]


async def test_it_is_as_old_as_its_oldest_series():
    rig = Rig(item("1", timestamp="2026-03-02T11:59:50Z"), item("2", timestamp="2026-03-02T11:59:40Z"), item("3"))
    assert (await rig.depth()).at == min(START, START.replace(hour=11, minute=59, second=40))


async def test_what_claims_to_be_of_the_future_is_of_now():
    late = (START + timedelta(hours=1)).isoformat()
    assert (await Rig(item("1", timestamp=late)).depth()).at == START


async def test_one_without_a_timestamp_is_as_old_as_the_answer_also_when_it_is_given_again():
    rig = Rig(item("1", timestamp=None))
    await rig.depth()
    rig.second = 4.0
    assert (await rig.depth()).at == START


async def test_it_is_asked_for_once_in_a_while():
    rig = Rig(item("1"))
    for rig.second in (0.0, 4.9, EVERY.total_seconds()):
        await rig.depth()
    assert len(rig.asked) == 2


async def test_a_refusal_is_no_reason_to_ask_sooner():
    rig = Rig()
    for rig.second in (0.0, 4.9):
        await rig.refusal()
    assert len(rig.asked) == 1


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        ([], Reason.METRIC_EMPTY),
        ([item("many")], Reason.METRIC_GARBAGE),
        ([item("5"), item("-1")], Reason.METRIC_NEGATIVE),
    ],
)
async def test_what_no_queue_can_be_is_a_fault(items, reason):
    assert (await Rig(*items).refusal()).reason is reason


@pytest.mark.parametrize(
    ("error", "reason", "words"),
    [
        (errors.Forbidden("no", status=403), Reason.METRIC_REFUSED, "a Role in inference must allow `list` on"),
        (errors.NotFound("404 page not found", status=404), Reason.METRIC_REFUSED, "install KEDA or an adapter"),
        (
            errors.NotFound("gone", status=404, reason="NotFound"),
            Reason.METRIC_EMPTY,
            "the adapter knows no 'jobs_waiting' in inference: gone",
        ),
        (errors.ServerError("down", status=503), Reason.METRIC_SERVER_ERROR, "the adapter fails with 503; `kubectl"),
        (errors.TimedOut("late"), Reason.METRIC_TIMEOUT, "the adapter does not answer; `kubectl get apiservices"),
        (errors.Unreachable("broke"), Reason.METRIC_REFUSED, "broke"),
        (errors.Unreadable("no JSON"), Reason.METRIC_GARBAGE, "no JSON"),
        (errors.Invalid("bad selector", status=400), Reason.METRIC_SERVER_ERROR, "bad selector"),
    ],
)
async def test_what_goes_wrong_says_what_to_do(error, reason, words):
    rig = Rig()
    rig.answer = error
    told = await rig.refusal()
    assert (told.reason, words in told.detail) == (reason, True), told
