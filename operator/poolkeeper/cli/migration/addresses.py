"""The servers in triggers -> addresses that may be shown, and where in such a server the queue is.

An address may hold a user and a password. Whatever stands before its last @ is dropped, unread, and a query with it:
even one that is not written as it should be shows nothing.

Source: `pkg/scalers/redis_scaler.go` and `rabbitmq_scaler.go` of KEDA 2.20.
"""

import re
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import unquote

from poolkeeper.cli.migration.fields import whole
from poolkeeper.cli.migration.outcome import Json
from poolkeeper.cli.migration.places import UNKNOWN

SCHEME = re.compile(r"\w+://")
VARIABLE = "$"
PORT = re.compile(r":\d*$")
MANAGEMENT = {"amqp": ("http", 15672), "amqps": ("https", 15671)}
"""The scheme and port of RabbitMQ's management API where its AMQP is told, as it has them unless configured."""


class Rabbit(NamedTuple):
    """A RabbitMQ: the address of its management API, and the vhost, empty where nobody says."""

    address: str
    vhost: str


def bare(address: str) -> str:
    """Return an address without credentials and query."""
    scheme = SCHEME.match(address)
    start = scheme[0] if scheme else ""
    return f"{start}{re.split('[?#]', address.removeprefix(start).rpartition('@')[2])[0]}"


def withholds(address: str) -> bool:
    """Return whether an address holds what may not be shown."""
    return bare(address) != address


def prometheus(data: Json) -> str:
    """Return the address of a Prometheus."""
    return bare(str(data.get("serverAddress") or UNKNOWN))


def redis(data: Json, kind: str, path: str) -> str:
    """Return the address of a Redis, with the number of its database unless that is the first.

    Raises:
        ValueError: that is none; the words begin with `path`.
    """
    index = 0 if "cluster" in kind else whole(data, "databaseIndex", f"{path} databaseIndex", 0)
    address = bare(redis_host(data))
    if address and str(data.get("enableTLS", "")).lower() == "true":
        address = f"rediss://{address.rpartition('//')[2]}"
    return f"{address}/{index}" if index else address


def redis_host(data: Json) -> str:
    """Return the address of a Redis, as it is written."""
    given = data.get("address") or data.get("addresses")
    if given:
        return str(given)
    found, port = data.get("host") or data.get("hosts"), data.get("port")
    return f"{found}:{port}" if found and port else str(found or variable(data, ("address", "host")))


def variable(data: Json, names: Iterable[str]) -> str:
    """Return `$NAME` of the environment variable that has the address of one of these fields."""
    found = next((data[f"{name}FromEnv"] for name in names if data.get(f"{name}FromEnv")), None)
    return f"{VARIABLE}{found}" if found else UNKNOWN


def rabbit(data: Json) -> Rabbit:
    """Return where a RabbitMQ's management API is, and the vhost: the one that is named, else the address's."""
    scheme, mark, rest = bare(str(data.get("host") or variable(data, ("host",)))).partition("://")
    named = str(data.get("vhostName") or "")
    if not mark:
        return Rabbit(scheme, named)
    host, _, path = rest.partition("/")
    if scheme in MANAGEMENT:
        safe, port = MANAGEMENT[scheme]
        return Rabbit(f"{safe}://{PORT.sub('', host)}:{port}", named or unquote(path))
    prefix, _, last = path.rpartition("/")
    return Rabbit(f"{scheme}://{host}/{prefix}".rstrip("/"), named or unquote(last))
