"""Every question has one command, and it answers."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from tests.docs.conftest import NAMESPACE
from tests.docs.console import stands
from tests.docs.pages import DOCS, Block

PAGE = DOCS / "questions.md"
ROW = re.compile(r"^\| (?P<question>[^|]+\?) \| `(?P<command>.+)` \| `(?P<answer>[^`]+)` \|$", re.MULTILINE)
QUESTIONS = [found.groupdict() for found in ROW.finditer(PAGE.read_text())]
POOL = {
    "apiVersion": "poolkeeper.io/v1alpha1",
    "kind": "InferencePool",
    "metadata": {"name": "chat", "namespace": NAMESPACE},
    "spec": {
        "targetRef": {"name": "chat"},
        "minReplicas": 2,
        "maxReplicas": 8,
        "schedule": {
            "windows": [{"name": "office", "days": "Mon-Sun", "from": "08:00", "to": "18:00", "minReplicas": 3}]
        },
        "cost": {"pricePerGPUHour": {"on-demand": "3.00"}},
    },
}

SPOT = {
    "apiVersion": "poolkeeper.io/v1alpha1",
    "kind": "InferencePool",
    "metadata": {"name": "code", "namespace": NAMESPACE},
    "spec": {
        "targetRef": {"name": "code"},
        "minReplicas": 2,
        "maxReplicas": 4,
        "capacity": {"guaranteed": {"base": 1}},
    },
}
MENDING = "poolkeeper check -n inference"
"""It finds something, and leaves with 1: nothing keeps the target of `code` off spot."""


def week() -> Iterator[str]:
    """A trace of four days, busy in office hours."""
    yield "second,requests,prompt_tokens,output_tokens"
    for hour in range(96):
        requests = 3600 * (12 if 8 <= hour % 24 < 18 else 1)
        yield f"{hour * 3600},{requests},{requests * 1155},{requests * 211}"


def ask(console, command: str) -> str:
    console.play(Block(PAGE, "sh", command, 0, {"fails": "1"} if command == MENDING else {}))
    return console.output


@pytest.fixture
def beside(furnished):
    """A pool that is to be on spot, and cannot."""
    chat = json.loads(furnished.kubectl("get", "deployment/chat", "-n", NAMESPACE, "-o", "json"))
    pods = {"app": "code"}
    template = chat["spec"]["template"] | {"metadata": chat["spec"]["template"]["metadata"] | {"labels": pods}}
    spec = {"replicas": 2, "selector": {"matchLabels": pods}, "template": template}
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": SPOT["metadata"], "spec": spec}
    furnished.kubectl("apply", "-f", "-", input=yaml.safe_dump_all([target, SPOT]))
    yield
    furnished.kubectl("delete", "ipool/code", "deployment/code", "-n", NAMESPACE)


@pytest.fixture
def console(beside, furnished, operator, open_console, tmp_path: Path):
    """A terminal beside a pool that has a pin and an override, and one that is to be on spot."""
    (tmp_path / "chat.yaml").write_text(yaml.safe_dump(POOL))
    (tmp_path / "week.csv").write_text("\n".join(week()))
    furnished.kubectl("apply", "-f", "-", input=yaml.safe_dump(POOL))
    furnished.kubectl("wait", "ipool/chat", "-n", NAMESPACE, "--for=condition=Ready", "--timeout=90s")
    opened = open_console(furnished, POOLKEEPER_OPERATOR=operator)
    ask(opened, "kubectl scale ipool/chat -n inference --replicas=4")
    ask(opened, "poolkeeper override chat -n inference --max 9 --for 2h --because launch")
    for condition in ("Pinned", "Overridden", "Priced"):
        ask(opened, f"kubectl wait ipool/chat -n inference --for=condition={condition} --timeout=90s")
    ask(opened, "kubectl wait ipool/chat -n inference --for=jsonpath='{.status.readyReplicas}'=4 --timeout=90s")
    ask(opened, "until poolkeeper explain chat -n inference --since 1h | grep 'override: none'; do sleep 2; done")
    ask(opened, "kubectl wait ipool/code -n inference --for=jsonpath='{.status.readyReplicas}'=2 --timeout=90s")
    return opened


@pytest.mark.cluster
@pytest.mark.timeout(900)
def test_every_command_answers_its_question(console, subtests):
    for question in QUESTIONS:
        with subtests.test(question["question"]):
            answer = ask(console, question["command"])
            assert stands(question["answer"], answer), answer


def test_every_row_of_the_page_is_asked():
    rows = [line for line in PAGE.read_text().splitlines() if re.match(r"\| .*\?.* \| `", line)]
    assert len(rows) == len(QUESTIONS) > 15
