"""Looks as traces of OpenTelemetry. It is imported only where somebody has asked for them (tracing.py).

    look                one pool's look; links to the look that changed its size last
    ├── read            its sources
    ├── decide          what was seen is put together, and decided on
    ├── write.owned     the pool's own Deployments and budget
    ├── write.sizes     the tiers' sizes, where any differs
    └── write.status    the event and the status

A decision that changed a size has the name of its event as `poolkeeper.decision.id`; every look has the instant by
which `explain --at` finds it.
"""

import os
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Link, Span, Tracer, get_current_span

from poolkeeper.core.decision import Decision
from poolkeeper.core.model import PoolSpec
from poolkeeper.core.observation import Reading
from poolkeeper.core.plan import Resize
from poolkeeper.shell import publish
from poolkeeper.shell.halves import Kept
from poolkeeper.shell.loop import Answers, Loop
from poolkeeper.shell.pools import Key, Pool
from poolkeeper.shell.turn import Turns, Versions, carried_out

SHARE = 0.01
"""So many of the looks are traced where no OTEL_TRACES_SAMPLER says otherwise: 1,000 pools make ten traces a second."""


class Traces:
    """Where traces go, and the loop and turns that make them."""

    def __init__(self, identity: str) -> None:
        sampler = None if os.environ.get("OTEL_TRACES_SAMPLER") else ParentBased(TraceIdRatioBased(SHARE))
        self._provider = TracerProvider(sampler=sampler, resource=resource(identity), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("poolkeeper", version("poolkeeper"))

    def turns(self, *parts: Any) -> "TracedTurns":  # noqa: ANN401  those of Turns
        """Return turns that are traced."""
        made = TracedTurns(*parts)
        made.tracer = self._tracer
        return made

    def loop(self, *parts: Any) -> "TracedLoop":  # noqa: ANN401  those of Loop
        """Return a loop that is traced; its turns are, too."""
        made = TracedLoop(*parts)
        made.tracer = self._tracer
        return made

    def close(self) -> None:
        """Send what is left, and end. It may take until the exporter's time-out."""
        self._provider.shutdown()


def resource(identity: str) -> Resource:
    """Return who sends traces: what OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES say goes before our own words."""
    ours = {"service.name": "poolkeeper", "service.version": version("poolkeeper"), "service.instance.id": identity}
    given = OTELResourceDetector().detect().attributes
    return Resource.create({name: value for name, value in ours.items() if name not in given})


class TracedTurns(Turns):
    """Turns whose parts are spans. `changed` are the looks that have changed a size last, by pool."""

    tracer: Tracer

    def __init__(self, *parts: Any) -> None:  # noqa: ANN401  those of Turns
        super().__init__(*parts)
        self.changed: dict[Key, Link] = {}
        self._deciding: dict[Key, Span] = {}

    def forget(self, key: Key) -> None:
        """Take in that a pool is gone."""
        super().forget(key)
        self.changed.pop(key, None)

    async def take(self, pool: Pool, spec: PoolSpec, readings: tuple[Reading, ...]) -> None:
        """Decide and carry out."""
        self._deciding[pool.key] = self.tracer.start_span("decide")
        try:
            await super().take(pool, spec, readings)
        except Exception as error:
            get_current_span().record_exception(error)
            raise
        finally:
            self._end_deciding(pool)

    async def publish(self, pool: Pool, decision: Decision, written: Versions) -> None:
        """Say what was decided."""
        with self.tracer.start_as_current_span("write.status"):
            await super().publish(pool, decision, written)
        self._tell(get_current_span(), pool, decision, written)

    async def _keep(self, pool: Pool, decision: Decision, *, may_write: bool) -> Kept:
        self._end_deciding(pool)
        with self.tracer.start_as_current_span("write.owned"):
            return await super()._keep(pool, decision, may_write=may_write)

    async def _resize(
        self, pool: Pool, decision: Decision, resizes: tuple[Resize, ...], may_shrink: Callable[[], bool]
    ) -> Versions:
        if not resizes:
            return await super()._resize(pool, decision, resizes, may_shrink)
        with self.tracer.start_as_current_span("write.sizes"):
            return await super()._resize(pool, decision, resizes, may_shrink)

    def _end_deciding(self, pool: Pool) -> None:
        span = self._deciding.pop(pool.key, None)
        if span is not None:
            span.end()

    def _tell(self, span: Span, pool: Pool, decision: Decision, written: Versions) -> None:
        """Say on a look's span what was decided; later looks link to one that changed a size."""
        if not span.is_recording():
            return
        span.set_attributes(
            {
                "poolkeeper.decision.reason": decision.reason.value,
                "poolkeeper.decision.from": decision.current,
                "poolkeeper.decision.to": decision.size,
            }
        )
        if pool.decided_at is not None:
            span.set_attribute("poolkeeper.decision.at", pool.decided_at.isoformat())
        if written and pool.decided_at is not None:
            done = publish.event(pool, carried_out(decision, written), pool.decided_at, "/".join(written.values()))
            told = {"poolkeeper.decision.id": str(done["metadata"]["name"])}
            span.set_attributes(told)
            self.changed[pool.key] = Link(span.get_span_context(), told)


class TracedLoop(Loop):
    """A loop whose looks are traces."""

    tracer: Tracer
    _turns: TracedTurns

    async def _look(self, pool: Pool, answers: Answers) -> None:
        whose = {"k8s.namespace.name": pool.key[0], "poolkeeper.pool": pool.key[1]}
        link = self._turns.changed.get(pool.key)
        with self.tracer.start_as_current_span("look", attributes=whose, links=[link] if link else []):
            await super()._look(pool, answers)

    async def _readings(self, pool: Pool, answers: Answers) -> tuple[Reading, ...]:
        with self.tracer.start_as_current_span("read"):
            return await super()._readings(pool, answers)
