"""The administrator's Prometheus servers: from `--prometheus NAME=URL`, and from a file for those that want auth.

```yaml
default:
  url: https://prometheus.monitoring:9090
  bearer: {tokenFile: /var/run/secrets/prometheus/token}
  tls: {caFile: /etc/prom/ca.crt, certFile: /etc/prom/tls.crt, keyFile: /etc/prom/tls.key}
central:
  url: http://thanos.monitoring:9090/query
  basic: {username: reader, passwordFile: /etc/prom/password}
```

Secrets are only ever named by file: nothing here can be printed that should not be.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, TypeAdapter, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from yarl import URL

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")


class _Settings(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)


class Basic(_Settings):
    """A user name, and the file that holds the password."""

    username: str
    password_file: Path


class Bearer(_Settings):
    """The file that holds the token; it is read again for each request, so it may rotate."""

    token_file: Path


class Tls(_Settings):
    """Who is trusted instead of the system's authorities, and the client's certificate with its key."""

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    @model_validator(mode="after")
    def _both(self) -> "Tls":
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("certFile and keyFile belong together")
        return self


def _check_url(text: str) -> str:
    url = URL(text)
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError("it must be an http:// or https:// address")
    if url.user or url.password:
        raise ValueError("a URL is shown in logs: give the password as basic.passwordFile")
    if url.query_string or url.fragment:
        raise ValueError("it must end with its path, without ? or #")
    return text.rstrip("/")


def _check_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text!r} is no server name: use lower-case letters, digits, - and .")
    return text


class ServerConfig(_Settings):
    """One server: its name in pools, its address (a path prefix may follow), and how to prove who asks."""

    name: Annotated[str, AfterValidator(_check_name)]
    url: Annotated[str, AfterValidator(_check_url)]
    basic: Basic | None = None
    bearer: Bearer | None = None
    tls: Tls = Tls()

    @model_validator(mode="after")
    def _one(self) -> "ServerConfig":
        if self.basic and self.bearer:
            raise ValueError("give basic or bearer, not both")
        return self


_FILE = TypeAdapter(dict[str, dict[str, Any]])


def load_servers(flags: Iterable[str], path: Path | None = None) -> tuple[ServerConfig, ...]:
    """Return the servers of a file and of `NAME=URL` flags.

    Raises ValueError that says what is wrong and what would be right.
    """
    servers = [*(_read(path) if path else ()), *(parse_server(flag) for flag in flags)]
    names = [server.name for server in servers]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"Prometheus server {', '.join(sorted(twice))} is given twice")
    return tuple(servers)


def parse_server(flag: str) -> ServerConfig:
    """Read one `NAME=URL`. Raises ValueError."""
    name, found, url = flag.partition("=")
    if not found:
        raise ValueError("--prometheus wants NAME=URL, for example default=http://127.0.0.1:9090")
    try:
        return ServerConfig(name=name, url=url)
    except ValidationError as error:
        raise ValueError(f"--prometheus {name}: {_words(error)}") from None


def _read(path: Path) -> list[ServerConfig]:
    name = ""
    try:
        servers = []
        for name, settings in _FILE.validate_python(yaml.safe_load(path.read_bytes()) or {}).items():
            servers.append(ServerConfig(**{**settings, "name": name}))
    except ValidationError as error:
        raise ValueError(f"{path}: {name} {_words(error)}") from None
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is no YAML: {getattr(error, 'problem_mark', error)}") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    return servers


def _words(error: ValidationError) -> str:
    """Say what is wrong without repeating the input, which may hold a misplaced password."""
    problems = error.errors(include_input=False, include_url=False)
    return "; ".join(f"{'.'.join(map(str, one['loc'])) or 'it'}: {one['msg']}" for one in problems)
