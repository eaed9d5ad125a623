"""How commands reach the cluster, and the operator's live pages."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, TypeVar

import aiohttp
import typer
from rich.console import Capture, Console, ConsoleDimensions

from poolkeeper.api import names
from poolkeeper.cli.completing import namespaces, pools
from poolkeeper.shell.access import Access
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import NO_KIND, KubeError, NotFound
from poolkeeper.shell.kubeconfig import AccessError

Json = dict[str, Any]
T = TypeVar("T")

LOCAL_OPERATOR = "http://127.0.0.1:8080"
PORT = 8080
UNREACHABLE = 2
PIPED = 1000
"""How wide a pipe is, in characters."""
HOME = "poolkeeper"
"""The namespace that the manifests give the operator."""


class Output(StrEnum):
    """How an answer is printed."""

    TEXT = "text"
    JSON = "json"


Kubeconfig = Annotated[Path | None, typer.Option(help="Kubeconfig; by default $KUBECONFIG or ~/.kube/config.")]
Context = Annotated[str | None, typer.Option(help="The kubeconfig's context.")]
Namespace = Annotated[
    str | None, typer.Option("--namespace", "-n", help="The pool's namespace.", autocompletion=namespaces)
]
PoolName = Annotated[str, typer.Argument(help="The pool's name, `chat` or `ipool/chat`.", autocompletion=pools)]
As = Annotated[Output, typer.Option("--output", "-o", help="text or json.")]
OperatorNamespace = Annotated[
    str | None,
    typer.Option(
        "--operator-namespace", help="Where the operator is; by default where its lease is, else `poolkeeper`."
    ),
]
OperatorUrl = Annotated[
    str | None,
    typer.Option(
        "--operator",
        envvar="POOLKEEPER_OPERATOR",
        help="Where the operator serves its pages; by default its pod through the API server, else this machine's.",
    ),
]


class Paper(Console):
    """What is printed on.

    A screen has everything wrapped between words; a pipe is as wide as what is printed, so that nothing is cut there.
    COLUMNS gives either another width, NO_COLOR takes the colours off, and FORCE_COLOR gives them to a pipe.
    """

    @property
    def on_screen(self) -> bool:
        """Whether somebody sees it; a pipe with colours is none."""
        try:
            return self.file.isatty()
        except ValueError:  # it is closed
            return False

    def print(self, *things: Any, soft_wrap: bool | None = None, **how: Any) -> None:  # noqa: ANN401  as rich has it
        """Print as rich does, wrapped where it is a screen."""
        super().print(*things, soft_wrap=not self.on_screen if soft_wrap is None else soft_wrap, **how)

    @property
    def size(self) -> ConsoleDimensions:
        """The width and the height, in characters."""
        found = super().size
        free = self._width is None and not self.on_screen and not self._environ.get("COLUMNS", "").isdigit()
        return found._replace(width=PIPED) if free else found

    @size.setter
    def size(self, given: tuple[int, int]) -> None:
        self._width, self._height = given

    @contextmanager
    def read(self, width: int) -> Iterator[Capture]:
        """Take what is printed meanwhile, as on a screen of this width, in place of showing it."""
        before, self._width = self._width, width
        try:
            with self.capture() as taken:
                yield taken
        finally:
            self._width = before


console = Paper(highlight=False)
complaints = Paper(stderr=True, highlight=False)


def ask(access: tuple[Path | None, str | None], question: Callable[[KubeClient], Awaitable[T]]) -> T:
    """Return the answer to a question put to the cluster; say what is wrong and leave with 2 where there is none."""

    async def asked() -> T:
        async with KubeClient(Access.find(*access)) as kube:
            return await question(kube)

    try:
        return asyncio.run(asked())
    except (KubeError, AccessError) as error:
        complaints.print(f"error: {advised(error)}", markup=False)
        raise typer.Exit(UNREACHABLE) from error


def advised(error: Exception) -> str:
    """Return what an error says, and what to do about it where that is known."""
    if isinstance(error, NotFound) and str(error).endswith(NO_KIND):
        return (
            f"this cluster has no {names.KIND} of {names.API_VERSION}; install it: "
            "poolkeeper crd | kubectl apply --server-side -f -"
        )
    return re.sub(r" ssl:(<[^>]*>|\w+)", "", str(error))


async def stored(kube: KubeClient, namespace: str | None, name: str) -> Json:
    """Return a pool's object; as with kubectl, the namespace is the context's where none is given.

    Raises:
        NotFound: there is none; the words say where it was sought.
    """
    place = namespace or kube.access.namespace
    try:
        return await kube.get(f"/apis/{names.API_VERSION}/namespaces/{place}/{names.PLURAL}/{name}", into=dict)
    except NotFound as error:
        if str(error).endswith(NO_KIND):
            raise
        raise NotFound(sought_in(error, place), status=error.status) from error


def sought_in(words: object, place: str) -> str:
    """Return words of what is not there, with the namespace in which it was sought."""
    return f"{words} in namespace {place}; another is given with -n"


async def live(kube: KubeClient, url: str | None, path: str) -> Json | None:
    """Return a live page of the operator, None where it cannot be reached; one that was named must be."""
    page = await page_of(kube, url, path)
    if page is None and url is not None:
        raise unanswered(url)
    return page


def unanswered(url: str) -> typer.Exit:
    """Say that no operator answers where one was named, and return the way out."""
    complaints.print(f"error: no operator answers at {url}; give it as http://HOST:PORT", markup=False)
    return typer.Exit(UNREACHABLE)


async def page_of(kube: KubeClient, url: str | None, path: str) -> Json | None:
    """Return a live page of the operator, None where it cannot be reached; empty where one that was named has none."""
    if url is None:
        found = await _through_api_server(kube, path)
        if found is not None:
            return found
    try:
        timeout = aiohttp.ClientTimeout(total=3)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get((url or LOCAL_OPERATOR) + path) as page,
        ):
            return await page.json() if page.ok else {} if url else None
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return None


async def operator_namespace(kube: KubeClient, given: str | None) -> str:
    """Return the operator's namespace: as it was given, else where its lease is, else as the manifests have it."""
    if given:
        return given
    try:
        return next((str(lease["metadata"]["namespace"]) for lease in await leases(kube)), HOME)
    except KubeError:
        return HOME


async def leases(kube: KubeClient) -> list[Json]:
    """Return the leases of all operators; raises KubeError."""
    found: Json = await kube.get(
        "/apis/coordination.k8s.io/v1/leases", into=dict, params={"fieldSelector": f"metadata.name={names.LEASE}"}
    )
    return list(found["items"])


async def _through_api_server(kube: KubeClient, path: str) -> Json | None:
    """Ask the pod that holds the lease."""
    try:
        for lease in await leases(kube):
            namespace = lease["metadata"]["namespace"]
            pod = str(lease["spec"].get("holderIdentity") or "").rpartition("_")[0]
            if pod:
                return await kube.get(f"/api/v1/namespaces/{namespace}/pods/{pod}:{PORT}/proxy{path}", into=dict)
    except KubeError:
        return None
    return None


def print_json(value: object) -> None:
    """Print a value as JSON."""
    print(json.dumps(value, indent=2))
