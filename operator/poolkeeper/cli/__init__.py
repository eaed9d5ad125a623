"""The command line: one file per command, installed as `poolkeeper` and `kubectl-poolkeeper`."""
