"""`python -m image --tag poolkeeper:try poolkeeper.tar`: an archive for `docker load`, `ctr images import`, `kind`."""

from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from controlplane.debian import DownloadError
from image.build import ImageError, build

app = typer.Typer(add_completion=False)


@app.command()
def main(
    target: Annotated[Path, typer.Argument(help="The archive to write.")],
    tag: Annotated[
        list[str] | None, typer.Option(help="A name for the image, by default as the chart has it; repeatable.")
    ] = None,
) -> None:
    """Build the operator's image of this tree without Docker, and write it as a docker archive."""
    try:
        print(build(tag or [f"poolkeeper:{version('poolkeeper')}"], target))
    except (DownloadError, ImageError) as error:
        raise SystemExit(f"error: {error}") from error


if __name__ == "__main__":
    app(prog_name="python -m image")
