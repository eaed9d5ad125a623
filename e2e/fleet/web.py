"""The fleet's HTTP side doors on 127.0.0.1: the control API and the stand-in exporter."""

import asyncio
from contextlib import AsyncExitStack

import msgspec
from aiohttp import web

from fleet.commands import AnyCommand
from fleet.faults import Fault
from fleet.fleet import Fleet
from fleet.orders import carry_out

HOST = "127.0.0.1"
NO_ANSWER_SECONDS = 3600
DONE = "ok\n"


async def serve(fleet: Fleet, opening: AsyncExitStack) -> dict[str, str]:
    """Open what the settings ask for until `opening` closes; returns addresses by name: `control`, `exporter`."""
    doors = {
        "control": (fleet.settings.control_port, _control(fleet)),
        "exporter": (fleet.settings.exporter_port, _exporter(fleet)),
    }
    return {name: await _listen(app, port, opening) for name, (port, app) in doors.items() if port is not None}


def _control(fleet: Fleet) -> web.Application:
    """`POST /` takes a command as JSON, as `{"do": "show", "workload": "ns/chat", "queue": 9}`, and answers in JSON.

    Where there is nothing to answer, that it is done.
    """

    async def command(request: web.Request) -> web.Response:
        try:
            done = await carry_out(fleet, msgspec.json.decode(await request.read(), type=AnyCommand))
        except (msgspec.MsgspecError, LookupError, ValueError) as error:
            return web.Response(status=400, text=str(error))
        if done is None:
            return web.Response(text=DONE)
        return web.Response(body=msgspec.json.encode(done), content_type="application/json")

    app = web.Application()
    app.router.add_post("/", command)
    return app


def _exporter(fleet: Fleet) -> web.Application:
    async def page(request: web.Request) -> web.Response:
        while (answer := fleet.exporter_answer()) is None:
            if fleet.exporter_fault is Fault.REFUSED and request.transport:
                request.transport.abort()  # closing the port could lose it to somebody else
            await asyncio.sleep(NO_ANSWER_SECONDS)
        await asyncio.sleep(answer.delay)
        return web.Response(body=answer.body, status=answer.status, headers={"Content-Type": answer.content_type})

    app = web.Application()
    app.router.add_get("/metrics", page)
    return app


async def _listen(app: web.Application, port: int, opening: AsyncExitStack) -> str:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    opening.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, HOST, port).start()
    return f"http://{HOST}:{runner.addresses[0][1]}"
