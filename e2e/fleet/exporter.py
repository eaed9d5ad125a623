"""A stand-in exporter for what Prometheus carries: any gauge with any labels, several elements, old timestamps."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fleet.page import number

Labels = tuple[tuple[str, str], ...]


@dataclass
class Exporter:
    """Gauges by name and labels, each a value and the Unix time (seconds) to stamp it with, or None for no stamp."""

    gauges: dict[str, dict[Labels, tuple[float, float | None]]] = field(default_factory=dict)

    def set(self, name: str, value: float, labels: Mapping[str, str], at: float | None = None) -> None:
        """Serve this element from now on, beside others of its name."""
        self.gauges.setdefault(name, {})[_key(labels)] = (value, at)

    def drop(self, name: str, labels: Mapping[str, str] | None = None) -> None:
        """Serve this element no more, or none of that name; unknown ones are dropped already."""
        if labels is None:
            self.gauges.pop(name, None)
        else:
            self.gauges.get(name, {}).pop(_key(labels), None)

    def page(self) -> str:
        """The page in Prometheus' text format."""
        return "".join(_family(name, elements) for name, elements in self.gauges.items())


def _family(name: str, elements: Mapping[Labels, tuple[float, float | None]]) -> str:
    lines = (f"{name}{_braces(labels)} {number(value)}{_stamp(at)}\n" for labels, (value, at) in elements.items())
    return f"# HELP {name} Set by a test.\n# TYPE {name} gauge\n" + "".join(lines)


def _key(labels: Mapping[str, str]) -> Labels:
    return tuple(sorted(labels.items()))


def _braces(labels: Labels) -> str:
    return "{" + ",".join(f'{key}="{_escaped(value)}"' for key, value in labels) + "}" if labels else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _stamp(at: float | None) -> str:
    return "" if at is None else f" {int(at * 1000)}"
