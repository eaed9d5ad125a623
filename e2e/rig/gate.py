"""A way to the API server that can be shut: a process that takes it is cut off, and nobody else."""

import select
import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import yaml

from controlplane import Cluster

CHUNK = 65536


class Gate:
    """Passes connections on to the API server; `kubeconfig` leads through it. Used with `with`."""

    def __init__(self, cluster: Cluster) -> None:
        server = urlsplit(cluster.server)
        self._server = (str(server.hostname), int(server.port or 0))
        self._listener = socket.create_server((self._server[0], 0))  # the certificate is for this address
        self._is_open = True
        self._passing: list[socket.socket] = []
        port = self._listener.getsockname()[1]
        self.kubeconfig = cluster.directory / f"gate-{port}.kubeconfig"
        _write(self.kubeconfig, cluster.kubeconfig, f"https://{self._server[0]}:{port}")

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shut()
        self._listener.close()

    def open(self) -> None:
        """Let connections pass again."""
        self._is_open = True

    def shut(self) -> None:
        """Break every connection, and refuse new ones."""
        self._is_open = False
        for side in self._passing:
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
        self._passing.clear()

    def _accept(self) -> None:
        with suppress(OSError):  # it was closed
            while True:
                client, _ = self._listener.accept()
                if self._is_open:
                    threading.Thread(target=self._pass_on, args=(client,), daemon=True).start()
                else:
                    client.close()

    def _pass_on(self, client: socket.socket) -> None:
        with client, socket.create_connection(self._server) as server, suppress(OSError):
            self._passing += [client, server]
            others = {client: server, server: client}
            while True:
                for side in select.select(list(others), [], [])[0]:
                    chunk = side.recv(CHUNK)
                    if not chunk:
                        return
                    others[side].sendall(chunk)


def _write(path: Path, original: Path, server: str) -> None:
    """Write the kubeconfig with another address of the server."""
    config = yaml.safe_load(original.read_text())
    for cluster in config["clusters"]:
        cluster["cluster"]["server"] = server
    path.write_text(yaml.safe_dump(config))
    path.chmod(0o600)
