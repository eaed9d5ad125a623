"""From zero: the first replica on the tier that starts sooner; R7's split comes back once it is ready."""

from dataclasses import replace
from datetime import timedelta

import pytest

from market import SPOT, Market, spotted
from poolkeeper.core.idle import first
from poolkeeper.core.memory import Starts
from poolkeeper.core.model import ON_DEMAND, Guaranteed, Limits, Schedule, Window
from poolkeeper.core.observation import Target
from poolkeeper.core.split import begun
from poolkeeper.core.startup import Capacity
from poolkeeper.core.tiers import Part

PARTS = tuple(Part(tier, Target(0, tier=tier.name), Capacity(0, 0, 0), 0, 0) for tier in (SPOT, ON_DEMAND))


def starts(**seconds: float) -> dict[str, Starts]:
    """Return three starts of each tier that took so long."""
    return {name.replace("_", "-"): Starts(durations=(timedelta(seconds=took),) * 3) for name, took in seconds.items()}


@pytest.mark.parametrize(
    ("known", "tier"),
    [
        (starts(spot=30, on_demand=60), "spot"),
        (starts(spot=60, on_demand=30), "on-demand"),
        (starts(spot=60, on_demand=60), "on-demand"),
        (starts(spot=30), "on-demand"),
        (starts(on_demand=60), "on-demand"),
        ({}, "on-demand"),
    ],
)
def test_the_tier_that_starts_sooner_is_asked_first(known, tier):
    assert first(PARTS, known) == tier


@pytest.mark.parametrize("changes", [{"short": True}, {"wanted": False}, {"target": Target(0, refused="quota")}])
def test_a_tier_that_cannot_be_had_leaves_no_choice(changes):
    assert first((replace(PARTS[0], **changes), PARTS[1]), starts(spot=30, on_demand=60)) == ""


@pytest.mark.parametrize(
    ("dues", "tier", "made"),
    [
        ({"spot": 3, "on-demand": 0}, "on-demand", {"spot": 2, "on-demand": 1}),
        ({"spot": 2, "on-demand": 1}, "on-demand", {"spot": 2, "on-demand": 1}),
        ({"spot": 3, "on-demand": 0}, "", {"spot": 3, "on-demand": 0}),
        ({"spot": 0, "on-demand": 0}, "spot", {"spot": 0, "on-demand": 0}),
    ],
)
def test_the_first_replica_is_taken_from_the_larger_part(dues, tier, made):
    assert begun(dues, tier) == made


class Sleeper(Market):
    """A pool at zero, all of it meant for spot, of which nothing waits at first."""

    def __init__(self, **changes) -> None:
        self.is_up = False
        super().__init__(spotted(guaranteed=Guaranteed(), **changes), on_demand=0, spot=0)

    def look(self):
        if not self.is_up:
            self.waiting = 0.0
        return super().look()

    def wake(self) -> "Sleeper":
        """Let something wait from now on."""
        self.is_up, self.waiting = True, 500.0
        return self


def test_it_wakes_on_on_demand_where_no_start_is_known():
    market = Sleeper().wake()
    assert market.run(10).asked == (1, 0)


def test_it_stays_there_while_it_loads():
    market = Sleeper().wake()
    assert market.run(80).asked == (1, 0)


def test_once_it_is_ready_spot_is_made_before_it_goes():
    market = Sleeper().wake()
    market.run(110)
    assert market.asked == (1, 1)


def test_it_goes_once_spot_is_steady():
    market = Sleeper().wake()
    assert market.run(1200).asked == (0, 1)


def test_a_restart_while_it_loads_changes_nothing():
    market = Sleeper().wake()
    market.run(20)
    market.restart()
    assert market.run(20).asked == (1, 0)


def test_a_window_that_wakes_it_leaves_the_split_alone():
    window = Window("day", "1 12 * * *", "0 13 * * *", Limits(floor=2))
    schedule = Schedule((window,), lead_time=timedelta(0))
    assert Sleeper(schedule=schedule).run(70).asked == (0, 2)
