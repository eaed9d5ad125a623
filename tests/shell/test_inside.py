"""What a process shows of its inside."""

import asyncio

from poolkeeper.shell.inside import WALKED, configuration, place, shown, tasks, threads
from poolkeeper.shell.servers import load_servers
from poolkeeper.shell.settings import Settings


async def waits():
    await asyncio.Event().wait()


async def outer():
    await waits()


async def test_a_task_tells_what_it_waits_for():
    running = asyncio.create_task(outer())
    await asyncio.sleep(0)
    found = [[at.rpartition(" ")[2] for at in one["at"]] for one in tasks()]
    running.cancel()
    assert ["outer", "waits", "wait"] in found


async def test_tasks_at_the_same_place_are_told_together():
    running = [asyncio.create_task(waits()) for _ in range(3)]
    await asyncio.sleep(0)
    found = next(one for one in tasks() if any("test_inside.py" in at and "waits" in at for at in one["at"]))
    for task in running:
        task.cancel()
    assert found["count"] == 3


async def test_of_thousands_of_tasks_the_rest_is_a_number():
    running = [asyncio.create_task(waits()) for _ in range(WALKED + 5)]
    found = shown(Settings())
    for task in running:
        task.cancel()
    others = len(asyncio.all_tasks()) - len(running)
    assert (sum(one["count"] for one in found["tasks"]), found["moreTasks"]) == (WALKED, 5 + others)


def test_every_thread_is_told_with_its_innermost_call_last():
    assert [thread[-1] for thread in threads() if thread[-1].endswith(" threads")]


def test_a_servers_address_has_no_user_and_no_query():
    assert place("https://reader:hunter2@prometheus:9090/mimir?token=x#y") == "https://prometheus:9090/mimir"


def test_settings_tell_where_servers_are():
    settings = Settings(prometheus=load_servers(["default=http://prometheus:9090"], None))
    assert configuration(settings)["prometheus"] == [{"name": "default", "url": "http://prometheus:9090"}]
