"""What days came to, as JSON: in the ledger, and in an account's memory.

Money and hours are strings, to nine decimals and without zeros at the end. What is usual is left out: GPU-hours like
the replica-hours, list and contracted cost like the cost, and whatever is zero.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Context, Decimal
from typing import Any

from poolkeeper.core.days import ZERO, Amount, Line, Machine, Part, Savings, Use
from poolkeeper.core.prices import Place

Json = dict[str, Any]

NINE = Decimal("1e-9")
COUNTED = 6
"""To how many decimals use is stored."""

NAMED = 50
"""How many machines of a day are told by name: a month of a large pool must fit a ConfigMap."""

DIGITS = Context(prec=60)
LIKE = {"gpuHours": "replicaHours", "list": "cost", "contracted": "cost"}
"""What is left out where it is the same as another."""
LINE = {
    "replicaHours": "replica_hours",
    "gpuHours": "gpu_hours",
    "cost": "effective",
    "list": "listed",
    "contracted": "contracted",
    "unpriced": "unpriced",
    "covered": "covered",
    "spared": "spared",
    "committed": "committed",
    "uncounted": "uncounted",
}
SAVINGS = {"queue": "queue", "schedule": "schedule", "spot": "spot"}
USE = {
    "requests": "requests",
    "promptTokens": "prompt_tokens",
    "generationTokens": "generation_tokens",
    "readyHours": "ready_hours",
    "idleHours": "idle_hours",
    "prefillHours": "prefill_hours",
    "decodeHours": "decode_hours",
}
PLACE = ("provider", "region", "zone", "instance", "gpu")


def format_number(number: Decimal) -> str:
    """Return a number to nine decimals, without zeros at the end.

    >>> format_number(Decimal("2.500"))
    '2.5'
    """
    text = f"{number.quantize(NINE, context=DIGITS):f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def dump(amount: Amount) -> Json:
    """Return what a stretch of time came to, as JSON."""
    made: Json = {"tiers": {name: _line(line) for name, line in amount.lines.items()}} if amount.lines else {}
    savings, use = _savings(amount.savings), _use(amount.use)
    made |= {"savings": savings} if savings else {}
    made |= {"use": use} if use else {}
    made |= {"gap": format_number(amount.gap)} if amount.gap else {}
    return made | ({"machines": _machines(amount.machines)} if amount.machines else {})


def load(stored: Mapping[str, Any]) -> Amount:
    """Return what a stretch of time came to; what a later version adds is passed over.

    Raises:
        AttributeError, KeyError, TypeError, ValueError, ArithmeticError: it cannot be read.
    """
    savings, use = stored.get("savings", {}), stored.get("use", {})
    saved = {name: _number(savings, key) for key, name in SAVINGS.items()}
    baseline = _number(savings, "baseline") if "baseline" in savings else None
    return Amount(
        lines={name: _read_line(line) for name, line in stored.get("tiers", {}).items()},
        savings=Savings(**saved, baseline=baseline),
        use=Use(**{name: float(use.get(key, 0)) for key, name in USE.items()}),
        gap=_number(stored, "gap"),
        machines=_read_machines(stored.get("machines", ())),
    )


def dump_place(place: Place) -> Json:
    """Return a place as JSON, without what is not known of it."""
    made: Json = {key: getattr(place, key) for key in PLACE if getattr(place, key)}
    made |= {"spot": True} if place.spot else {}
    return made | ({"nodeGPUs": format_number(place.node_gpus)} if place.node_gpus else {})


def load_place(stored: Mapping[str, Any]) -> Place:
    """Return a place.

    Raises:
        AttributeError, TypeError, ArithmeticError: it cannot be read.
    """
    known = {key: str(stored.get(key, "")) for key in PLACE}
    return Place(**known, spot=bool(stored.get("spot")), node_gpus=_number(stored, "nodeGPUs"))


def _number(stored: Mapping[str, Any], key: str) -> Decimal:
    found = Decimal(stored.get(key, ZERO))
    if not found.is_finite():
        raise ValueError(f"{key} is {found}")
    return found


def _line(line: Line) -> Json:
    known = {key: format_number(getattr(line, name)) for key, name in LINE.items()}
    return {key: text for key, text in known.items() if text != known.get(LIKE.get(key, ""), "0")}


def _read_line(stored: Mapping[str, Any]) -> Line:
    known = {key: _number(stored, key if key in stored else LIKE.get(key, key)) for key in LINE}
    return Line(**{name: known[key] for key, name in LINE.items()})


def _savings(savings: Savings) -> Json:
    baseline = {} if savings.baseline is None else {"baseline": format_number(savings.baseline)}
    parts = {key: getattr(savings, name) for key, name in SAVINGS.items()}
    return baseline | {key: format_number(part) for key, part in parts.items() if part}


def _use(use: Use) -> Json:
    counts = {key: round(getattr(use, name), COUNTED) for key, name in USE.items()}
    return {key: int(count) if count == int(count) else count for key, count in counts.items() if count}


def _machines(machines: Mapping[Machine, Part]) -> list[Json]:
    """Return the machines of each tier and place: by the node's name, its GPU-hours and their cost."""
    places: defaultdict[tuple[str, Place], dict[str, Part]] = defaultdict(dict)
    for machine, part in brief(machines).items():
        places[machine.line, machine.place][machine.node] = part
    return [
        {"tier": line, "place": dump_place(place), "nodes": {node: _part(part) for node, part in nodes.items()}}
        for (line, place), nodes in places.items()
    ]


def brief(machines: Mapping[Machine, Part], most: int = NAMED) -> Mapping[Machine, Part]:
    """Return the largest machines by name, over all tiers and places, and the others without one.

    So they are together with those of the same tier and place, and the sum is what it was.
    """
    names = [machine for machine in machines if machine.node]
    if len(names) <= most:
        return machines
    largest = set(sorted(names, key=lambda one: machines[one].gpu_hours, reverse=True)[:most])
    told: dict[Machine, Part] = {}
    for machine, part in machines.items():
        known = machine if machine in largest else replace(machine, node="")
        told[known] = told.get(known, Part()) + part
    return told


def _part(part: Part) -> list[str]:
    return [format_number(part.gpu_hours), format_number(part.cost)]


def _read_machines(stored: Sequence[Mapping[str, Any]]) -> dict[Machine, Part]:
    return {
        Machine(group["tier"], load_place(group["place"]), node): Part(Decimal(hours), Decimal(cost))
        for group in stored
        for node, (hours, cost) in group["nodes"].items()
    }
