"""The administrator's brokers: from a file, for pools to name.

```yaml
default:
  kind: redis
  url: rediss://redis.batch:6379/0      # redis:// without TLS; the path is the database's number
  username: poolkeeper
  passwordFile: /etc/poolkeeper/redis-password
  tls: {caFile: /etc/poolkeeper/redis-ca.crt}
work:
  kind: rabbitmq
  url: https://rabbit.batch:15671       # its management API
  username: poolkeeper
  passwordFile: /etc/poolkeeper/rabbit-password
```

Secrets are only ever named by file, and read again for each connection (Redis) or request (RabbitMQ): they may rotate.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, Field, TypeAdapter, model_validator
from yarl import URL

from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.servers import Settings, Tls, check_name, check_url, named

_DATABASE = re.compile(r"/?\d*")


def _check_redis(text: str) -> str:
    url = URL(text)
    if url.scheme not in ("redis", "rediss") or not url.host:
        raise ValueError("it must be a redis:// or rediss:// address")
    if url.user or url.password:
        raise ValueError("a URL is shown in logs: give username and passwordFile")
    if url.query_string or url.fragment or not _DATABASE.fullmatch(url.path):
        raise ValueError("it must end with its port, or with the database's number")
    return text.rstrip("/")


class _Broker(Settings):
    """What brokers have in common: a name in pools, and how to prove who asks."""

    name: Annotated[str, AfterValidator(check_name)]
    username: str | None = None
    password_file: Path | None = None
    tls: Tls = Tls()


class RedisBroker(_Broker):
    """A Redis, or what speaks like one (Valkey, KeyDB, Dragonfly): one address that leads to the primary."""

    kind: Literal["redis"]
    url: Annotated[str, AfterValidator(_check_redis)]

    @model_validator(mode="after")
    def _password(self) -> "RedisBroker":
        if self.username and not self.password_file:
            raise ValueError("username and passwordFile belong together")
        return self

    @property
    def is_encrypted(self) -> bool:
        """Whether it is asked over TLS."""
        return URL(self.url).scheme == "rediss"

    @property
    def place(self) -> tuple[str, int, int]:
        """Host, port, and the database's number."""
        url = URL(self.url)
        return url.host or "", url.port or 6379, int(url.path.strip("/") or 0)


class RabbitBroker(_Broker):
    """A RabbitMQ with its management plugin, which alone tells what is worked on."""

    kind: Literal["rabbitmq"]
    url: Annotated[str, AfterValidator(check_url)]

    @model_validator(mode="after")
    def _both(self) -> "RabbitBroker":
        if (self.username is None) != (self.password_file is None):
            raise ValueError("username and passwordFile belong together")
        return self


Broker = RedisBroker | RabbitBroker
Kind = TypeVar("Kind", RedisBroker, RabbitBroker)
KINDS = {"redis": RedisBroker, "rabbitmq": RabbitBroker}

_BROKER: TypeAdapter[Broker] = TypeAdapter(Annotated[Broker, Field(discriminator="kind")])


def load_brokers(path: Path | None) -> tuple[Broker, ...]:
    """Return the brokers of a file, none without one. Raises ValueError that says what is wrong."""
    try:
        return tuple(named(path, _BROKER, KINDS)) if path else ()
    except ValueError as error:
        raise ValueError(f"--brokers-file {error}") from None


def missing_files(broker: Broker) -> list[str]:
    """Return the fields that name a file which is not here, with its path."""
    files = {
        "passwordFile": broker.password_file,
        "tls.caFile": broker.tls.ca_file,
        "tls.certFile": broker.tls.cert_file,
        "tls.keyFile": broker.tls.key_file,
    }
    return [
        f"{broker.name}.{field}: {path} is not here" for field, path in files.items() if path and not path.is_file()
    ]


def check_kind(brokers: Iterable[Broker], name: str, kind: type[RedisBroker | RabbitBroker]) -> None:
    """Raise MetricError where a broker of this name is there, as another kind."""
    known = list(brokers)
    other = next((one.kind for one in known if one.name == name and not isinstance(one, kind)), None)
    if other is None:
        return
    wanted = next(word for word, one in KINDS.items() if one is kind)
    there = ", ".join(sorted(one.name for one in known if isinstance(one, kind)))
    words = f"of {wanted} there are: {there}" if there else f"no {wanted} is configured"
    raise MetricError(Reason.METRIC_UNKNOWN_SERVER, f"the broker {name!r} is a {other}; {words}")


def of_kind(brokers: tuple[Broker, ...], kind: type[Kind]) -> dict[str, Kind]:
    """Return the brokers of one kind by their names."""
    return {one.name: one for one in brokers if isinstance(one, kind)}


Known = TypeVar("Known")


def chosen(known: Mapping[str, Known], name: str, kind: str) -> Known:
    """Return what a pool names. Raises MetricError where the administrator configured no such thing."""
    if name not in known:
        there = ", ".join(sorted(known)) or "none"
        raise MetricError(Reason.METRIC_UNKNOWN_SERVER, f"no {kind} {name!r} is configured; there are: {there}")
    return known[name]
