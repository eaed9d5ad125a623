"""The journal's ConfigMaps (R9): what was asked of a pool, what was seen and decided, for `explain --at`.

    name         poolkeeper-journal-<uid>-20261122t021000z
    data         pool      {"namespace": "inference", "name": "chat", "uid": ...}
    binaryData   records   xz of records, each a length of four bytes and a message (msgpack)

What a later version adds at a record's end is passed over; what cannot be read costs that record and is said.
"""

import json
import lzma
import struct
from base64 import b64decode, b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Final

import msgspec

from poolkeeper.api import names
from poolkeeper.api.journal_records import Record

Json = dict[str, Any]

PREFIX: Final = "poolkeeper-journal"
SELECTOR: Final = names.JOURNAL_LABEL
"""The label selector that finds all journals of all pools."""
RECORDS: Final = "records"
POOL: Final = "pool"
LARGEST: Final = 64 * 2**20
"""What a chunk may come to when it is unpacked, in bytes."""
PRESET: Final = 1
"""xz sees as far back as a chunk goes: a decision on 40 replicas takes half of what zlib makes of it."""
_LENGTH = struct.Struct("<I")


@dataclass(frozen=True, slots=True)
class Pages:
    """A chunk as it was found: whose, its records in order, and what of it cannot be read."""

    namespace: str
    name: str
    uid: str
    records: tuple[Record, ...]
    problems: tuple[str, ...] = ()


_encoder = msgspec.msgpack.Encoder()
_records = msgspec.msgpack.Decoder(Record)


def pack(records: Iterable[Record]) -> bytes:
    """Return records as they stand in a chunk before it is pressed; what is appended is one after the other."""
    encoded = (_encoder.encode(record) for record in records)
    return b"".join(_LENGTH.pack(len(one)) + one for one in encoded)


def press(packed: bytes) -> bytes:
    """Return packed records as they are stored."""
    return lzma.compress(packed, preset=PRESET)


def unpress(stored: bytes) -> tuple[bytes, str]:
    """Return packed records, and what is wrong with them (empty: nothing): as much as there is of a torn chunk."""
    reader, found, problem = lzma.LZMADecompressor(format=lzma.FORMAT_XZ), b"", ""
    try:
        found = reader.decompress(stored, LARGEST)
    except lzma.LZMAError as error:
        return b"", f"it is damaged ({error})"
    if not reader.eof:
        problem = "it is torn: its end is missing"
    return found, problem


def unpack(packed: bytes) -> Iterator[Record | str]:
    """Yield packed records, and in the place of one that cannot be read, why."""
    place = 0
    while place < len(packed):
        start = place + _LENGTH.size
        length = _LENGTH.unpack_from(packed, place)[0] if start <= len(packed) else 0
        if start > len(packed) or start + length > len(packed):
            yield "its last record is torn"
            return
        try:
            yield _records.decode(packed[start : start + length])
        except ValueError as error:
            yield f"a record cannot be read by this version: {error}"
        place = start + length


def configmap_name(uid: str, begun: datetime) -> str:
    """Return the name of a chunk's ConfigMap.

    >>> configmap_name("8f2c", datetime(2026, 11, 22, 2, 10, tzinfo=UTC))
    'poolkeeper-journal-8f2c-20261122t021000z'
    """
    return f"{PREFIX}-{uid}-{begun.astimezone(UTC):%Y%m%dt%H%M%Sz}"


def begun_at(name: str) -> datetime | None:
    """Return when a chunk was begun, by its name; None where it is none."""
    head, _, stamp = name.rpartition("-")
    try:
        return datetime.strptime(stamp, "%Y%m%dt%H%M%Sz").replace(tzinfo=UTC) if head.startswith(PREFIX) else None
    except ValueError:
        return None


def configmap(whose: tuple[str, str, str], begun: datetime, pressed: bytes, until: datetime) -> Json:
    """Return a chunk's ConfigMap, `whose` being namespace, name and UID of the pool; its last record is of `until`."""
    namespace, name, uid = whose
    return {
        "metadata": {
            "name": configmap_name(uid, begun),
            "labels": {
                names.MANAGED_BY: names.FIELD_MANAGER,
                names.JOURNAL_LABEL: f"{begun.astimezone(UTC):%Y-%m-%d}",
                names.POOL_UID_LABEL: uid,
            },
            "annotations": {
                names.JOURNAL_OF: f"{namespace}/{name}",
                names.JOURNAL_UNTIL: until.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                names.JOURNAL_BYTES: str(len(pressed)),
            },
        },
        "data": {POOL: json.dumps({"namespace": namespace, "name": name, "uid": uid})},
        "binaryData": {RECORDS: b64encode(pressed).decode()},
    }


def pages(found: Mapping[str, Any]) -> Pages:
    """Return a chunk of the journal as its ConfigMap holds it, whatever became of that."""
    name = (found.get("metadata") or {}).get("name", "")
    whose = _whose(found)
    pressed, torn = stored(found)
    packed, damaged = unpress(pressed) if pressed else (b"", "")
    read = list(unpack(packed))
    wrong = [torn, damaged, *(one for one in read if isinstance(one, str))]
    records = tuple(one for one in read if not isinstance(one, str))
    return Pages(*whose, records, tuple(f"configmap/{name}: {words}" for words in wrong if words))


def _whose(found: Mapping[str, Any]) -> tuple[str, str, str]:
    try:
        pool = json.loads((found.get("data") or {})[POOL])
        return str(pool["namespace"]), str(pool["name"]), str(pool["uid"])
    except (KeyError, TypeError, ValueError):
        return "", "", ""


def stored(found: Mapping[str, Any]) -> tuple[bytes, str]:
    """Return what a chunk's ConfigMap holds as it was pressed, and what is wrong with that (empty: nothing)."""
    try:
        return b64decode((found.get("binaryData") or {})[RECORDS], validate=True), ""
    except (KeyError, TypeError, ValueError):
        return b"", f"it holds no {RECORDS} of a journal"


def in_order(chunks: Sequence[Pages]) -> tuple[Record, ...]:
    """Return the records of several chunks of one pool, oldest first, each once: the answer to a write may be lost."""
    found = sorted((record for chunk in chunks for record in chunk.records), key=lambda record: record.at)
    return tuple(one for before, one in pairwise((None, *found)) if one is not None and one != before)
