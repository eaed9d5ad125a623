"""What Prometheus and Grafana get of us: the rules as a PrometheusRule, and the dashboard. `make crds` writes both.

rules.yaml of manifests/monitoring is written by hand; all else here is made, and a test compares.
"""

from collections.abc import Callable

from monitoring import dashboard, rules

FILES: dict[str, Callable[[], str]] = {
    "prometheus-rule.yaml": rules.prometheus_rule,
    "dashboard.json": dashboard.text,
}
"""By file name in manifests/monitoring: what makes it."""
