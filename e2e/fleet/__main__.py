"""`python -m fleet`: play the vLLM pods of a cluster from a terminal or a script.

python -m fleet run --kubeconfig F --namespace inference --selector app=chat --trace azure2023_conv --speed 20
"""

import asyncio
import logging
import os
import signal
import sys
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from fleet import web
from fleet.commands import Load
from fleet.fleet import Fleet, Settings
from fleet.orders import carry_out

app = typer.Typer(no_args_is_help=True, add_completion=False, help="A pretend vLLM fleet for the pods of a cluster.")


@app.command()
def serve(settings: Annotated[str, typer.Argument(help="All settings as one JSON object: for programs.")]) -> None:
    """Play pods until told to stop or until standard input ends; prints the addresses of its doors as a JSON line."""
    asyncio.run(_serve(msgspec.json.decode(settings, type=Settings), [], parented=True))


@app.command()
def run(  # noqa: PLR0913  one parameter an option
    *,
    kubeconfig: Annotated[Path, typer.Option(help="The cluster whose pods to play.")],
    namespace: Annotated[list[str] | None, typer.Option(help="Namespaces to look in; all where none is named.")] = None,
    selector: Annotated[str, typer.Option(help="Label selector; its first key names a pod's workload.")] = "app",
    trace: Annotated[
        str, typer.Option(help="Requests for --namespace's workload, e.g. azure2023_conv, constant:5.")
    ] = "",
    speed: Annotated[float, typer.Option(help="How many times as fast everything happens.")] = 1.0,
    rate_scale: Annotated[float, typer.Option(help="How many times as many requests.")] = 1.0,
    seed: Annotated[int, typer.Option(help="The same seed gives the same requests.")] = 1,
    retry: Annotated[bool, typer.Option(help="Send what a dying pod cut off to another pod.")] = False,
    report: Annotated[Path | None, typer.Option(help="Where to write the report, as JSON, at the end.")] = None,
    control: Annotated[int, typer.Option(help="Port of the control API on 127.0.0.1; 0 is any.")] = 0,
) -> None:
    """Play the pods of a selector, and send them the requests of a trace."""
    settings = Settings(
        kubeconfig=str(kubeconfig), namespaces=tuple(namespace or ()), selector=selector, control_port=control,
        speed=speed, retry=retry,
    )  # fmt: skip
    loads = [Load(_workload(settings), trace, rate_scale, seed)] if trace else []
    told = asyncio.run(_serve(settings, loads))
    if report:
        report.write_bytes(told)


def _workload(settings: Settings) -> str:
    """The one workload that `--trace` speaks of.

    Raises:
        BadParameter: The namespace or the selector leaves open which it is.
    """
    _key, _, value = settings.selector.partition("=")
    if len(settings.namespaces) != 1 or not value:
        raise typer.BadParameter("--trace needs one --namespace and a --selector like app=chat")
    return f"{settings.namespaces[0]}/{value.lstrip('=')}"


async def _serve(settings: Settings, loads: list[Load], *, parented: bool = False) -> bytes:
    """Play until told to stop; returns the reports as JSON."""
    _stop_when_told(parented=parented)
    async with AsyncExitStack() as opening:
        fleet = await opening.enter_async_context(Fleet(settings))
        addresses = await web.serve(fleet, opening)
        for load in loads:
            await carry_out(fleet, load)
        sys.stdout.write(msgspec.json.encode(addresses).decode() + "\n")
        sys.stdout.flush()
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return msgspec.json.format(msgspec.json.encode(fleet.reports()))


def _stop_when_told(*, parented: bool) -> None:
    """Cancel this task, once, at a signal; with a parent also when it closes our input, as it does by dying."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()

    def stop() -> None:
        loop.remove_reader(0)
        if task and not task.cancelling():
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    if parented:
        loop.add_reader(0, lambda: None if os.read(0, 1024) else stop())


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    with suppress(asyncio.CancelledError):  # told to stop before it had begun
        app()
