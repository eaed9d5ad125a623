"""metrics.md: every metric of the operator's own page, from its registry."""

from collections.abc import Iterator

from prometheus_client.metrics import MetricWrapperBase

from poolkeeper.shell.telemetry import Telemetry
from reference.markdown import code, headed, table

INTRO = """The operator serves these at `/metrics` of its `--listen` address. Names follow Prometheus' rules: base
units, `_total` for counters. The live depth of a pool's queue is here and not in its status, which is not written for
its sake."""


def page() -> str:
    """Return the page."""
    return headed("Metrics", INTRO, [table(("metric", "type", "labels", "meaning"), rows())])


def rows() -> Iterator[tuple[str, str, str, str]]:
    """Yield a line for each metric."""
    telemetry = Telemetry()
    for metric in (*vars(telemetry).values(), *vars(telemetry.cost).values()):
        if isinstance(metric, MetricWrapperBase):
            yield row(metric)


def row(metric: MetricWrapperBase) -> tuple[str, str, str, str]:
    """Return a metric's line."""
    family = next(iter(metric.describe()))
    name = f"{family.name}_total" if family.type == "counter" else family.name
    labels = ", ".join(code(label) for label in metric._labelnames)  # noqa: SLF001  there is no public way
    return code(name), family.type, labels, family.documentation
