"""`python -m keda build`: KEDA's programs, unless they are there, and where they are."""

import typer

from controlplane.build import BuildError
from keda.programs import ensure

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def about() -> None:
    """KEDA beside a control plane."""


@app.command()
def build() -> None:
    """Build KEDA's operator and adapter: a quarter of an hour on two cores, once; kept under ~/.cache/poolkeeper."""
    try:
        print(ensure())
    except BuildError as error:
        raise SystemExit(f"error: {error}") from error


app(prog_name="python -m keda")
