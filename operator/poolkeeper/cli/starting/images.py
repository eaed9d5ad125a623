"""An image and its arguments -> the engine that they run, where no pod can be asked: one table."""

from collections.abc import Iterator
from typing import Any

from poolkeeper.cli.starting.facts import Page
from poolkeeper.shell.queues.engines import BY_NAME

Json = dict[str, Any]

WORDS = {
    "vllm": "vllm",
    "sglang": "sglang",
    "text-generation-inference": "tgi",
    "text-generation-launcher": "tgi",
    "trtllm-serve": "trtllm-serve",
    "tensorrt-llm": "trtllm-serve",
    "tensorrtllm": "triton-trtllm",
    "tritonserver": "triton",
}
"""Engines by what an image, a command or an argument has in it; the first that is found counts."""
NAMES = ("http", "metrics")
"""Ports of these names are the operator's own first choices."""
PORT = "--port"


def guess(pod: Json) -> Page:
    """Return the engine of a pod spec, and its port; nothing where no container looks like one."""
    for container in pod.get("containers") or ():
        for where, text in texts(container):
            engine = next((name for word, name in WORDS.items() if word in text.lower()), None)
            if engine:
                port = declared(container) or argued(container) or BY_NAME[engine].port
                return Page(engine, port, f"by its {where} {text}; no pod was asked")
    return Page()


def texts(container: Json) -> Iterator[tuple[str, str]]:
    """Yield what tells of an engine, and what it is called."""
    yield "image", str(container.get("image", ""))
    yield "command", " ".join(map(str, [*(container.get("command") or ()), *(container.get("args") or ())]))[:60]


def declared(container: Json) -> int | str | None:
    """Return the port that is declared for metrics: by name where it has one, else the only one."""
    ports: list[Json] = container.get("ports") or []
    named = {one.get("name") for one in ports}
    found = next((name for name in NAMES if name in named), None)
    return found or (int(ports[0]["containerPort"]) if len(ports) == 1 else None)


def argued(container: Json) -> int | None:
    """Return the port among a container's arguments, as `--port 8000` or `--port=8000`."""
    words = [*(container.get("command") or ()), *(container.get("args") or ())]
    pairs = " ".join(map(str, words)).replace(f"{PORT}=", f"{PORT} ").split()
    found = pairs[pairs.index(PORT) + 1 :][:1] if PORT in pairs else []
    return int(found[0]) if found and found[0].isdecimal() else None
