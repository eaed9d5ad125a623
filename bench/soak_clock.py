"""A clock that leaps: the date of other processes, and of an operator's decisions, is moved without waiting for it.

    process          what it asks the time of            how it is moved
    Go programs      the kernel's vDSO, directly         its clock_gettime, in this process's own copy: date + offset
    the operator     its own Clock and agenda            soak_operator.py adds the offset that stands in a shared file

Only the date is moved. What waits for an answer (deadlines of requests, leases, back-off) goes by the monotonic clock,
which nobody touches: a leap is no outage. Linux on x86-64 alone.
"""

import mmap
import os
import signal
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import BinaryIO, NamedTuple

SYMBOL = b"__vdso_clock_gettime"
DYNAMIC_SYMBOLS = 11
"""ELF's SHT_DYNSYM."""
ROOM = 64
"""Bytes at the end of the vDSO's pages that nothing uses: our code, and behind it the offset."""
CODE = bytes.fromhex(
    "b8e4000000"  # mov eax, 228: clock_gettime
    "0f05"  # syscall
    "4885c0"  # test rax, rax
    "7513"  # jnz to the end: an error stays one
    "85ff"  # test edi, edi: CLOCK_REALTIME
    "7405"  # jz to the addition
    "83ff05"  # cmp edi, 5: CLOCK_REALTIME_COARSE
    "750a"  # jne to the end
    "488b0d14000000"  # mov rcx, [rip + 20]: the offset, at OFFSET
    "48010e"  # add [rsi], rcx
    "c3"  # ret
)
OFFSET = 48
SHARED = struct.Struct("<qqqqqq")
POOLS = 10_000
"""More pools than there ever are: an offset and a number of pools are one number, so that both change at once."""


class VdsoError(RuntimeError):
    """A process's vDSO is not as it is expected to be."""


class Shared(NamedTuple):
    """What the driver and the operator tell each other: the offset; all looks; how many pools were looked at, and since
    which offset; and the fewest tasks, open files and blocks of memory of late.
    """

    offset: int = 0
    looks: int = 0
    round: int = 0
    tasks: int = 0
    files: int = 0
    blocks: int = 0

    @property
    def seen(self) -> int:
        """How many different pools were looked at since the date was last moved."""
        offset, pools = divmod(self.round, POOLS)
        return pools if offset == self.offset else 0


class Board:
    """A file in memory that both sides map; each writes its own fields only."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(SHARED.size))
        self.path = path
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), SHARED.size)

    def read(self) -> Shared:
        """Return all fields."""
        return Shared(*SHARED.unpack(self._map[:]))

    def write(self, field: str, value: int) -> None:
        """Set one field."""
        struct.pack_into("<q", self._map, 8 * Shared._fields.index(field), value)

    def add(self, field: str) -> None:
        """Count one more."""
        self.write(field, getattr(self.read(), field) + 1)


class LeapingClock:
    """The one date of a control plane's programs and of the operators that share its board."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self._moved: dict[int, int] = {}

    @property
    def offset(self) -> timedelta:
        """How far the date is ahead of this machine's."""
        return timedelta(seconds=self.board.read().offset)

    def now(self) -> datetime:
        """Return the date, as the API server has it."""
        return datetime.now(UTC) + self.offset

    def move(self, pid: int) -> None:
        """Give a program that was just started the date; it keeps to it from then on."""
        begin, image = vdso(pid)
        place = room(image)
        with stopped(pid), memory(pid) as file:
            put(file, begin + place + OFFSET, struct.pack("<q", self.board.read().offset))
            put(file, begin + place, CODE)
            put(file, begin + entry(image), jump(entry(image), place))
        self._moved[pid] = begin + place + OFFSET

    def leap(self, by: timedelta) -> None:
        """Move the date on for all at once, as nearly as a few writes to memory can; whole seconds."""
        offset = self.board.read().offset + round(by.total_seconds())
        for pid, at in list(self._moved.items()):
            try:
                with memory(pid) as file:
                    put(file, at, struct.pack("<q", offset))
            except (FileNotFoundError, ProcessLookupError):  # it was killed, and another has come in its place
                del self._moved[pid]
        self.board.write("offset", offset)


def vdso(pid: int) -> tuple[int, bytes]:
    """Return where a process has its vDSO, and its bytes.

    Raises:
        VdsoError: it has none.
    """
    lines = Path(f"/proc/{pid}/maps").read_text(encoding="ascii").splitlines()
    found = next((line.split()[0] for line in lines if line.endswith("[vdso]")), None)
    if found is None:
        raise VdsoError(f"process {pid} has no vDSO")
    begin, end = (int(part, 16) for part in found.split("-"))
    with memory(pid) as file:
        file.seek(begin)
        return begin, file.read(end - begin)


def entry(image: bytes) -> int:
    """Return where clock_gettime begins in a vDSO, by its table of symbols.

    Raises:
        VdsoError: there is none.
    """
    table, size, count = struct.unpack_from("<Q", image, 40)[0], *struct.unpack_from("<HH", image, 58)
    sections = [struct.unpack_from("<IIQQQQIIQQ", image, table + index * size) for index in range(count)]
    symbols = next((one for one in sections if one[1] == DYNAMIC_SYMBOLS), None)
    if symbols is None:
        raise VdsoError("the vDSO has no table of symbols")
    names = sections[symbols[6]][4]
    for at in range(symbols[4], symbols[4] + symbols[5], 24):
        name, value = struct.unpack_from("<I", image, at)[0], struct.unpack_from("<Q", image, at + 8)[0]
        if image[names + name : image.index(b"\0", names + name)] == SYMBOL:
            return int(value)
    raise VdsoError("the vDSO has no clock_gettime")


def room(image: bytes) -> int:
    """Return where there is room for our code.

    Raises:
        VdsoError: the last bytes are in use, or were moved before.
    """
    if any(image[-ROOM:]):
        raise VdsoError("the vDSO's last bytes are in use")
    return len(image) - ROOM


def jump(begin: int, end: int) -> bytes:
    """Return a jump from one place to another."""
    return b"\xe9" + struct.pack("<i", end - begin - 5)


def put(file: BinaryIO, at: int, content: bytes) -> None:
    """Write to a process's memory."""
    file.seek(at)
    file.write(content)


@contextmanager
def memory(pid: int) -> Iterator[BinaryIO]:
    """Open a process's memory."""
    with Path(f"/proc/{pid}/mem").open("r+b", buffering=0) as file:
        yield file


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Stop a process for the moment in which its code is changed."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)
