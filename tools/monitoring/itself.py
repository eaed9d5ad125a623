"""The panels on the operator itself. What concerns a process is by its `instance`, as Prometheus names it."""

from monitoring.panel import SECONDS, Panel, Query

OURS = "and on (instance, job) poolkeeper_leader"
"""What keeps other programs' processes out."""


def quantiles(metric: str, name: str, *shares: float, by: str = "le") -> tuple[Query, ...]:
    """Return the queries of a histogram's quantiles."""
    rate = f"sum by ({by}) (rate(poolkeeper_{metric}_seconds_bucket[5m]))"
    return tuple(Query(f"histogram_quantile({share:g}, {rate})", f"{name} p{100 * share:g}") for share in shares)


ITSELF = (
    Panel(
        "How late looks and heartbeats are",
        "A look begins late; a heartbeat is late where nothing at all could happen for so long.",
        (
            *quantiles("loop_lag", "look", 0.5, 0.95, 0.99),
            *quantiles("event_loop_delay", "heartbeat {{instance}}", 0.99, by="le, instance"),
        ),
        format=SECONDS,
    ),
    Panel(
        "How long a decision and a whole look take",
        "A look reads its sources, decides, and writes.",
        (*quantiles("decision_duration", "decision", 0.5, 0.99), *quantiles("look_duration", "look", 0.5, 0.99)),
        format=SECONDS,
    ),
    Panel(
        "Looks",
        "In a second: those that were made, and those left out because the one before was still under way. And how "
        "many times longer than asked all intervals are: 1 where there is time for all looks.",
        (
            Query("sum(rate(poolkeeper_look_duration_seconds_count[5m]))", "made"),
            Query("sum(rate(poolkeeper_skipped_looks_total[5m]))", "left out"),
            Query("max(poolkeeper_look_interval_ratio)", "times longer than asked"),
        ),
    ),
    Panel(
        "What sources say",
        "In a second, by what became of it: stale, refused, too slow.",
        (
            Query("sum by (result) (rate(poolkeeper_readings_total[5m]))", "{{result}}"),
            Query("sum by (reason) (rate(poolkeeper_pod_faults_total[5m]))", "pods {{reason}}"),
        ),
    ),
    Panel(
        "Writes that wait",
        "By whose turn comes first.",
        (Query("max by (priority) (poolkeeper_write_queue_waiting)", "{{priority}}"),),
    ),
    Panel(
        "How long writes wait",
        "The oldest that waits now, and those that have had their turn.",
        (
            Query("max(poolkeeper_write_queue_oldest_seconds)", "oldest"),
            *quantiles("write_queue_wait", "wait", 0.5, 0.99),
        ),
        format=SECONDS,
    ),
    Panel(
        "Requests to the API server",
        "In a second, by verb and answer.",
        (Query("sum by (verb, code) (rate(poolkeeper_api_requests_total[5m]))", "{{verb}} {{code}}"),),
    ),
    Panel(
        "Requests that are sent again",
        "In a second, by verb: the one before had failed.",
        (Query("sum by (verb) (rate(poolkeeper_api_retries_total[5m]))", "{{verb}}"),),
    ),
    Panel(
        "How long the API server takes",
        "99 of 100 requests take less; watches are left out.",
        quantiles("api_request_duration", "{{verb}}", 0.99, by="le, verb"),
        format=SECONDS,
    ),
    Panel(
        "Time since a watch showed life",
        "By an object, or a bookmark: those come once a minute.",
        (Query("max by (resource) (poolkeeper_watch_age_seconds)", "{{resource}}"),),
        format=SECONDS,
    ),
    Panel(
        "Who leads, and for how long without a renewal",
        "By process; the time is in seconds.",
        (Query("poolkeeper_leader", "{{instance}}"), Query("poolkeeper_lease_left_seconds", "{{instance}} seconds")),
    ),
    Panel(
        "What is in the way",
        "Problems by the part that they are in, and pools of which kopf's watch has not told.",
        (
            Query("max by (part) (poolkeeper_problems)", "{{part}}"),
            Query("max(poolkeeper_pools_unheard)", "pools unheard of"),
        ),
    ),
    Panel("Versions", "Processes by version.", (Query("count by (version) (poolkeeper_build_info)", "{{version}}"),)),
    Panel("CPU", "In cores.", (Query(f"rate(process_cpu_seconds_total[5m]) {OURS}", "{{instance}}"),)),
    Panel(
        "Memory",
        "Resident.",
        (Query(f"process_resident_memory_bytes {OURS}", "{{instance}}"),),
        format={"unit": "bytes", "min": 0},
    ),
    Panel(
        "Open files",
        "Each connection is one.",
        (
            Query(f"process_open_fds {OURS}", "{{instance}}"),
            Query(f"process_max_fds {OURS}", "{{instance}} at most"),
        ),
    ),
)
