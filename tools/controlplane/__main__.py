"""The commands of `python -m controlplane`."""

from controlplane.cli import app

app(prog_name="python -m controlplane")
