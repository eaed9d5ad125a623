"""A KEDA trigger -> what it measures, or why that cannot be read.

Source: keda.sh/docs/2.20/scalers, and `pkg/scalers` there. Where `metricType` is not given it is AverageValue.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from poolkeeper.cli.migration import addresses
from poolkeeper.cli.migration.matchers import Home
from poolkeeper.cli.migration.outcome import Json, Note, carried, differs, left
from poolkeeper.cli.migration.places import Places
from poolkeeper.cli.migration.signals import PODS, POOL, REPLICA, Signal, counts, is_summed_of, waits

VALID = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
CRON = "cron"
RESOURCES = ("cpu", "memory")
REDIS = ("redis", "redis-cluster", "redis-sentinel")
STREAMS = tuple(f"{kind}-streams" for kind in REDIS)
DEFAULT_LENGTH, DEFAULT_RABBIT = "5", "20"
QUEUE_LENGTH = "QueueLength"
ADDRESSES = ("serverAddress", "address", "addresses", "host", "hosts")


class Trigger(NamedTuple):
    """A trigger: its place in the original, its type, its metadata, its name and the kind of its target.

    `secret`: it has one; `home` is the workload that it scales.
    """

    field: str
    type: str
    metadata: Json
    name: str
    per: str = REPLICA
    secret: bool = False
    home: Home = Home("", "")


class Reading(NamedTuple):
    """What is measured, None where it cannot be, and notes."""

    signal: Signal | None
    notes: tuple[Note, ...] = ()


def triggers(body: Json) -> list[Trigger]:
    """Return the triggers of a ScaledObject, each with a name of its own."""
    spec = body["spec"]
    home = Home(str(body["metadata"].get("namespace") or ""), str(spec["scaleTargetRef"]["name"]))
    found: list[Trigger] = []
    for place, one in enumerate(spec.get("triggers") or ()):
        name = one.get("name") or one["type"]
        name = name if VALID.fullmatch(name) else one["type"]
        name = name if name not in {other.name for other in found} else f"{name}-{place}"
        per = POOL if one.get("metricType") == "Value" else REPLICA
        secret = bool(one.get("authenticationRef"))
        found.append(
            Trigger(f"triggers[{place}] {one['type']}", one["type"], one.get("metadata") or {}, name, per, secret, home)
        )
    return found


def read(trigger: Trigger, places: Places) -> Reading:
    """Return what a trigger measures; one of the clock measures nothing."""
    if trigger.type in READERS:
        return READERS[trigger.type](trigger, places)
    return Reading(None, (left(trigger.field, advice(trigger.type)),))


def advice(kind: str) -> str:
    """Return what to do instead of a trigger that nothing here reads."""
    if kind in RESOURCES:
        return f"{kind} says nothing of a GPU's queue: the pods' own pages are read instead (source pods)"
    if kind.startswith("external"):
        return (
            "its gRPC server is not asked. While this ScaledObject is there, paused, KEDA goes on serving the number "
            "as an external metric: source externalMetric reads it (docs/how-to/scale-by-external-metrics.md)"
        )
    return (
        f"nothing here reads {kind}: have it exported to a Prometheus, or leave the ScaledObject paused and read the "
        "external metric that KEDA goes on serving (docs/how-to/scale-by-external-metrics.md)"
    )


def query(trigger: Trigger) -> str:
    """Return a trigger's query."""
    return str(trigger.metadata.get("query") or "").strip()


def asked(trigger: Trigger) -> list[tuple[str, str]]:
    """Return the server that a trigger names and a pool will name too, as kind and address."""
    data = trigger.metadata
    if trigger.type == "prometheus":
        return [] if is_told_by_pods(trigger) else [("prometheus", addresses.prometheus(data))]
    if trigger.type in (*REDIS, *STREAMS):
        return [("redis", addresses.redis(data, trigger.type, trigger.field))]
    return [("rabbitmq", addresses.rabbit(data).address)] if trigger.type == "rabbitmq" else []


def is_told_by_pods(trigger: Trigger) -> bool:
    """Return whether a query is about the queue of this workload's engines."""
    asks = query(trigger)
    return waits(counts(asks)) and trigger.per == REPLICA and is_summed_of(asks, trigger.home)


def prometheus(trigger: Trigger, known: Places) -> Reading:
    """Return a query; the queue of an engine is read from the pods themselves."""
    data = trigger.metadata
    target = number(trigger, "threshold")
    metric = counts(query(trigger))
    notes = guarded(trigger, data)
    if is_told_by_pods(trigger):
        words = (
            f"{metric} is the engines' own queue, so the pods are asked for it every second (source pods); through "
            "Prometheus it is as old as its scrape. What runs is known then too, and is looked at before a shrink"
        )
        signal = Signal(trigger.field, "pods", PODS, target, trigger.per)
        return Reading(signal, (differs(f"{trigger.field} query", words), *notes))
    server = known[asked(trigger)[0]]
    source = {"prometheus": {"server": server, "query": query(trigger)}}
    words = f"the same query, at the server that the operator knows as {server}"
    if waits(metric) and not is_summed_of(query(trigger), trigger.home):
        words += f"; its labels may name others than {trigger.home.workload}, so its pods are not asked instead"
    return Reading(
        Signal(trigger.field, trigger.name, source, target, trigger.per),
        (carried(f"{trigger.field} query", words), *notes),
    )


