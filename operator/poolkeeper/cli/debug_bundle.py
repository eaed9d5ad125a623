"""A bug report's file: what it holds, what it does not and why, and never more than so much."""

import json
import os
import tarfile
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from pathlib import Path

LARGEST = 4 * 2**20
"""Bytes of one part. A text keeps its end, which is the newest."""
WHOLE = 32 * 2**20
"""Bytes of all parts, before they are packed."""
NEVER = (
    "Secrets: never read",
    "values of environment variables, and of commands' arguments but for numbers: their names alone",
    "annotations other than poolkeeper.io/*, kubectl's copy of what was applied among them",
    "passwords, tokens, keys, Authorization headers, users in URLs: by their keys and by their form, in all texts",
    "the kubeconfig and the API server's address",
)


@dataclass
class Bundle:
    """Parts by their place in the file; `missing` says what could not be had, by part."""

    parts: dict[str, bytes] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    size: int = 0

    def add(self, place: str, content: object) -> None:
        """Add a part: bytes or text as they are, all else as JSON."""
        made = content.encode() if isinstance(content, str) else content
        body = made if isinstance(made, bytes) else json.dumps(made, indent=1, default=str).encode()
        if len(body) > LARGEST and isinstance(made, bytes):
            self.missing[place] = f"only its last {LARGEST} of {len(body)} bytes"
            body = body[-LARGEST:]
        if len(body) > LARGEST or self.size + len(body) > WHOLE:
            self.lack(place, f"{len(body)} bytes are too many")
            return
        self.parts[place] = body
        self.size += len(body)

    def lack(self, place: str, why: str) -> None:
        """Say that a part could not be had, and why."""
        self.missing[place] = why

    @property
    def contents(self) -> str:
        """What it holds and what it does not, for people."""
        held = [f"  {place} ({len(body)} bytes)" for place, body in sorted(self.parts.items())]
        not_had = [f"  {place}: {why}" for place, why in sorted(self.missing.items())] or ["  nothing"]
        never = [f"  {what}" for what in NEVER]
        return "\n".join(["holds", *held, "could not be had", *not_had, "leaves out, always", *never, ""])

    def write(self, path: Path, at: datetime) -> None:
        """Write it where nothing is yet, readable for its owner alone.

        Raises:
            OSError: there is something, or it cannot be written; then nothing is left of it.
        """
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w:gz") as packed:
                for place, body in [("contents.txt", self.contents.encode()), *sorted(self.parts.items())]:
                    entry = tarfile.TarInfo(f"{path.name.split('.')[0]}/{place}")
                    entry.size, entry.mtime, entry.mode = len(body), int(at.timestamp()), 0o600
                    packed.addfile(entry, BytesIO(body))
        except BaseException:
            path.unlink(missing_ok=True)
            raise
