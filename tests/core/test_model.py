"""The defaults that DESIGN.md section 2 promises: the common case is all defaults."""

from datetime import timedelta

import pytest

from poolkeeper.core.model import Combine, Mode, OutageBehavior, Per, PodsSource, PoolSpec

SPEC = PoolSpec(2, 8)


@pytest.mark.parametrize(
    ("found", "promised"),
    [
        (SPEC.mode, Mode.ACTIVE),
        (SPEC.startup_timeout, None),
        (SPEC.slo, None),
        (SPEC.queue.sources, (PodsSource("pods", "auto", "http"),)),
        (SPEC.queue.combine, Combine.SUM),
        (SPEC.queue.interval, timedelta(seconds=1)),
        (SPEC.queue.thresholds_per, Per.REPLICA),
        (SPEC.queue.slots_per_replica, None),
        ((SPEC.queue.up.above, SPEC.queue.up.step, SPEC.queue.up.max_step), (5, 1, 4)),
        ((SPEC.queue.up.delay, SPEC.queue.up.settle), (timedelta(0), timedelta(seconds=30))),
        ((SPEC.queue.down.below, SPEC.queue.down.step), (1, None)),
        (SPEC.queue.down.grace_period, timedelta(minutes=5)),
        (SPEC.queue.down.max_utilization_percent, None),
        (SPEC.queue.on_outage.after, timedelta(seconds=30)),
        (SPEC.queue.on_outage.behavior, OutageBehavior.HOLD),
    ],
)
def test_a_default_is_what_was_promised(found, promised):
    assert found == promised