def guarded(trigger: Trigger, data: Json) -> tuple[Note, ...]:
    """Return notes on what a missing answer means, on thresholds from zero, and on secrets."""
    notes = []
    if str(data.get("ignoreNullValues", "true")).lower() == "true":
        words = "no answer counted as 0 and took the workload to its minimum; here nothing shrinks without an answer"
        notes.append(differs(f"{trigger.field} ignoreNullValues", words))
    if data.get("activationThreshold"):
        words = f"{data['activationThreshold']} woke it from zero; here one waiting request does"
        notes.append(left(f"{trigger.field} activationThreshold", words))
    return (*notes, *secrets(trigger))


def secrets(trigger: Trigger) -> tuple[Note, ...]:
    """Return notes where a trigger has secrets: the administrator's files hold those."""
    words = "secrets belong to the operator's own files, --prometheus-file and --brokers-file, not to a pool"
    names = ["authenticationRef"] if trigger.secret else []
    names += [name for name in ADDRESSES if addresses.withholds(str(trigger.metadata.get(name) or ""))]
    return tuple(left(f"{trigger.field} {name}", words) for name in names)


def redis_list(trigger: Trigger, known: Places) -> Reading:
    """Return a list's length."""
    server, data = known[asked(trigger)[0]], trigger.metadata
    source = {"redis": {"server": server, "list": data.get("listName", "")}}
    signal = Signal(trigger.field, trigger.name, source, number(trigger, "listLength", DEFAULT_LENGTH), trigger.per)
    return Reading(
        signal, (carried(f"{trigger.field} listName", of_broker(server)), *cluster(trigger), *secrets(trigger))
    )


def redis_stream(trigger: Trigger, known: Places) -> Reading:
    """Return a consumer group's lag and pending entries."""
    data, field = trigger.metadata, trigger.field
    if not data.get("consumerGroup"):
        return Reading(None, (left(f"{field} streamLength", "a stream's length never falls: name its consumerGroup"),))
    server = known[asked(trigger)[0]]
    source = {"redis": {"server": server, "stream": data.get("stream", ""), "group": data["consumerGroup"]}}
    counted = "lagCount" if data.get("lagCount") else "pendingEntriesCount"
    other = "pending entries" if counted == "lagCount" else "entries not given out yet"
    words = f"{counted} alone counted; here {other} count too: both are work that is left"
    signal = Signal(field, trigger.name, source, number(trigger, counted, DEFAULT_LENGTH), trigger.per)
    notes = (carried(f"{field} stream", of_broker(server)), differs(f"{field} {counted}", words))
    return Reading(signal, (*notes, *cluster(trigger), *secrets(trigger)))


def cluster(trigger: Trigger) -> tuple[Note, ...]:
    """Return a note where there are several servers: which of them has a key is not asked."""
    if "cluster" not in trigger.type and "sentinel" not in trigger.type:
        return ()
    words = "clusters and Sentinel are not followed: give the operator one address that leads to the primary"
    return (left(f"{trigger.field} addresses", words),)


def rabbit(trigger: Trigger, known: Places) -> Reading:
    """Return a queue's length."""
    data, field = trigger.metadata, trigger.field
    mode = data.get("mode") or QUEUE_LENGTH
    if mode != QUEUE_LENGTH:
        words = "only a queue's length is read here: with the rate of one consumer, length over rate says the same"
        return Reading(None, (left(f"{field} mode: {mode}", words),))
    server = known[asked(trigger)[0]]
    known_vhost = addresses.rabbit(data).vhost
    vhost = {"vhost": known_vhost} if known_vhost else {}
    source = {"rabbitMq": {"server": server, "queue": data.get("queueName", ""), **vhost}}
    target = number(trigger, "value", str(data.get("queueLength") or DEFAULT_RABBIT))
    words = f"{of_broker(server)}; by its management API, never by AMQP, and messages not acknowledged yet count"
    return Reading(
        Signal(field, trigger.name, source, target, trigger.per),
        (differs(f"{field} queueName", words), *vhost_unknown(trigger), *secrets(trigger)),
    )


def vhost_unknown(trigger: Trigger) -> tuple[Note, ...]:
    """Return a note where the vhost may be in an address that is not here."""
    if trigger.metadata.get("host") or trigger.metadata.get("vhostName"):
        return ()
    words = "its address is elsewhere, and the vhost in it: unless that is /, write it into the source as vhost"
    return (left(f"{trigger.field} host", words),)


def of_broker(server: str) -> str:
    """Return where a broker's address went."""
    return f"the same, at the broker that the operator knows as {server} (--brokers-file)"


def number(trigger: Trigger, name: str, default: str = "") -> Decimal:
    """Return a target.

    Raises:
        ValueError: it is none; the words name its field.
    """
    text = str(trigger.metadata.get(name) or default)
    try:
        found = Decimal(text)
    except InvalidOperation:
        found = Decimal("NaN")
    if not (found.is_finite() and found > 0):
        raise ValueError(f"{trigger.field} {name}: {text!r} must be a number over 0")
    return found


READERS: Mapping[str, Callable[[Trigger, Places], Reading]] = {
    "prometheus": prometheus,
    **dict.fromkeys(REDIS, redis_list),
    **dict.fromkeys(STREAMS, redis_stream),
    "rabbitmq": rabbit,
}
"""Who reads which type of trigger."""
