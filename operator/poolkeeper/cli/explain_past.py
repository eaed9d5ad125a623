"""Where `poolkeeper explain --at` has a pool's past from: the journal's ConfigMaps; the lease tells until when."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from poolkeeper.api import journal, names
from poolkeeper.api.journal import Pages
from poolkeeper.api.journal_told import Past, Stretch, past
from poolkeeper.api.names import shown
from poolkeeper.api.units import parse_instant
from poolkeeper.cli.connection import operator_namespace, stored
from poolkeeper.shell.journal_store import Headed
from poolkeeper.shell.kube import ONLY_METADATA_LIST, KubeClient
from poolkeeper.shell.kube_errors import Forbidden, KubeError, NotFound

Json = dict[str, Any]


class NoJournalError(Exception):
    """There is nothing that could tell of the past; the words say what would be right."""


@dataclass(frozen=True, slots=True)
class Known:
    """A pool's past as far as it is known. `looked_until` is when the operator last looked, None: nobody can tell.

    `spec` is the pool's own now, None where it is gone; `problems` are what of the journal cannot be read.
    `earlier` are pools that had the name before, oldest first; each of these is `replaced`.
    """

    namespace: str
    name: str
    now: datetime
    home: str
    past: Past
    spec: Json | None = None
    looked_until: datetime | None = None
    problems: tuple[str, ...] = ()
    replaced: bool = False
    earlier: tuple["Known", ...] = ()

    @property
    def all(self) -> tuple["Known", ...]:
        """All pools of the name, oldest first."""
        return (*self.earlier, self)

    def of(self, moment: datetime) -> "Known":
        """Return what is known of the pool that had the name at a moment, or had it last before; else of the first."""
        begun = [one for one in self.all if one.past.stretches and one.past.stretches[0].since <= moment]
        return begun[-1] if begun else self.all[0]


async def gather(kube: KubeClient, place: tuple[str | None, str], operator: str | None) -> Known:
    """Return the past of a pool, and of those that had its name before.

    Raises:
        NoJournalError: there is none, or it may not be read.
    """
    namespace, name = place[0] or kube.access.namespace, place[1]
    home = await operator_namespace(kube, operator)
    try:
        body: Json | None = await stored(kube, namespace, name)
    except NotFound:
        body = None
    found = await _all_chunks(kube, home, (namespace, name), body)
    if not found:
        raise NoJournalError(nothing(namespace, name, home, is_there=body is not None))
    living = body["metadata"]["uid"] if body else found[-1][0]
    spec, looked_until = body["spec"] if body else None, await _looked_until(kube, home)
    nobody = Known(namespace, name, kube.clock.now(), home, Past(), spec=spec, looked_until=looked_until)
    pools = [_told(nobody, chunks, replaced=uid != living) for uid, chunks in found]
    return replace(pools[-1], earlier=tuple(pools[:-1]))


def _told(known: Known, chunks: list[Pages], *, replaced: bool) -> Known:
    """Return what is known of one pool of a name, by its chunks."""
    return replace(
        known,
        past=past(journal.in_order(chunks)),
        spec=None if replaced else known.spec,
        problems=tuple(problem for one in chunks for problem in one.problems),
        replaced=replaced,
    )


def nothing(namespace: str, name: str, home: str, *, is_there: bool) -> str:
    """Return what to say where there is no journal."""
    if not is_there:
        return f"there is no {shown(name)} in {namespace}, and no journal in {home} of one that was; is -n right?"
    return (
        f"there is no journal of {shown(name)} in {home}: the operator has run for less than a minute, is elsewhere "
        "(--operator-namespace), or runs with --journal-size 0"
    )


async def _all_chunks(
    kube: KubeClient, home: str, place: tuple[str, str], body: Json | None
) -> list[tuple[str, list[Pages]]]:
    """Return the chunks of all pools of a name that have some, by the pools' UIDs; the one that is there comes last."""
    path = f"/api/v1/namespaces/{home}/configmaps"
    try:
        uids = [one for one in await _uids(kube, path, place) if not body or one != body["metadata"]["uid"]]
        uids += [body["metadata"]["uid"]] if body else []
        found = [(uid, await _chunks(kube, path, uid)) for uid in uids]
    except Forbidden as error:
        words = f"{error}; whoever asks must be allowed to list ConfigMaps in {home}: the ClusterRole view is enough"
        raise NoJournalError(words) from error
    return [(uid, chunks) for uid, chunks in found if chunks]


async def _chunks(kube: KubeClient, path: str, uid: str) -> list[Pages]:
    """Return the chunks of a pool, oldest first."""
    selector = {"labelSelector": f"{journal.SELECTOR},{names.POOL_UID_LABEL}={uid}"}
    found = await kube.list(path, item=dict, params=selector)
    return [journal.pages(one) for one in sorted(found, key=lambda one: str(one["metadata"]["name"]))]


async def _uids(kube: KubeClient, path: str, place: tuple[str, str]) -> list[str]:
    """Return the UIDs of all pools of a name that have a journal, in the order of their last records."""
    params = {"labelSelector": journal.SELECTOR}
    headings = [
        one.metadata
        async for page in kube.pages(path, item=Headed, params=params, accept=ONLY_METADATA_LIST)
        for one in page.items or ()
    ]
    mine = [one for one in headings if one.annotations.get(names.JOURNAL_OF) == "/".join(place)]
    until: dict[str, datetime] = {}
    for one in mine:
        until[one.uid] = max(one.until, until.get(one.uid, one.until))
    return sorted(until, key=lambda uid: until[uid])


async def _looked_until(kube: KubeClient, home: str) -> datetime | None:
    """Return when the leader last renewed its lease, None where nobody may know."""
    try:
        lease = await kube.get(
            f"/apis/coordination.k8s.io/v1/namespaces/{home}/leases/{names.LEASE}", into=dict[str, Any]
        )
        return parse_instant(lease["spec"]["renewTime"])
    except (KubeError, KeyError, TypeError, ValueError):
        return None


def audit_query(known: Known) -> str:
    """Return how to ask the API server's audit log who it was."""
    resource = f'.objectRef.resource=="{names.PLURAL}"'
    return (
        f'jq \'select({resource} and .objectRef.namespace=="{known.namespace}" and '
        f'.objectRef.name=="{known.name}" and .verb!="get") | [.requestReceivedTimestamp, .user.username, .verb]\''
    )


def timezones(known: Known) -> Iterable[str]:
    """Yield the zones that a pool's own clock may be of, the likeliest first."""
    newest = known.past.stretches[-1].said.spec if known.past.stretches else {}
    for spec in filter(None, (known.spec, newest)):
        for part in ("schedule", "cost"):
            zone = (spec.get(part) or {}).get("timezone")
            if zone:
                yield str(zone)


def neighbour(known: Known, found: Stretch | None, step: int) -> Stretch | None:
    """Return the decision before or after another one, None where there is none."""
    place = known.past.stretches.index(found) + step if found else -1
    return known.past.stretches[place] if 0 <= place < len(known.past.stretches) else None
