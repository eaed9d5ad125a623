"""The chart's files: what Helm can only read from inside the chart."""

from bundles.source import ROOT, header, rules, written


def crd() -> str:
    """Return the CustomResourceDefinition."""
    return (ROOT / "crds" / "inferencepools.yaml").read_text(encoding="utf-8")


def dashboard() -> str:
    """Return Grafana's dashboard."""
    return (ROOT / "manifests" / "monitoring" / "dashboard.json").read_text(encoding="utf-8")


def alerts() -> str:
    """Return the groups of alerts and recording rules."""
    return (ROOT / "manifests" / "monitoring" / "rules.yaml").read_text(encoding="utf-8")


def permissions() -> str:
    """Return the rules of all roles, by part."""
    return header("manifests/base") + "".join(f"{part}:\n{written(found)}" for part, found in rules().items())
