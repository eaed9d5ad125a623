"""Thirty days of an operator in an hour: the real process, the real API server, and a date that leaps.

Pools are made, changed, pinned, overridden, spoiled and deleted, nodes come and go, spot is reclaimed, the API server
is killed, leaders end and are killed, windows pass, New York's clocks change, a month ends; the queues follow a
measured week. While something moves time passes as it does; while all is still it leaps (docs/decisions/0064).

Printed and saved: what the operator holds (memory, files, threads, tasks) and its slope a day, a look and a run once
one process leads to the end; sizes that no bounds of their time allowed; what it leaves in the cluster; and every
pool's cost by the ledger beside that by a watch of its pods.
"""

import argparse
import shutil
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1] / "tests"))  # the oracle of money

from figures import save
from money_weeks import Week, week_of
from soak_bounds import LEAST, wrong_by_pool
from soak_clock import Board, LeapingClock
from soak_course import HOUR, Course
from soak_measures import GROWTHS, forgotten, largest, process, series, sizes_by_label
from soak_oracle import Balance, balances, told
from soak_plan import Happening, depth, planned, share, start
from soak_watch import Sight, follow
from soak_world import MOST, MOVED, NAMESPACE, PRICES, World, is_spot
from stage import Stage, boot, leave_with, say, wait_until

from controlplane.ground import write_kubeconfig
from fleet.shapes import named
from poolkeeper.api.names import JOURNAL_LABEL, LEDGER_LABEL
from rig.api import ApiError
from rig.install import Installation

Json = dict[str, Any]

TRACE = "azure2024_conv_digitised"
TRACE_BEGINS = 0
"""The trace's first day is a Monday."""
CENT = Decimal("0.01")
SAMPLES = 120
"""So many measurements are made, but not more than one an hour."""


@dataclass
class Soak:
    """One soak as it goes on."""

    world: World
    course: Course
    account: Installation
    week: Week
    begin: datetime
    measured: list[Json] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    ended: list[str] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)

    def live(self, hour: int, happenings: Sequence[Happening]) -> None:
        """Live through an hour: what happens, what the queues ask for, and the time."""
        self.guard()
        for one in happenings:
            self.let(one)
        at = self.begin + hour * HOUR
        for number, name in enumerate(list(self.world.pools)):
            load = share(self.week, at, number % 5)
            self.world.stage.fleet.queue(f"{NAMESPACE}/{name}", depth(LEAST, MOST, load))
        self.course.pass_hour(at, self.count, walk=hour % 2 == 0)
        moved, looked, looks = self.course.waited, self.course.looked, self.world.clock.board.read().looks
        restless = len(self.course.restless)
        say(f"hour {hour + 1}: {moved:.0f} s moving, {looked:.0f} s looking so far, {looks} looks, {restless} restless")

    @property
    def count(self) -> int:
        """How many pools there are."""
        return sum(one.life is not None for one in self.world.pools.values())

    def restart_api_server(self) -> None:
        """Restart the API server, and wait until an operator sees again; one that lost its lease has ended."""
        self.world.restart_api_server()
        answered = time.monotonic()

        def sees() -> bool:
            self.guard()
            return self.world.sees_since(answered)

        wait_until(sees, "the operator watches again", 180)

    def change_leader(self, *, kill: bool) -> None:
        """End the operator that leads, and wait until the next has looked at every pool: no leap is to be unseen."""
        self.world.change_leader(self.account, kill=kill)
        self.wait_for_looks()

    def wait_for_looks(self) -> None:
        """Wait until who leads now has looked at every pool."""
        board = self.world.clock.board
        board.write("round", 0)
        wait_until(lambda: board.read().seen >= self.count, "every pool is looked at", 120)

    def guard(self) -> None:
        """Note an operator that has ended though nobody told it to, and start another."""
        for one in [one for one in self.world.operators if not one.running]:
            self.ended.append(f"{self.world.clock.now():%Y-%m-%d %H:%M:%S} {one.name}: {one.log[-600:]}")
            say(f"{one.name} has ended by itself")
            self.world.operators.remove(one)
            self.world.operate(self.account)
            self.world.leader.wait_until_leading()
            self.wait_for_looks()

    def let(self, one: Happening) -> None:
        """Let something happen, and count it."""
        if one.pool and one.kind != "make" and one.pool not in self.world.pools:
            return
        act = {
            "make": lambda: self.make(one.pool),
            "delete": lambda: self.delete(one.pool),
            "change": lambda: self.world.change(one.pool),
            "pin": lambda: self.world.pin(one.pool),
            "override": lambda: self.world.override(one.pool),
            "spoil": lambda: self.world.spoil(one.pool),
            "mend": lambda: self.world.mend(one.pool),
            "reclaim": self.world.reclaim,
            "nodes": self.world.replace_node,
            "api": self.restart_api_server,
            "term": lambda: self.change_leader(kill=False),
            "kill": lambda: self.change_leader(kill=True),
        }[one.kind]
        try:
            act()
            self.done[one.kind] += 1
        except ApiError as error:
            self.done[f"{one.kind} refused"] += 1
            say(f"{one.kind} {one.pool}: {error}")
        self.course.still(self.count)

    def make(self, *names: str) -> None:
        """Make pools, each over a Deployment that is ready."""
        for name in names:
            self.world.deploy(name)
        wait_until(lambda: all(name in self.course.sight.deployments for name in names), "Deployments are seen", 60)
        wait_until(self.course.sight.is_still, f"{', '.join(names)}: every pod is ready", 120)
        for name in names:
            self.world.begin(name)
        wait_until(lambda: all(map(self.world.is_looked_at, names)), f"{', '.join(names)}: looked at", 120)

    def delete(self, name: str) -> None:
        """Delete a pool and its Deployment."""
        self.gone.append(name)
        self.world.end(name)

    def measure(self, hour: int) -> None:
        """Measure what the operator holds, and what it has left in the cluster."""
        api, leader = self.world.stage.api, self.world.leader
        held, page, board = process(leader.pid), leader.page("/metrics"), self.world.clock.board.read()
        pools = api.get(f"/apis/poolkeeper.io/v1alpha1/namespaces/{NAMESPACE}/inferencepools")["items"]
        maps = api.get(f"/api/v1/namespaces/{self.account.namespace}/configmaps")["items"]
        ledger, journal = sizes_by_label(maps, LEDGER_LABEL), sizes_by_label(maps, JOURNAL_LABEL)
        found = {
            "day": hour / 24,
            "leader": leader.name,
            **asdict(held),
            "tasks": board.tasks,
            "files": board.files,
            "blocks": board.blocks,
            "status": largest(one.get("status") for one in pools),
            "annotations": largest(one["metadata"].get("annotations") for one in pools),
            "pools": len(pools),
            "ledgers": len(ledger),
            "ledger_bytes": max(ledger, default=0),
            "journals": len(journal),
            "journal_bytes": sum(journal),
            "events": len(api.get(f"/api/v1/namespaces/{NAMESPACE}/events")["items"]),
            "series": len(series(page)),
            "forgotten": len(forgotten(page, self.world.pools, self.gone)),
            "etcd_bytes": sum(
                one.stat().st_size for one in self.world.stage.cluster.directory.glob("etcd/member/snap/db")
            ),
            "looks": board.looks,
        }
        self.measured.append(found)
        held_now = f"{held.resident:.0f} MB, {board.files} files, {board.tasks} tasks"
        left = f"status {found['status']} B, journal {found['journal_bytes'] // 1024} KiB, {found['series']} series"
        say(f"day {hour / 24:.2f}  {self.world.clock.now():%Y-%m-%d %H:%M}  {held_now}, {left}")


