"""`poolkeeper cost`: what pools cost."""

import typer

from poolkeeper.cli import cost_forecast, cost_meter, cost_reconcile
from poolkeeper.cli.cost_summary import summary

app = typer.Typer()
app.callback(invoke_without_command=True)(summary)
app.command("reconcile")(cost_reconcile.reconciliation)
app.command("meter")(cost_meter.meter)
app.command("forecast")(cost_forecast.forecast)
