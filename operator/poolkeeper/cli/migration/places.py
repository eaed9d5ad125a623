"""The addresses in other scalers' objects -> the names that a pool may say: a pool holds no address."""

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

Places = Mapping[tuple[str, str], str]
"""Names by kind of server (prometheus, redis, rabbitmq) and address."""

DEFAULT = "default"
UNKNOWN = ""
"""The address of who gives none: it is in an environment variable, or in a TriggerAuthentication."""


def named(found: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Return a name for each address: the only one of its kind is the default, others are called by their host.

    Redis and RabbitMQ share their names, as the operator's file of brokers has them.
    """
    each = list(dict.fromkeys(found))
    alone = {one for one in each if sum(family(other) == family(one) for other in each) == 1}
    names: dict[tuple[str, str], str] = {}
    for one in each:
        names[one] = DEFAULT if one in alone else unused(host(one), (family(one), names))
    return names


def family(place: tuple[str, str]) -> str:
    """Return among which servers a name must be the only one."""
    return "prometheus" if place[0] == "prometheus" else "broker"


def host(place: tuple[str, str]) -> str:
    """Return what an address is called: the first part of its host's name, else what kind of server it is."""
    kind, address = place
    found = urlsplit(address if "//" in address else f"//{address}").hostname or ""
    first = found.partition(".")[0].lower()
    return first if first.replace("-", "").isalpha() else kind


def unused(name: str, taken: tuple[str, Mapping[tuple[str, str], str]]) -> str:
    """Return a name, with a number where it is taken in this family."""
    kind, names = taken
    others = {given for place, given in names.items() if family(place) == kind}
    number = 1
    while (tried := name if number == 1 else f"{name}-{number}") in others:
        number += 1
    return tried
