"""`make demo`: watch an InferencePool follow the queue of a real workload, on a real API server, in about 3 minutes.

Two halves, as everywhere here. The pure one: what is played (`scenario`, `objects`), what was seen (`record`), how it
is drawn (`chart`, `screen`, `plain`, `summary`) and kept (`result`). The other boots, starts and looks (`ground`,
`watch`, `leaving`).

All that is shown is in trace time, the time that the callers would have lived through: everything runs `SPEED` times
as fast, arrivals, model loads and the pool's own durations alike.
"""
