"""Where `poolkeeper cost` has its days from: the ledger's ConfigMaps, in a cluster or in files, and pools' open days.

The ledger has a day that is not over once an hour. What came after that is metered here from the account in the pool's
status, with the operator's own meter, as of now.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import typer
import yaml

from poolkeeper.api import ledger
from poolkeeper.api.account import load
from poolkeeper.api.allocation import newest
from poolkeeper.api.ledger import Entry
from poolkeeper.api.names import API_VERSION, PLURAL
from poolkeeper.cli.connection import operator_namespace
from poolkeeper.cli.prices_shown import Shelf, from_configmap
from poolkeeper.cli.schedule import refuse
from poolkeeper.core.account import settled
from poolkeeper.core.prices import Book
from poolkeeper.core.rates import tariff_of
from poolkeeper.shell.clock import Clock
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.pools import Pools
from poolkeeper.shell.settings import LEDGER_LABELS, PRICE_BOOK

Json = dict[str, Any]

CLUSTER = "default"
SUFFIXES = (".yaml", ".yml", ".json")
OPTION = "--from-file"


@dataclass(frozen=True, slots=True)
class Known:
    """The days that are known, when that was looked at, and the cluster's pools, by namespace and name."""

    entries: Sequence[Entry]
    now: datetime
    pools: frozenset[tuple[str, str]] = frozenset()


def from_files(place: Path) -> Known:
    """Return the days of ConfigMaps that were saved; say what is wrong with them and leave with 2."""
    return Known(newest(read(document for file in files(place) for document in documents(file))), now_here())


def now_here() -> datetime:
    """Return the time of this machine: without a cluster there is no other."""
    return Clock.of_this_machine().now()


def files(place: Path) -> list[Path]:
    """Return a file, or the files of a directory."""
    if not place.is_dir():
        return [place]
    found = sorted(file for file in place.iterdir() if file.suffix in SUFFIXES)
    if not found:
        raise typer.BadParameter(f"{place} holds no file that ends in {', '.join(SUFFIXES)}", param_hint=OPTION)
    return found


def documents(file: Path) -> Iterator[Json]:
    """Yield the objects of a YAML or JSON file, those of lists one by one."""
    try:
        found = list(yaml.load_all(file.read_text(encoding="utf-8"), yaml.CSafeLoader))
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}", param_hint=OPTION) from error
    except (ValueError, yaml.YAMLError) as error:
        raise typer.BadParameter(f"{file}: {error}", param_hint=OPTION) from error
    for one in found:
        items = one.get("items", [one]) if isinstance(one, dict) else []
        yield from (item for item in items if isinstance(item, dict))


def read(configmaps: Iterable[Json]) -> list[Entry]:
    """Return the days of the ledger's ConfigMaps among others; say what is wrong with them and leave with 2."""
    found: list[Entry] = []
    problems: list[str] = []
    for one in configmaps:
        if ledger.month_in(str((one.get("metadata") or {}).get("name"))) is None:
            continue
        try:
            found += ledger.entries(one)
        except ValueError as error:
            problems.append(str(error))
    if problems:
        refuse(problems)
    return found


async def from_cluster(kube: KubeClient, operator: str | None, price_book: str = PRICE_BOOK) -> Known:
    """Return the days of the cluster's ledger, with those that are not over as of now."""
    home = await operator_namespace(kube, operator)
    selector = {"labelSelector": ledger.SELECTOR}
    stored = read(await kube.list(f"/api/v1/namespaces/{home}/configmaps", item=dict, params=selector))
    pools = await kube.list(f"/apis/{API_VERSION}/{PLURAL}", item=dict)
    book = await from_configmap(kube, Shelf(None, home, price_book)) if pools else Book()
    now = kube.clock.now()
    opened = [entry for pool in pools for entry in unfiled(pool, stored, book, now)]
    return Known(newest(stored, opened), now, frozenset(map(named, pools)))


def named(body: Json) -> tuple[str, str]:
    """Return a pool's namespace and name."""
    return body["metadata"]["namespace"], body["metadata"]["name"]


def unfiled(body: Json, stored: Sequence[Entry], book: Book, now: datetime) -> list[Entry]:
    """Return the days of a pool that its account still keeps, metered until now."""
    pool = Pools().take(body)
    account = load(((body.get("status") or {}).get("memory") or {}).get("account"), now)
    if pool.core is None or account.meter.at is None:
        return []
    metered = replace(account, meter=replace(account.meter, tariff=tariff_of(pool.core, book)))
    cost, (namespace, name) = pool.core.cost, pool.key
    labels = (body["metadata"].get("labels") or {}).items()
    kept = labels_kept(stored)
    return [
        Entry(
            cluster=cluster_of(stored),
            namespace=namespace,
            name=name,
            uid=pool.uid,
            currency=account.currency or cost.currency,
            timezone=cost.timezone,
            labels={key: value for key, value in labels if key in kept},
            day=day,
        )
        for day in settled(metered, now)
    ]


def labels_kept(stored: Iterable[Entry]) -> frozenset[str]:
    """Return the labels that the ledger goes by, as far as it shows."""
    return frozenset(LEDGER_LABELS) | {key for entry in stored for key in entry.labels}


def cluster_of(stored: Sequence[Entry]) -> str:
    """Return what the ledger calls its cluster."""
    return max(stored, key=lambda entry: entry.day.on).cluster if stored else CLUSTER
