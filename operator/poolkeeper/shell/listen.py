"""Where the operator's own pages are served. The socket is opened before all else: a mistake is told at once."""

import socket
from typing import NamedTuple

DEFAULT = "127.0.0.1:8080"
PORTS = range(65536)


class Address(NamedTuple):
    """A host and a port; `named`: somebody has asked for it, so no other will do."""

    host: str
    port: int
    named: bool = True

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_address(text: str) -> Address:
    """Return what HOST:PORT, or [HOST]:PORT for IPv6, says; "": `DEFAULT`, or any free port.

    Raises:
        ValueError: it is neither; the words are for people.
    """
    host, colon, port = (text or DEFAULT).rpartition(":")
    if not (colon and port.isascii() and port.isdigit() and int(port) in PORTS):
        raise ValueError(f"--listen: {text} has no port; write it as HOST:PORT, 0.0.0.0:8080 say")
    return Address(host.removeprefix("[").removesuffix("]"), int(port), named=bool(text))


def listening(address: Address) -> socket.socket:
    """Return a socket that listens there.

    Raises:
        ValueError: nobody can; the words are for people.
    """
    try:
        return _opened(address)
    except OSError as error:
        if address.named:
            words = (error.strerror or str(error)).partition(" (while ")[0]  # it names the address again
            raise ValueError(f"--listen: {address}: {words[0].lower()}{words[1:]}") from error
        return _opened(address._replace(port=0))


def _opened(address: Address) -> socket.socket:
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    return socket.create_server((address.host, address.port), family=family)
