"""Carrying out what a fleet is told."""

from fleet import commands, shapes
from fleet.fleet import Fleet
from fleet.workload import Workload


async def carry_out(fleet: Fleet, command: commands.AnyCommand) -> object:
    """Do it; what it changes is in force when this returns.

    Raises:
        LookupError: There is no such pod.
        ValueError: A trace that cannot be made.
    """
    match command:
        case commands.Ask():
            return fleet.workload(command.workload).report(fleet.now, command.sla, command.width)
        case commands.List():
            return fleet.workload(command.workload).reachable()
        case commands.Load():
            _load(fleet, command)
        case commands.Show():
            _show(fleet.workload(command.workload), command)
        case commands.Gauge() | commands.Drop() | commands.BreakExporter():
            _tell_exporter(fleet, command)
        case commands.Break() | commands.Clear() | commands.See():
            _rearrange(fleet, command)
            await fleet.sync()
    return None


def _load(fleet: Fleet, command: commands.Load) -> None:
    trace = shapes.named(command.trace)
    if command.start or command.length:
        trace = trace.window(command.start, command.length or trace.duration)
    fleet.workload(command.workload).load(trace.scaled(command.rate), command.seed, fleet.now)


def _show(workload: Workload, command: commands.Show) -> None:
    if command.queue is not None:
        workload.show_queue(command.queue)
    if command.running is not None:
        workload.show_running(command.running, None if command.pod is None else _named(workload, command.pod))
    if command.cache_use is not None:
        workload.shown.cache_use = command.cache_use


def _tell_exporter(fleet: Fleet, command: commands.Gauge | commands.Drop | commands.BreakExporter) -> None:
    match command:
        case commands.Gauge():
            fleet.exporter.set(command.name, float(command.value), command.labels, command.at)
        case commands.Drop():
            fleet.exporter.drop(command.name, command.labels)
        case commands.BreakExporter():
            fleet.exporter_fault = command.fault


def _rearrange(fleet: Fleet, command: commands.Break | commands.Clear | commands.See) -> None:
    match command:
        case commands.Break():
            workload = fleet.workload(command.workload)
            workload.trouble(command.fault, _hit(workload, command), command.delay)
        case commands.Clear():
            fleet.workload(command.workload).clear()
        case commands.See():
            fleet.given = command.pods


def _hit(workload: Workload, command: commands.Break) -> list[str] | None:
    if command.pod is not None:
        return [_named(workload, command.pod)]
    return None if command.share >= 1 else workload.some(command.share)


def _named(workload: Workload, name: str) -> str:
    found = next((uid for uid, pod in workload.pods.items() if pod.name == name), None)
    if found is None:
        raise LookupError(f"{workload.name} has no pod {name}")
    return found
