"""What the pages name exists: options, fields, reasons, metrics, make targets, files, tests, annotations."""

import re

import pytest
import typer
from tests.docs.pages import ROOT, WRITTEN, blocks, code, shown

from poolkeeper.api import focus
from poolkeeper.cli.main import app
from reference import PAGES as REFERENCE

COMMANDS = dict(typer.main.get_command(app).commands.items())
FIELDS = {
    f"{path.replace('[]', '')}.{field}"
    for path, section in re.findall(
        r"^## `([\w.\[\]]+)`$(.*?)(?=^## |\Z)", REFERENCE["fields.md"](), re.MULTILINE | re.DOTALL
    )
    for field in re.findall(r"^\| `(\w+)` ", section, re.MULTILINE)
}
METRICS = set(re.findall(r"^\| `(\w+)`", REFERENCE["metrics.md"](), re.MULTILINE))
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
TESTS = {
    name
    for folder in ("tests", "e2e")
    for path in (ROOT / folder).rglob("test_*.py")
    for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE)
}
PARTS = {
    "spec", "status", "queue", "scaleUp", "scaleDown", "onOutage", "slo", "startup", "sources", "prometheus",
    "capacity", "guaranteed", "fallback", "recovery", "drain", "windows", "outside",
    "forecast",
}  # fmt: skip
CAMEL = re.compile(r"([A-Z][a-z0-9]+|SLO|NaN){2,}")
KNOWN_WORDS = {
    word for page in ("reasons.md", "names.md", "fields.md") for word in re.findall(r"`(\w+)`", REFERENCE[page]())
}
ALERTS = set(re.findall(r"- alert: (\w+)", (ROOT / "manifests/monitoring/rules.yaml").read_text()))
ELSEWHERE = {
    "HorizontalPodAutoscaler", "InferencePool", "PodDisruptionBudget", "ReplicaFailure", "ReplicaSet", "ScaledObject",
    "ServiceAccount", "RespectIgnoreDifferences", "V1PodList", "ActivePodsWithRanks", "InsufficientCapacityError",
    "ServerSideApply", "OnDelete", "OrderedReady", "UpdateInProgress",
    "AverageValue", "ContainerResource",
}  # fmt: skip
FOLDERS = (
    "operator/",
    "tools/",
    "tests/",
    "docs/",
    "e2e/",
    "manifests/",
    "charts/",
    "crds/",
    "bench/",
    "core/",
    "api/",
    "shell/",
    "cli/",
)
MADE = ("out/",)

every_page = pytest.mark.parametrize("page", WRITTEN, ids=shown)


def said(page):
    """Return every line of code on a page, in its text and in its commands."""
    return [
        *code(page),
        *(line for block in blocks(page) if block.language == "sh" for line in block.text.splitlines()),
    ]


@every_page
def test_options_exist(page):
    assert not [line for line in said(page) for option in options(line) if option not in known_options(line)]


def options(line):
    called = re.search(rf"\bpoolkeeper ({'|'.join(COMMANDS)})\b([^|;&]*)", line)
    return re.findall(r"(?<!\S)(-{1,2}[a-z][a-z-]*)", called[2]) if called else []


def known_options(line):
    first, second = re.search(r"\bpoolkeeper (\w+)(?: (\w+))?", line).groups()
    command = COMMANDS[first]
    command = getattr(command, "commands", {}).get(second, command)
    return {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}


@every_page
def test_commands_exist(page):
    called = {name for line in said(page) for name in re.findall(r"^(?:kubectl )?poolkeeper ([a-z]+)", line)}
    assert called <= set(COMMANDS)


@every_page
def test_fields_exist(page):
    dotted = [word for word in code(page) if re.fullmatch(r"[a-z]\w*(\.[a-z]\w*)+", word)]
    named = [word for word in dotted if word.partition(".")[0] in PARTS]
    assert not [word for word in named if not any(f".{field}".endswith(f".{word}") for field in FIELDS)]


@every_page
def test_metrics_exist(page):
    named = {name for line in said(page) for name in re.findall(r"\bpoolkeeper_\w+", line)}
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in named} <= METRICS


@every_page
def test_reasons_conditions_and_values_exist(page):
    assert {word for word in code(page) if CAMEL.fullmatch(word)} <= KNOWN_WORDS | ALERTS | ELSEWHERE | set(
        focus.COLUMNS
    )


@every_page
def test_make_targets_exist(page):
    assert {name for line in said(page) for name in re.findall(r"^make ([a-z-]+)", line)} <= TARGETS


@every_page
def test_files_exist(page):
    named = [word for word in code(page) if word.startswith(FOLDERS) and "*" not in word and " " not in word]
    assert not [
        word for word in named if not ((ROOT / word).exists() or (ROOT / "operator/poolkeeper" / word).exists())
    ]


@every_page
def test_annotations_and_labels_exist(page):
    named = {name for line in said(page) for name in re.findall(r"\bpoolkeeper\.io/[a-z-]*[a-z]", line)}
    known = set(re.findall(r"poolkeeper\.io/[a-z-]+", REFERENCE["names.md"]()))
    assert named <= known | {"poolkeeper.io/v"}


@every_page
def test_tests_that_are_named_as_evidence_exist(page):
    assert {word for word in code(page) if word.startswith("test_")} <= TESTS
