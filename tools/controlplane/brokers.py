"""A real Redis and a real RabbitMQ beside a control plane, from Debian's packages; what they hold survives a kill."""

import os
import re
import signal
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from controlplane.assets import cache
from controlplane.debian import unpack_whole
from controlplane.network import free_ports
from controlplane.programs import Programs
from controlplane.readiness import wait_for, wait_until_ready

PASSWORD = "of-the-administrator"  # noqa: S105  of servers that live for one test
READER, READERS = "poolkeeper", "of-the-operator"
"""Who may look at queues and nothing else, and the password."""

REDIS = ("redis-server", "redis-tools", "libjemalloc2", "liblzf1")
ERLANG = ("base", "crypto", "asn1", "eldap", "ftp", "inets", "mnesia", "os-mon", "parsetools", "public-key")
MORE_ERLANG = ("runtime-tools", "snmp", "ssl", "syntax-tools", "tftp", "tools", "xmerl")
RABBIT = ("rabbitmq-server", *(f"erlang-{part}" for part in ERLANG + MORE_ERLANG))

_ALLOWED = "+llen +xinfo|stream +xinfo|groups +xrange +select"
_ERLANG_HOME = "usr/lib/erlang"
_WITHIN = timedelta(seconds=60)


@dataclass(frozen=True)
class Broker:
    """A server that runs; `stop` and `start` are for outages, `freeze` and `thaw` for one that does not answer."""

    name: str
    address: str
    ports: Mapping[str, int]
    programs: Programs

    @property
    def port(self) -> int:
        """Where clients connect."""
        return self.ports["clients"]

    def stop(self) -> None:
        """Kill it; what it holds is kept."""
        self.programs.stop(self.name)

    def start(self) -> None:
        """Start it again, at the same address and with what it held, and wait until it answers."""
        self.programs.start(self.name, tied=True)
        self.wait()

    def freeze(self) -> None:
        """Let it answer nobody, while its connections stay open."""
        os.kill(self.programs.pids()[self.name], signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        os.kill(self.programs.pids()[self.name], signal.SIGCONT)

    def wait(self) -> None:
        """Wait until it answers."""
        wait_for(self.answers, f"{self.name} at {self.address}:{self.port}", _WITHIN)

    def answers(self) -> bool:
        """Return whether it speaks."""
        raise NotImplementedError


@dataclass(frozen=True)
class Redis(Broker):
    """A Redis; `admin` may do everything, READER may look at queues."""

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://{self.address}:{self.port}"

    def answers(self) -> bool:
        """Return whether it has read what it holds."""
        try:
            with socket.create_connection((self.address, self.port), timeout=2) as connection:
                connection.sendall(f"AUTH admin {PASSWORD}\r\nPING\r\n".encode())
                return b"+PONG" in connection.recv(64)
        except OSError:
            return False


@dataclass(frozen=True)
class Rabbit(Broker):
    """A RabbitMQ with its management API; the user `admin` may do everything."""

    @property
    def url(self) -> str:
        """Its management API's address."""
        return f"http://{self.address}:{self.ports['management']}"

    def wait(self) -> None:
        """Wait until its API answers, which is after it serves clients."""
        wait_until_ready(self.programs, self.name, f"{self.url}/")


@contextmanager
def redis(programs: Programs, address: str) -> Iterator[Redis]:
    """Run a Redis for as long as the `with` block lasts."""
    root = unpack_whole(REDIS, cache() / "redis")
    ports = free_ports(address, ("clients",))
    made = Redis(f"redis-{ports['clients']}", address, ports, programs)
    home = programs.directory / made.name
    home.mkdir()
    (home / "redis.conf").write_text(_redis_configuration(made, home), encoding="utf-8")
    command = [str(root / "usr/bin/redis-server"), str(home / "redis.conf")]
    try:
        programs.start(made.name, command, env=_environment(root), tied=True)
        made.wait()
        yield made
    finally:
        made.stop()


def redis_programs() -> Path:
    """Return the directory of `redis-cli`."""
    return unpack_whole(REDIS, cache() / "redis") / "usr/bin"


def _redis_configuration(server: Redis, home: Path) -> str:
    lines = [
        f"bind {server.address}",
        f"port {server.port}",
        f"dir {home}",
        "appendonly yes",
        "appendfsync always",
        'save ""',
        "user default off",
        f"user admin on >{PASSWORD} ~* &* +@all",
        f"user {READER} on >{READERS} ~* {_ALLOWED}",
    ]
    return "\n".join(lines) + "\n"


@contextmanager
def rabbit(programs: Programs, address: str) -> Iterator[Rabbit]:
    """Run a RabbitMQ for as long as the `with` block lasts; it takes some seconds to start."""
    root = unpack_whole(RABBIT, cache() / "rabbitmq")
    ports = free_ports(address, ("clients", "management")) | free_ports("127.0.0.1", ("names", "nodes"))
    made = Rabbit(f"rabbit-{ports['clients']}", address, ports, programs)
    names = f"{made.name}-names"
    home = programs.directory / made.name
    environment = _rabbit_home(home, root, made)
    try:
        mapper = [str(root / _ERLANG_HOME / "bin/epmd"), "-address", "127.0.0.1", "-port", str(ports["names"])]
        programs.start(names, mapper, tied=True)
        programs.start(made.name, _rabbit_command(root), env=environment, tied=True)
        made.wait()
        yield made
    finally:
        made.stop()
        programs.stop(names)


def _rabbit_command(root: Path) -> Sequence[str]:
    (script,) = root.glob("usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server")
    return [str(script), "-noinput"]


def _rabbit_home(home: Path, root: Path, server: Rabbit) -> dict[str, str]:
    """Write what a RabbitMQ wants to find, and return its environment."""
    (home / "bin").mkdir(parents=True)
    (home / "rabbitmq.conf").write_text(_rabbit_configuration(server), encoding="utf-8")
    (home / "plugins").write_text("[rabbitmq_management].\n", encoding="utf-8")
    erlang = root / _ERLANG_HOME
    _move_erlang(erlang, home / "bin/erl")
    return _environment(root) | {
        "HOME": str(home),
        "PATH": f"{home / 'bin'}:{erlang / 'bin'}:{os.environ['PATH']}",
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "ERL_EPMD_PORT": str(server.ports["names"]),
        "RABBITMQ_DIST_PORT": str(server.ports["nodes"]),
        "RABBITMQ_NODENAME": f"{server.name}@localhost",
        "RABBITMQ_CONF_ENV_FILE": os.devnull,
        "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
        "RABBITMQ_MNESIA_BASE": str(home / "data"),
        "RABBITMQ_LOG_BASE": str(home / "log"),
        "RABBITMQ_LOGS": "-",
        "RABBITMQ_PID_FILE": str(home / "pid"),
        "RABBITMQ_ALLOW_INPUT": "1",  # or a shell stays between us and the server
    }


def _rabbit_configuration(server: Rabbit) -> str:
    lines = [
        f"listeners.tcp.1 = {server.address}:{server.port}",
        f"management.tcp.ip = {server.address}",
        f"management.tcp.port = {server.ports['management']}",
        "loopback_users = none",
        "default_user = admin",
        f"default_pass = {PASSWORD}",
    ]
    return "\n".join(lines) + "\n"


def _move_erlang(erlang: Path, script: Path) -> None:
    """Write the script that starts Erlang where it is now: Debian's knows only where it would be installed."""
    text = (erlang / "bin/erl").read_text(encoding="utf-8")
    script.write_text(re.sub(r"ROOTDIR=/usr/lib/erlang", f"ROOTDIR={erlang}", text), encoding="utf-8")
    script.chmod(0o755)


def libraries(root: Path) -> Path:
    """Return where what was unpacked has its libraries; `root` itself where it has none."""
    return next(iter({path.parent for path in root.glob("usr/lib/*/lib*.so*")}), root)


def _environment(root: Path) -> dict[str, str]:
    return {**os.environ, "LD_LIBRARY_PATH": str(libraries(root))}
