"""A fleet in a process of its own, told over HTTP what to do."""

import http.client
import subprocess
import sys
from typing import Self
from urllib.parse import urlsplit

import msgspec

from fleet.commands import AnyCommand
from fleet.control import FleetControl, FleetError, Told
from fleet.fleet import Settings
from fleet.web import DONE

START_SECONDS = 120
STOP_SECONDS = 10


class FleetClient(FleetControl):
    """A fleet whose control API is at `url`."""

    def __init__(self, url: str) -> None:
        self.url = url

    def _send(self, command: AnyCommand, told: type[Told]) -> Told:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=START_SECONDS)
        try:
            connection.request("POST", "/", msgspec.json.encode(command))
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        if response.status != http.HTTPStatus.OK:
            raise FleetError(body.decode())
        answer = b"null" if body == DONE.encode() else body
        return msgspec.json.decode(answer, type=told)


class FleetProcess(FleetClient):
    """Runs from `with` to the end of it; `exporter` is the address of the stand-in exporter, if asked for."""

    def __init__(self, settings: Settings) -> None:
        super().__init__("")
        self.settings = settings
        self.exporter = ""

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "fleet", "serve", msgspec.json.encode(self.settings).decode()]
        # A session of its own: a Ctrl-C is for us, who then end it with one signal and never with a second on the way.
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
        try:
            addresses = _addresses(self.process)
        except BaseException:
            self.__exit__()
            raise
        self.url, self.exporter = addresses.get("control", ""), addresses.get("exporter", "")
        return self

    def __exit__(self, *_error: object) -> None:
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()


def _addresses(process: subprocess.Popen[bytes]) -> dict[str, str]:
    """The first line that a fleet prints: where it can be reached, once it listens."""
    line = process.stdout.readline() if process.stdout else b""
    if not line:
        raise FleetError(f"the fleet ended with {process.wait()} before it listened")
    return msgspec.json.decode(line, type=dict[str, str])