@dataclass(frozen=True)
class Given:
    """What was asked for."""

    days: int
    minutes: float
    pools: int
    churn: int
    seed: int


def run(given: Given) -> Json:
    """Live through it, and return the figures."""
    with boot(gpus=400) as stage:
        clock = LeapingClock(Board(stage.cluster.directory / "board"))
        begin = start(datetime.now(UTC).date())
        for name in MOVED:
            clock.move(stage.cluster.programs.pids()[name])
        clock.leap(begin - timedelta(minutes=30) - clock.now())
        say(f"the date is {clock.now():%Y-%m-%d %H:%M} UTC from now on")
        soak = prepared(stage, clock, given)
        hours, took = course(soak, given)
        return judged(soak, given, hours, took)


def prepared(stage: Stage, clock: LeapingClock, given: Given) -> Soak:
    """Return a soak whose first pools are made, with an operator that leads."""
    sight = Sight(clock.now)
    world, account = World(stage, clock), renewed(stage)
    stage.api.post("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    follow(stage.api, NAMESPACE, sight)
    for _ in range(2):
        world.add_node()
        world.add_spot()
    world.add_spot("on-demand")
    wait_until(lambda: _has_account(stage), "the namespace has its ServiceAccount", 60)
    world.operate(account).wait_until_leading()
    world.operate(account)
    week = week_of(named(TRACE), TRACE_BEGINS)
    soak = Soak(world, Course(clock, sight), account, week, begin_of(clock.now()))
    soak.make(*(f"steady-{index}" for index in range(given.pools - 2)), "spot-0", "spot-1")
    return soak


def begin_of(now: datetime) -> datetime:
    """Return the next whole hour but a few minutes: till then the first pools are made."""
    return now.replace(minute=0, second=0, microsecond=0) + HOUR


def renewed(stage: Stage) -> Installation:
    """Return the operator's account with a token that lasts longer than the soak."""
    account, cluster = stage.account, stage.cluster
    asked = ["create", "token", account.account, "--namespace", account.namespace, "--duration=4000h"]
    path = cluster.directory / "soak.kubeconfig"
    write_kubeconfig(path, cluster.server, cluster.ca, {"token": cluster.kubectl(*asked).strip()})
    return replace(account, kubeconfig=path)


def _has_account(stage: Stage) -> bool:
    return bool(stage.api.get(f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts")["items"])


def course(soak: Soak, given: Given) -> tuple[int, float]:
    """Let the days pass, as many as there is time for; return the hours that did, and the seconds that it took."""
    steady = [name for name in soak.world.pools if not is_spot(name)]
    plan = planned(given.days, steady, given.seed, given.churn)
    soak.course.clock.leap(soak.begin - soak.course.clock.now())
    began, hour = time.monotonic(), 0
    while hour < given.days * 24 and time.monotonic() - began < given.minutes * 60:
        soak.live(hour, plan.get(hour, ()))
        hour += 1
        if hour % max(1, given.days * 24 // SAMPLES) == 0:
            soak.measure(hour)
    return hour, time.monotonic() - began


def judged(soak: Soak, given: Given, hours: int, took: float) -> Json:
    """End the operator, and return what all of it came to."""
    soak.course.still(soak.count)
    looks, last = soak.world.clock.board.read().looks, soak.measured
    for operator in reversed(soak.world.operators):
        soak.world.close() if operator is soak.world.leader else None
        operator.stop()
    api = soak.world.stage.api
    maps = api.get(f"/api/v1/namespaces/{soak.account.namespace}/configmaps?labelSelector={LEDGER_LABEL}")["items"]
    noted = soak.world.clock.board.path.with_suffix(".bills")
    shutil.copy(noted, save("soak-ledger", {"months": maps}).with_name("soak-bills.jsonl"))
    bills = noted.read_text(encoding="utf-8").splitlines()
    prices = {line: Decimal(price) for line, price in PRICES.items()}
    money = balances(soak.world.lives, list(soak.course.sight.rented.values()), prices, told(maps), bills)
    return {
        "given": asdict(given),
        "days": hours / 24,
        "seconds": round(took),
        "ratio": round(hours * 3600 / took),
        "looks": looks,
        "seconds_moving": round(soak.course.waited),
        "seconds_looking": round(soak.course.looked),
        "leaps": soak.course.leaps,
        "happened": dict(soak.done),
        "sizes": sum(map(len, soak.course.sight.sizes.values())),
        "wrong_sizes": wrong_by_pool(soak.course.sight.sizes, soak.world.orders),
        "ended_by_themselves": soak.ended,
        "late_looks": soak.course.late,
        "restless": soak.course.restless,
        "slopes": slopes(last),
        "money": settled(money),
        "pools": [shown(one) for one in money],
        "measured": last,
    }


def slopes(measured: Sequence[Json]) -> dict[str, Json]:
    """Return the slopes over the last two thirds of the time for which the last leader led; before, it warms up."""
    mine = [one for one in measured if measured and one["leader"] == measured[-1]["leader"]]
    points = mine[len(mine) // 3 :]
    known = {each: found for each in GROWTHS if points and (found := each.slope(points))}
    for each, one in known.items():
        print(one.line(each.figure, f"{each.unit} a {each.per}"))
    return {each.name: {**asdict(one), "verdict": one.verdict, "points": len(points)} for each, one in known.items()}


def settled(money: Sequence[Balance]) -> Json:
    """Return what all balances come to."""
    total = sum((one.expected for one in money), Decimal(0))
    worst = max((abs(one.off) for one in money), default=Decimal(0))
    beyond = [one.name for one in money if not one.holds]
    wrong = [one.name for one in money if abs(one.miscounted) >= CENT]
    counted = max((abs(one.miscounted) for one in money), default=Decimal(0))
    print(
        f"seen:    {len(money)} pools, {total:.2f} by our watch, at most {worst:.4f} off, beyond what may be: {beyond}"
    )
    print(f"counted: at most {counted:.6f} off what was billed, a cent or more: {wrong}")
    figures = {"expected": total, "worst": worst, "counted": counted}
    told = {name: f"{amount:.6f}" for name, amount in figures.items()}
    return {"pools": len(money), **told, "beyond": beyond, "miscounted": wrong}


def shown(one: Balance) -> Json:
    """Return a balance as the file has it."""
    amounts = {"told": one.told, "expected": one.expected, "off": one.off, "allowed": one.allowed}
    amounts |= {"miscounted": one.miscounted}
    return {"name": one.name, **{name: f"{amount:.4f}" for name, amount in amounts.items()}}


def main() -> int:
    """Run the soak; figures are printed, not judged."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=30, help="days of the moved clock (30)")
    parser.add_argument("--minutes", type=float, default=60, help="minutes after which it ends all the same (60)")
    parser.add_argument("--pools", type=int, default=12, help="pools from the beginning to the end, two on spot (12)")
    parser.add_argument("--churn", type=int, default=1, help="how many times as much happens in a day (1)")
    parser.add_argument("--seed", type=int, default=1, help="of what happens when (1)")
    found = run(Given(**vars(parser.parse_args())))
    brief = {name: found[name] for name in ("days", "seconds", "ratio", "looks", "leaps", "happened", "wrong_sizes")}
    print(brief, f"{len(found['ended_by_themselves'])} ended by themselves, {found['late_looks']} late looks")
    with suppress(OSError):
        print(f"-> {save('soak', found)}")
    return 0


if __name__ == "__main__":
    leave_with(main)
