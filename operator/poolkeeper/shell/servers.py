"""The administrator's Prometheus servers: from `--prometheus NAME=URL`, and from a file for those that want auth.

```yaml
default:
  url: https://prometheus.monitoring:9090
  bearer: {tokenFile: /var/run/secrets/prometheus/token}
  tls: {caFile: /etc/prom/ca.crt, certFile: /etc/prom/tls.crt, keyFile: /etc/prom/tls.key}
central:
  url: http://mimir.monitoring:8080/prometheus
  basic: {username: reader, passwordFile: /etc/prom/password}
  tenant: inference
amazon:
  url: https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1
  sigv4: {region: eu-west-1}
google:
  url: https://monitoring.googleapis.com/v1/projects/ours/location/global/prometheus
  google: {}
```

Secrets are only ever named by file, or found by the cloud's own library: nothing here is a secret.
"""

import re
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from yarl import URL

from poolkeeper.shell import misgiven

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_KINDS = ("basic", "bearer", "sigv4", "google")
_EXTRAS = {"sigv4": ("aws", "botocore"), "google": ("google", "google.auth")}
"""Ways to prove who asks that want a library which is installed on request: the extra's name, and what it brings."""


class Settings(BaseModel):
    """A part of a file of the administrator's: camelCase, nothing unknown."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True)


class Basic(Settings):
    """A user name, and the file that holds the password."""

    username: str
    password_file: Path


class Bearer(Settings):
    """The file that holds the token; it is read again for each request, so it may rotate."""

    token_file: Path


class SigV4(Settings):
    """Amazon's signature, by credentials that botocore finds: environment, web identity (IRSA), profile, instance."""

    region: Annotated[str, Field(min_length=1)]
    service: str = "aps"


class Google(Settings):
    """Google's application default credentials: a file that the environment names, or the workload's own identity."""


class Tls(Settings):
    """Who is trusted instead of the system's authorities, and the client's certificate with its key."""

    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None

    @model_validator(mode="after")
    def _both(self) -> "Tls":
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("certFile and keyFile belong together")
        return self


def check_url(text: str) -> str:
    """Return an address that may be shown. Raises ValueError."""
    url = URL(text)
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError("it must be an http:// or https:// address")
    if url.user or url.password:
        raise ValueError("a URL is shown in logs: give the password as basic.passwordFile")
    if url.query_string or url.fragment:
        raise ValueError("it must end with its path, without ? or #")
    return text.rstrip("/")


def check_name(text: str) -> str:
    """Return a name that pools may use. Raises ValueError."""
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text!r} is no server name: use lower-case letters, digits, - and .")
    return text


class ServerConfig(Settings):
    """One server: its name in pools, its address (a path prefix may follow), and how to prove who asks.

    `tenant` is whose data is meant, where a server (Mimir, Thanos, Cortex) keeps those of several apart.
    """

    name: Annotated[str, AfterValidator(check_name)]
    url: Annotated[str, AfterValidator(check_url)]
    basic: Basic | None = None
    bearer: Bearer | None = None
    sigv4: SigV4 | None = None
    google: Google | None = None
    tenant: Annotated[str, Field(pattern=r"^[!-~]*$")] = ""
    tls: Tls = Tls()

    @model_validator(mode="after")
    def _one(self) -> "ServerConfig":
        given = [kind for kind in _KINDS if getattr(self, kind) is not None]
        if len(given) > 1:
            raise ValueError(f"give {' or '.join(given)}, not both")
        for kind in given:
            check_library(kind)
        return self


def check_library(kind: str) -> None:
    """Raise ValueError where a way to prove who asks wants a library that is not installed."""
    extra, library = _EXTRAS.get(kind, ("", ""))
    if extra and not _is_installed(library):
        raise ValueError(f"{kind} wants {library}, which is not here: install poolkeeper[{extra}]")


def _is_installed(library: str) -> bool:
    try:
        return find_spec(library) is not None
    except ModuleNotFoundError:  # of a package around it
        return False


_FILE = TypeAdapter(dict[str, dict[str, Any]])
_MODELS: misgiven.Models = {"": ServerConfig}


def load_servers(flags: Iterable[str], path: Path | None = None) -> tuple[ServerConfig, ...]:
    """Return the servers of a file and of `NAME=URL` flags.

    Raises ValueError that says what is wrong and what would be right.
    """
    found = [
        *(named(path, TypeAdapter(ServerConfig), _MODELS) if path else ()),
        *(parse_server(flag) for flag in flags),
    ]
    names = [server.name for server in found]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"Prometheus server {', '.join(sorted(twice))} is given twice")
    return tuple(found)


def parse_server(flag: str) -> ServerConfig:
    """Read one `NAME=URL`. Raises ValueError."""
    name, found, url = flag.partition("=")
    if not found:
        raise ValueError("--prometheus wants NAME=URL, for example default=http://127.0.0.1:9090")
    try:
        return ServerConfig(name=name, url=url)
    except ValidationError as error:
        raise ValueError(f"--prometheus {name}: {misgiven.problems(error, _MODELS)}") from None


def named(path: Path, kind: TypeAdapter[Any], models: misgiven.Models) -> Iterator[Any]:
    """Yield what a YAML file has under each name. Raises ValueError that names the file and repeats no input."""
    name = ""
    try:
        for name, settings in _FILE.validate_python(yaml.safe_load(path.read_bytes()) or {}).items():
            yield kind.validate_python({**settings, "name": name})
    except ValidationError as error:
        raise ValueError(f"{path}: {misgiven.problems(error, models, name)}") from None
    except yaml.YAMLError as error:
        raise ValueError(f"{path} is no YAML: {getattr(error, 'problem_mark', error)}") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
