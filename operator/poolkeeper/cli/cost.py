"""`poolkeeper cost`: what pools cost."""

import typer

from poolkeeper.cli import cost_meter

app = typer.Typer(no_args_is_help=True, help="What pools cost, and how that is counted.")
app.command("meter")(cost_meter.meter)
