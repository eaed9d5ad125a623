"""Where a pod's metrics may be: ports and paths, in the order in which they are tried."""

from collections.abc import Mapping
from typing import NamedTuple

from poolkeeper.core.model import PodsSource
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.queues.engines import BY_NAME, ENGINES, Engine

AUTO = "auto"
_DEFAULT_PORT = PodsSource().port
_METRICS_PORT = "metrics"


class Endpoint(NamedTuple):
    """A port and a path of a pod."""

    port: int
    path: str


def engine_of(source: PodsSource) -> Engine | None:
    """Return the engine that the source names, None for `auto`; METRIC_UNKNOWN_ENGINE if there is no such engine."""
    if source.engine == AUTO:
        return None
    if source.engine not in BY_NAME:
        known = ", ".join([AUTO, *BY_NAME])
        raise MetricError(Reason.METRIC_UNKNOWN_ENGINE, f"{source.engine!r} is none of {known}")
    return BY_NAME[source.engine]


def endpoints(source: PodsSource, declared: Mapping[str, int]) -> list[Endpoint]:
    """Return where to look on a pod whose containers declare these ports, best first; never empty.

    `declared` maps a port's name to its number. A port that has no name may stand under any key of its own.
    """
    engine = engine_of(source)
    engines = (engine,) if engine else ENGINES
    paths = dict.fromkeys(one.path for one in engines)
    return [Endpoint(port, path) for port in _ports(source, engines, declared) for path in paths]


def _ports(source: PodsSource, engines: tuple[Engine, ...], declared: Mapping[str, int]) -> list[int]:
    if isinstance(source.port, int):
        return [source.port]
    if source.port != _DEFAULT_PORT:
        return [_named(source.port, declared)]
    usual = dict.fromkeys(engine.port for engine in engines)
    named = [declared[name] for name in (source.port, _METRICS_PORT) if name in declared]
    likely = list(dict.fromkeys([*named, *(port for port in usual if port in declared.values())]))
    return likely or (list(declared.values()) if len(declared) == 1 else list(usual))


def _named(name: str, declared: Mapping[str, int]) -> int:
    if name not in declared:
        known = ", ".join(sorted(declared)) or "none"
        raise MetricError(Reason.METRIC_REFUSED, f"the pod has no port named {name!r}; its ports are: {known}")
    return declared[name]
