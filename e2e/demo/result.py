"""`out/demo.json`: the same as the summary, for programs. All instants and durations are seconds of trace time.

{"trace": "azure2023_conv",               what was replayed, or "generated"
 "workload": "58 minutes of …",           the same in words, with the rate that it was multiplied by
 "rate": [[0.0, 1.0], …],                 second of the trace, how many times as many requests as recorded
 "speed": 20,                             how many times as fast as it happened
 "scaled": {"gracePeriod": 300.0, …},     what was compressed with it, as long as it would be uncompressed
 "duration": 3480.0,
 "minReplicas": 2, "maxReplicas": 8,
 "above": 3, "below": 1,                  waiting requests a ready replica: above it grows, below it may shrink
 "sla": 2.0, "insideSla": 0.973,          longest wait that is fine; share of the requests that were
 "requests": 53723, "cutOff": 0,          arrived; lost with a pod that died
 "wait": {"p50": 0.0, "p95": 1.2, "p99": 3.1},
 "gpuHours": {"used": 4.9, "atMaximum": 7.7, "savedPercent": 36.4},   pods that load or drain are counted
 "replicas": {"least": 2, "most": 8, "last": 2},
 "changes": [{"at": 288.1, "from": 2, "to": 3, "reason": "QueueAbove", "message": "…"}],
 "samples": [{"at": 0.0, "queue": 0.0, "desired": 2, "ready": 2, "pods": 2}, …]}
"""

from typing import Any

import msgspec

from demo import scenario
from demo.record import HOUR, Record, gpu_hours

Json = dict[str, Any]
END = scenario.LENGTH.total_seconds()


def result(record: Record) -> Json:
    """The document; see above.

    Raises:
        ValueError: nothing was seen, so there is nothing to tell.
    """
    if record.report is None or not record.samples:
        raise ValueError("no request was seen")
    sizes = [each.desired for each in record.samples]
    return {
        **played(record.trace),
        **lived_through(record),
        "gpuHours": hours(record),
        "replicas": {"least": min(sizes), "most": max(sizes), "last": sizes[-1]},
        "changes": [
            {"at": each.at, "from": each.before, "to": each.after, "reason": each.reason, "message": each.message}
            for each in record.changes
        ],
        "samples": msgspec.to_builtins(record.samples),
    }


def played(trace: str) -> Json:
    """What was played, and what was compressed."""
    scaled = {
        "gracePeriod": scenario.GRACE,
        "settle": scenario.SETTLE,
        "interval": scenario.INTERVAL,
        "modelLoad": scenario.MODEL_LOAD,
        "modelLoadJitter": scenario.MODEL_LOAD_JITTER,
        "startupTimeout": scenario.STARTUP,
        "drain": scenario.DRAIN,
    }
    return {
        "trace": trace,
        "workload": scenario.workload_words(trace),
        "rate": scenario.RUSH,
        "speed": scenario.SPEED,
        "scaled": {name: long.total_seconds() for name, long in scaled.items()},
        "duration": END,
        "minReplicas": scenario.MINIMUM,
        "maxReplicas": scenario.MAXIMUM,
        "above": scenario.ABOVE,
        "below": scenario.BELOW,
    }


def lived_through(record: Record) -> Json:
    """What the callers lived through."""
    report = record.report
    assert report is not None
    total = report.total
    return {
        "sla": report.sla,
        "insideSla": report.share_inside,
        "requests": report.arrived,
        "cutOff": report.cut_off,
        "wait": {"p50": total.p50, "p95": total.p95, "p99": total.p99},
    }


def hours(record: Record) -> Json:
    """GPU-hours, against running at the maximum all the time."""
    used, most = gpu_hours(record.samples, END), scenario.MAXIMUM * END / HOUR
    return {"used": used, "atMaximum": most, "savedPercent": 100 * (1 - used / most)}
