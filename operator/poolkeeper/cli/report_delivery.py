"""Where a report goes: to the terminal, into a file, to a webhook whose address nobody gets to see."""

import asyncio
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import typer

from poolkeeper.cli.connection import complaints
from poolkeeper.cli.schedule import refuse

PATIENCE = timedelta(seconds=30)
UNDELIVERED = 1


def write(text: str, place: Path, name: str) -> Path:
    """Write a report to a file, or under a name into a folder; return where it is.

    A reader never sees half of it.
    """
    file = place / name if place.is_dir() else place
    draft = file.with_name(f".{file.name}.draft")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(file)
    except OSError as error:
        raise typer.BadParameter(f"{place}: {error.strerror}", param_hint="--out") from error
    return file


def address(file: Path) -> str:
    """Return the address in a file; it is a secret, and no message repeats it."""
    try:
        found = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{file} cannot be read", param_hint="--webhook-file") from error
    if urlsplit(found).scheme not in {"http", "https"} or not urlsplit(found).hostname:
        refuse([f"{file} must hold one address, as in https://hooks.example.com/..."])
    return found


def post(url: str, body: bytes, content_type: str) -> None:
    """Post a report; say what went wrong and leave with 1."""
    problem = asyncio.run(posted(url, body, content_type))
    if problem:
        complaints.print(f"error: the webhook {problem}", markup=False)
        raise typer.Exit(UNDELIVERED)


async def posted(url: str, body: bytes, content_type: str) -> str:
    """Post a report; return what went wrong, empty where nothing did. No redirect is followed."""
    timeout = aiohttp.ClientTimeout(total=PATIENCE.total_seconds())
    headers = {"Content-Type": content_type}
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=True) as session,
            session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            return "" if answer.status < 300 else f"answered {answer.status}"  # noqa: PLR2004  HTTP's own limit
    except TimeoutError:
        return f"did not answer within {PATIENCE.total_seconds():g} seconds"
    except (aiohttp.ClientError, ValueError) as error:
        return f"could not be reached ({type(error).__name__})"
