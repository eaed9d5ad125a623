"""Is an operator there, of this version, ready, and does exactly one lead?"""

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from poolkeeper.api.units import parse_instant
from poolkeeper.cli.checks.finding import Finding, note, unknown, wrong
from poolkeeper.cli.checks.known import Known, labels, name_of

Json = dict[str, Any]

VERSION_LABEL = "app.kubernetes.io/version"
OPTIONAL = ("clusterrolebindings", "priorityclasses", "mutatingwebhookconfigurations")
"""What those who keep pools often may not read, and can do without."""
AHEAD = timedelta(seconds=5)
"""A lease is renewed by the API server's time: one that is further in the future was written by another clock."""


def check(known: Known, version: str) -> Iterator[Finding]:
    """Yield what is wrong with the operator's Deployments and leases; `version` is this package's."""
    for one in known.of("operators"):
        yield from deployed(one, version)
    if "leases" not in known.unread:
        yield from led(known)


def deployed(found: Json, version: str) -> Iterator[Finding]:
    """Yield what is wrong with one Deployment of the operator."""
    namespace, name = found["metadata"]["namespace"], name_of(found)
    about, here = f"deployment/{name} in {namespace}", f"-n {namespace} deployment/{name}"
    wanted, ready = found["spec"].get("replicas", 1), (found.get("status") or {}).get("readyReplicas", 0)
    if wanted == 0:
        words = "spec.replicas is 0: nobody sizes the pools"
        yield wrong(about, words, "they stay as they are", f"kubectl scale {here} --replicas=2")
    elif ready == 0:
        words = f"none of its {wanted} replicas is ready"
        yield wrong(about, words, "nobody sizes the pools", f"kubectl describe {here}")
    elif ready < wanted:
        yield note(about, f"{ready} of its {wanted} replicas are ready", fix=f"kubectl describe {here}")
    theirs = running_version(found)
    if theirs and theirs != version:
        words = f"runs {theirs}, this command is {version}"
        yield note(about, words, "fields and defaults may differ", f"uvx poolkeeper=={theirs} check")


def running_version(found: Json) -> str:
    """Return which version a Deployment runs, by its label or its image's tag; empty where neither tells."""
    images = [one.get("image", "") for one in found["spec"]["template"]["spec"]["containers"]]
    tag = next((one.partition("@")[0].rpartition("/")[2].partition(":")[2] for one in images), "")
    told = labels(found).get(VERSION_LABEL) or tag
    return told.removeprefix("v") if told[:1].isdigit() or told[:2] in {"v0", "v1"} else ""


def led(known: Known) -> Iterator[Finding]:
    """Yield what the leases say of who leads."""
    fresh = [one for one in known.of("leases") if lasts(one, known.now)]
    for one in fresh:
        yield from timed(one, known.now)
    if not fresh:
        yield leaderless(known)


def leaderless(known: Known) -> Finding:
    """Return that nobody leads, with what to do."""
    for one in known.of("leases"):
        place = one["metadata"]["namespace"]
        holder, renewed = one["spec"].get("holderIdentity") or "nobody", one["spec"].get("renewTime") or "never"
        words = f"has run out: {holder} renewed it {renewed}"
        fix = f"kubectl logs -n {place} deployment/poolkeeper --tail=50"
        return wrong(f"lease/poolkeeper in {place}", words, "nobody sizes the pools", fix)
    return wrong(
        "operator",
        "no lease of one is there: none has ever led in this cluster",
        "nobody sizes the pools",
        installer(known),
    )


def installer(known: Known) -> str:
    """Return the command that puts right what was installed: Helm's where Helm did, for nothing else may touch that."""
    for one in (*known.of("operators"), *known.of("clusterrolebindings")):
        told = labels(one)
        if (told.get("app.kubernetes.io/name"), told.get("app.kubernetes.io/managed-by")) == ("poolkeeper", "Helm"):
            place = (one["metadata"].get("annotations") or {}).get("meta.helm.sh/release-namespace", "poolkeeper")
            release = told.get("app.kubernetes.io/instance", "poolkeeper")
            return f"helm upgrade {release} charts/poolkeeper -n {place} --reuse-values"
    return "kubectl apply -k manifests/base"


def lasts(lease: Json, now: datetime) -> bool:
    """Return whether a lease is held and has not run out."""
    spec = lease.get("spec") or {}
    if not (spec.get("holderIdentity") and spec.get("renewTime")):
        return False
    return now <= parse_instant(spec["renewTime"]) + timedelta(seconds=spec.get("leaseDurationSeconds") or 15)


def timed(lease: Json, now: datetime) -> Iterator[Finding]:
    """Yield that a lease comes from another time."""
    renewed = parse_instant(lease["spec"]["renewTime"])
    if renewed > now + AHEAD:
        about = f"lease/poolkeeper in {lease['metadata']['namespace']}"
        words = f"was renewed {(renewed - now).total_seconds():.0f} s from now, by the API server's clock"
        yield wrong(about, words, "after a failover nobody leads until then", "set the clocks of the nodes by NTP")


def unread(known: Known) -> Iterator[Finding]:
    """Yield what could not be read, and so was not checked."""
    for name, words in known.unread.items():
        said = note if name in OPTIONAL else unknown
        yield said(name, f"not checked: {words}")


def servers(known: Known) -> list[str]:
    """Return the Prometheus servers that the operator's Deployment names, as NAME=URL; none where a file has them."""
    arguments = [
        one
        for found in known.of("operators")
        for container in found["spec"]["template"]["spec"]["containers"]
        for one in container.get("args") or ()
    ]
    if any(one.startswith("--prometheus-file") for one in arguments):
        return []
    joined = [one.removeprefix("--prometheus=") for one in arguments if one.startswith("--prometheus=")]
    pairs = itertools.pairwise(arguments)
    return joined + [value for flag, value in pairs if flag == "--prometheus"]
