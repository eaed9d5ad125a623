"""`poolkeeper cost`: what pools cost."""

import typer

from poolkeeper.cli import cost_meter
from poolkeeper.cli.cost_summary import summary

app = typer.Typer()
app.callback(invoke_without_command=True)(summary)
app.command("meter")(cost_meter.meter)
