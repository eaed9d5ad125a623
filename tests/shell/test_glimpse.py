"""Two looks at pods' pages through the API server."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from builders import at
from poolkeeper.api.survey import GpuPod
from poolkeeper.shell.glimpse import glimpse
from poolkeeper.shell.kube_errors import Forbidden, ServerError


@dataclass
class Server:
    """Answers with the pages of pods, one after the other."""

    pages: dict[str, list[str | Exception]]
    asked: list[str] = field(default_factory=list)

    class clock:  # noqa: N801  as the client has it
        """The time."""

        now = staticmethod(lambda: at(0))

    async def page(self, path):
        self.asked.append(path)
        pages = self.pages[path.split("/")[6].partition(":")[0]]
        found = pages.pop(0) if len(pages) > 1 else pages[0]
        if isinstance(found, Exception):
            raise found
        return found.encode()


def shown(running=0, waiting=0, requests=5):
    return (
        f"vllm:num_requests_waiting {waiting}\nvllm:num_requests_running {running}\n"
        f"vllm:request_success_total {requests}\n"
    )


def pod(name, *, ready=True):
    return GpuPod("models", name, name, at(0), ready_at=at(0) if ready else None, ports={"http": 8000})


async def look(*pods, **pages):
    server = Server({name: list(found) for name, found in pages.items()})
    return await glimpse(server, pods, timedelta(milliseconds=1), lambda _: None), server


@pytest.mark.parametrize(
    ("pages", "busy"),
    [
        ((shown(), shown()), False),
        ((shown(running=1), shown()), True),
        ((shown(), shown(waiting=2)), True),
        ((shown(requests=5), shown(requests=6)), True),
        ((shown(requests=5), shown(requests=0)), False),
    ],
)
async def test_who_ran_or_counted_something_was_busy(pages, busy):
    found, _ = await look(pod("a"), a=pages)
    assert found.pods["a"].busy is busy


async def test_the_page_is_asked_for_where_it_was():
    _, server = await look(pod("a"), a=[shown()])
    assert server.asked == 2 * ["/api/v1/namespaces/models/pods/a:8000/proxy/metrics"]


async def test_a_pod_without_a_page_tells_nothing():
    found, _ = await look(pod("a"), pod("b"), a=[shown()], b=[ServerError("no route", status=503)])
    assert set(found.pods) == {"a"}


async def test_a_page_of_no_engine_tells_nothing():
    found, _ = await look(pod("a"), a=["up 1\n"])
    assert found.pods == {}


async def test_a_page_that_is_lost_in_between_tells_nothing():
    found, _ = await look(pod("a"), a=[shown(), ServerError("gone", status=503)])
    assert found.pods == {}


async def test_who_is_not_ready_is_not_asked():
    found, server = await look(pod("a", ready=False), a=[shown()])
    assert (found.pods, server.asked) == ({}, [])


async def test_a_refusal_of_the_api_server_is_said():
    words = 'pods "a" is forbidden: User "x" cannot get resource "pods/proxy"'
    found, _ = await look(pod("a"), a=[Forbidden(words, status=403)])
    assert (found.pods, found.refused) == ({}, words)


async def test_a_refusal_of_the_pod_is_its_own():
    found, _ = await look(pod("a"), pod("b"), a=[Forbidden("no token", status=403)], b=[shown()])
    assert (set(found.pods), found.refused) == ({"b"}, "")
