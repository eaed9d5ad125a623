"""Whether a query asks for no more and no less than one workload: then its pods can be asked instead."""

import re
from collections.abc import Mapping
from typing import NamedTuple

MATCHER = re.compile(r"""\s*(\w+)\s*(=~|!~|!=|=)\s*(?:"([^"\\]*)"|'([^'\\]*)')\s*(?:,|$)""")
SPACES = ("namespace",)
WORKLOADS = ("deployment", "statefulset", "workload", "app", "app_kubernetes_io_name")
"""The labels that name a workload; others, as `job`, may name anything."""
PODS = ("pod",)


class Home(NamedTuple):
    """A workload: its namespace and its name."""

    namespace: str
    workload: str


class Matcher(NamedTuple):
    """What a series' label must be."""

    label: str
    sign: str
    value: str


def matchers(text: str) -> list[Matcher] | None:
    """Return the matchers between the braces of a query, None where these cannot be read."""
    found, at = [], 0
    text = text.strip()
    while at < len(text):
        one = MATCHER.match(text, at)
        if one is None:
            return None
        found.append(Matcher(one[1], one[2], one[3] if one[3] is not None else one[4]))
        at = one.end()
    return found


def labelled(labels: Mapping[str, str]) -> list[Matcher]:
    """Return the matchers of labels."""
    return [Matcher(label, "=", value) for label, value in labels.items()]


def are_of(found: list[Matcher] | None, home: Home) -> bool:
    """Return whether the matchers do no more than name this workload, or its namespace."""
    return found is not None and all(names(one, home) for one in found)


def names(one: Matcher, home: Home) -> bool:
    """Return whether a matcher names this workload or its namespace."""
    if one.label in PODS:
        return one.sign == "=~" and re.fullmatch(rf"\^?{re.escape(home.workload)}-?\.[*+]\$?", one.value) is not None
    if one.sign not in {"=", "=~"}:
        return False
    return one.value == home.namespace if one.label in SPACES else one.label in WORKLOADS and one.value == home.workload
