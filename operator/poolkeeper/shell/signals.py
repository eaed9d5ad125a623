"""What the cluster says of a pod's node, and of one that waits for a node: an index that two reflectors keep up.

    a node is lost         it is gone, or is not ready for 60 s, or bears a taint that says so; spot or not
    a node is reclaimed    its provider's taint, condition or event; on spot nodes alone: elsewhere they mean repair
    neither of them        cordoned, drained, consolidated, scaled down, preempted: all that is voluntary
    a pod was reclaimed    its end began lately, on a spot node that is under notice, or by a node that did not last

    a pod waits            the newest word of a provisioner on it counts, and stays until there is a newer one or the
                           API server forgets it (after an hour); the scheduler's own words only where there is none

A provisioner may post a launch and a refusal in one round, milliseconds apart, in either order and with a clock of
whole seconds: so a launch stands against the refusals of `ONE_ROUND`, never against its own failure.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from poolkeeper.api import providers, signals
from poolkeeper.api.providers import CAPACITY_KEYS, RECLAIM_EVENTS, Provider
from poolkeeper.api.signals import KINDS
from poolkeeper.core.observation import Pod, Wait
from poolkeeper.shell.list_watch import Key
from poolkeeper.shell.views import EventView, NodeView, PodView, Requirement

UNREADY = timedelta(seconds=60)
NODE_LAG = timedelta(seconds=5)
ONE_ROUND = timedelta(seconds=2)
ONCE_A_MINUTE = timedelta(minutes=1)
LATELY = timedelta(minutes=5)

_COMBINED = "(combined from similar events): "


@dataclass(frozen=True, slots=True)
class Said:
    """What a provisioner said of a pod, in its own words; `wait` is None where that is unclear."""

    wait: Wait | None
    words: str


@dataclass(frozen=True, slots=True)
class Known:
    """A node, and what it says of itself: read when it changes, as pods are looked at every second."""

    node: NodeView
    spot: bool
    words: str

    @classmethod
    def of(cls, node: NodeView) -> "Known":
        """Read a node."""
        spot = providers.is_spot(node.labels)
        reclaim = providers.reclaim(node.taints, node.conditions) if spot else ""
        return cls(node, spot, providers.loss(node.taints) or reclaim)


class Signals:
    """Reads pods by what is known of nodes and events. Reflectors call `node_changed` and `event_changed`.

    `nodes_synced` tells whether all nodes were listed: before that, none is gone. `alarms` counts the news that a node
    is going, or one on spot gone: what cannot wait for a pool's next look.
    """

    def __init__(self, nodes_synced: Callable[[], bool]) -> None:
        self._nodes_synced = nodes_synced
        self.alarms = 0
        self._nodes: dict[str, Known] = {}
        self._makers: Counter[str] = Counter()
        self._spot = 0
        self._suits: dict[tuple[tuple[Requirement, ...], ...], bool] = {}
        self._events: defaultdict[tuple[str, str], dict[Key, EventView]] = defaultdict(dict)

    def provider(self, named: str, kept: str = "") -> Provider | None:
        """Return the provider that a pool names; for `auto` the one whose nodes are there; None where none is.

        What is split stays with the provider that it was split for (`kept`, empty: not split): its nodes may all be
        gone for a while, and another's are no reason to move every replica.
        """
        stays = providers.provider(kept) if named == providers.AUTO else None
        return stays or providers.provider(named, +self._makers)

    def pod(self, view: PodView, now: datetime) -> Pod:
        """Return a pod as the core sees it, with all that is said of its node."""
        if notice := self.notice(view, now):
            return replace(view.core, notice=notice)
        said = self.said(view)
        return replace(view.core, wait=said.wait, trouble=said.words) if said else view.core

    def notice(self, pod: PodView, now: datetime) -> str:
        """Return why the pod's node is lost or about to be, in the provider's words; empty where it is not."""
        if not pod.node:
            return ""
        found = self._nodes.get(pod.node)
        if found is None:
            return f"node {pod.node} is gone" if self._is_gone(pod, now) else ""
        return found.words or _unready(found.node, now) or (self._interruption(found.node) if found.spot else "")

    def was_reclaimed(self, pod: PodView, now: datetime) -> bool:
        """Return whether a pod of a spot tier ended lately (`LATELY`, as long as a node may take) for its node's sake.

        A node that is gone may have been drained before: there, only who ended the pod tells. What a reclaim ends is
        the same as what a drain ends, by eviction, but for the notice on the node.
        """
        if pod.ended_at is None or now - pod.ended_at > LATELY or not self.notice(pod, now):
            return False
        found = self._nodes.get(pod.node)
        asked = found is not None and found.spot and pod.terminating and pod.disruption != signals.PREEMPTED
        return asked or pod.disruption in signals.ENDED_WITH_ITS_NODE

    def said(self, pod: PodView) -> Said | None:
        """Return the word that counts for a pod without a node, None where there is none."""
        if pod.node:
            return None
        told = [(_standing(event), self._read(event, pod)) for event in self._told(pod)]
        clear = [entry for entry in told if entry[1].wait]
        if told:
            return max(clear or told, key=lambda entry: entry[0])[1]
        refused = signals.scheduler_found_no_match(pod.trouble)
        return Said(Wait.MISCONFIGURED, pod.trouble) if refused and self._can_blame_labels(pod) else None

    def node_changed(self, _key: Key, old: NodeView | None, new: NodeView | None) -> None:
        """Take in news of a node."""
        before, known = self._nodes.pop(old.name) if old else None, Known.of(new) if new else None
        if before is not None:
            self._count(before, -1)
        if known is not None:
            self._nodes[known.node.name] = known
            self._count(known, 1)
        self.alarms += _is_alarming(before, known)
        if old is None or new is None or old.labels != new.labels:
            self._suits.clear()

    def event_changed(self, key: Key, old: EventView | None, new: EventView | None) -> None:
        """Take in news of an event."""
        if old is not None:
            place = _place(old)
            self._events[place].pop(key, None)
            if not self._events[place]:
                del self._events[place]
        if new is not None:
            self._events[_place(new)][key] = new
            self.alarms += new.reason in RECLAIM_EVENTS

    def _count(self, known: Known, step: int) -> None:
        self._spot += step * known.spot
        for maker in providers.makers(known.node.labels):
            self._makers[maker] += step

    def _is_gone(self, pod: PodView, now: datetime) -> bool:
        """Tell a node that went from one whose news comes later than that of the pod on it."""
        return self._nodes_synced() and now - (pod.scheduled_at or pod.created_at) >= NODE_LAG

    def _interruption(self, node: NodeView) -> str:
        for place, uid in ((("Node", node.name), node.uid), (("NodeClaim", node.node_claim), node.node_claim_uid)):
            for event in self._events.get(place, {}).values():
                if event.reason in RECLAIM_EVENTS and _concerns(event, uid, node.created_at):
                    return f"{event.reason}: {event.message}"
        return ""

    def _told(self, pod: PodView) -> Iterator[EventView]:
        """Yield what was said of a pod, and of the NodeClaims that it was to have a node of."""
        for event in self._events.get(("Pod", pod.uid), {}).values():
            if event.reason in KINDS:
                yield event
            if event.reason == "Nominated":
                yield from self._failures(signals.claim(event.message))

    def _failures(self, claim: str) -> Iterable[EventView]:
        told = self._events.get(("NodeClaim", claim), {}).values()
        return (event for event in told if event.reason == "InsufficientCapacityError")

    def _read(self, event: EventView, pod: PodView) -> Said:
        wait = signals.wait(event.reason, event.message)
        if event.reason == "FailedScheduling" and self._was_a_pool_empty(event.at):
            wait = wait if wait is Wait.MISCONFIGURED and self._can_blame_labels(pod) else Wait.STOCK_OUT
        elif event.reason == "NotTriggerScaleUp" and wait is Wait.MISCONFIGURED and not self._can_blame_labels(pod):
            wait = None
        return Said(wait, f"{event.reason}: {event.message.removeprefix(_COMBINED)}")

    def _was_a_pool_empty(self, refused: datetime) -> bool:
        """Tell whether a NodePool had nothing left at a refusal: Karpenter leaves it out there, and says so apart.

        It says so at the refusal, but no more than once a minute.
        """
        told = self._events.get(("NodePool", ""), {}).values()
        return any(event.since - ONE_ROUND <= refused <= event.at + ONCE_A_MINUTE for event in told)

    def _can_blame_labels(self, pod: PodView) -> bool:
        """Tell a wrong selector from a want of spot nodes, where only "no match" is said: some are there, none suits.

        Nodes of any capacity type are looked at: one that would suit but for that shows that the rest is right.
        """
        if not self._spot:
            return False
        if pod.alternatives not in self._suits:
            nodes = (known.node for known in self._nodes.values())
            self._suits[pod.alternatives] = any(pod.fits(node.labels, CAPACITY_KEYS) for node in nodes)
        return not self._suits[pod.alternatives]


def _is_alarming(before: Known | None, now: Known | None) -> bool:
    """Tell the news that a node is going, or one on spot is gone, from all that changes on nodes day in, day out."""
    if before is not None and before.words:
        return False
    return bool(now.words) if now else before is not None and before.spot


def _place(event: EventView) -> tuple[str, str]:
    """Return where an event is kept: pods by UID, as names come back; NodePools together, as nobody asks for one."""
    match event.kind:
        case "Pod":
            return "Pod", event.uid
        case "NodePool":
            return "NodePool", ""
        case kind:
            return kind, event.name


def _standing(event: EventView) -> tuple[datetime, bool]:
    """Return what the event with the last word has most of."""
    kind = KINDS[event.reason]
    return event.at + (timedelta() if kind is signals.Kind.REFUSAL else ONE_ROUND), kind is signals.Kind.FAILURE


def _concerns(event: EventView, uid: str, since: datetime) -> bool:
    """Tell an event of this very object from one of an earlier object of its name.

    Node agents give a node's name for its UID; whoever does, must have spoken since this one was made.
    """
    return event.uid == uid if event.uid not in {"", event.name} else event.at >= since


def _unready(node: NodeView, now: datetime) -> str:
    if node.unready_since is None or now - node.unready_since < UNREADY:
        return ""
    return f"node {node.name} is not ready since {node.unready_since:%Y-%m-%dT%H:%M:%SZ}"
