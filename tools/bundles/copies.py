"""The chart's files: what Helm can only read from inside the chart."""

import yaml

from bundles.source import ROOT, header, rules, written

FENCE = ROOT / "manifests" / "fence" / "fence.yaml"


def crd() -> str:
    """Return the CustomResourceDefinition."""
    return (ROOT / "crds" / "inferencepools.yaml").read_text(encoding="utf-8")


def dashboard() -> str:
    """Return Grafana's dashboard."""
    return (ROOT / "manifests" / "monitoring" / "dashboard.json").read_text(encoding="utf-8")


def alerts() -> str:
    """Return the groups of alerts and recording rules."""
    return (ROOT / "manifests" / "monitoring" / "rules.yaml").read_text(encoding="utf-8")


def fence() -> str:
    """Return the write fence by part: what the policy says, and what binds it."""
    policy, binding = yaml.safe_load_all(FENCE.read_text(encoding="utf-8"))
    parts = {"policy": policy["spec"], "binding": binding["spec"]}
    return header("manifests/fence") + yaml.safe_dump(parts, sort_keys=False, width=10_000)


def permissions() -> str:
    """Return the rules of all roles, by part."""
    return header("manifests/base") + "".join(f"{part}:\n{written(found)}" for part, found in rules().items())
