"""Whether looks are to be traced: asked by the standard variables of OpenTelemetry, OTEL_*, and off without them.

Nothing of OpenTelemetry is imported to find that out; traces.py is imported where it is wanted, and nowhere else.
"""

from collections.abc import Mapping
from importlib.util import find_spec

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
SPOKEN = "http/protobuf"


def is_wanted(environment: Mapping[str, str]) -> bool:
    """Return whether somebody has asked for traces: with an exporter, or with a place to send them to.

    Raises:
        ValueError: they cannot be had as they are asked for; the words are for people.
    """
    exporter = environment.get("OTEL_TRACES_EXPORTER", "").strip()
    if environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true" or exporter == "none":
        return False
    if not (exporter or any(environment.get(name) for name in ENDPOINTS)):
        return False
    if exporter not in {"", "otlp"}:
        raise ValueError(f"OTEL_TRACES_EXPORTER is {exporter}: only otlp is known here, or none")
    _demand_protocol(environment)
    if find_spec("opentelemetry") is None or find_spec("opentelemetry.exporter") is None:
        raise ValueError("traces are asked for by OTEL_*: they want pip install 'poolkeeper[otel]'")
    return True


def _demand_protocol(environment: Mapping[str, str]) -> None:
    name = next((one for one in PROTOCOLS if environment.get(one)), "")
    if name and environment[name] != SPOKEN:
        raise ValueError(f"{name} is {environment[name]}: only {SPOKEN} is spoken here")
