"""The operator's own page after six weeks: one pool that was lived through, and one that has every trouble at once."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from builders import Rig, at, published, statement
from poolkeeper.core.account import Told
from poolkeeper.core.costing import Baseline, Budget, Costing
from poolkeeper.core.days import Amount, Line, Use
from poolkeeper.core.decision import Decision, Health, Share, Stage
from poolkeeper.core.economics import UnitCost
from poolkeeper.core.meter import Bill, Billed
from poolkeeper.core.model import ON_DEMAND, CapacityType, Tier
from poolkeeper.core.observation import Reading
from poolkeeper.core.prices import Book, Place, Row
from poolkeeper.core.rates import Rental
from poolkeeper.core.reasons import Reason
from poolkeeper.core.statement import Budgeted, Statement, review
from poolkeeper.core.teams import Standing, Team
from poolkeeper.shell.kube_errors import TooManyRequests
from poolkeeper.shell.telemetry import Telemetry

CHAT, CODE = ("inference", "chat"), ("inference", "code")
HOUR, DAY = 3600, 86400
SINCE = datetime(2025, 12, 1, tzinfo=UTC)
BOOK = Book(
    tuple(Row(price, "USD", SINCE, gpu="H100", spot=spot) for price, spot in ((Decimal(3), False), (Decimal(1), True)))
)
COST = Costing(baseline=Baseline(Decimal(8)), budget=Budget(Decimal(12000)))
SPLIT = published(tiers=(Tier("spot", CapacityType.SPOT), ON_DEMAND), cost=COST)
END = 45 * DAY
ODD = date(2026, 4, 15)


class Page:
    """The page. Each time it is read, something has been written and refused, and a look was late."""

    def __init__(self) -> None:
        self.telemetry = Telemetry()
        self._live()
        self._ail()
        for name, used in (("search", "1.1"), ("media", "0.9")):
            self.telemetry.team_stood(Team(name, {}, Budget(Decimal(1000))), stood(Decimal(used)))
        self.telemetry.leader.set(1)
        self.telemetry.pools.set(2)
        self.telemetry.watch_age.labels("pods").set(900)
        self.telemetry.price_book_problems.set(2)
        self.telemetry.price_book_age.set(timedelta(days=60).total_seconds())

    def read(self) -> bytes:
        """Return the page as it is now."""
        self.telemetry.scaled(CODE, RECLAIMED)
        self.telemetry.lag_seconds.observe(2)
        for kind in ("ledger", "scale"):
            with suppress(TooManyRequests):
                self._fail(kind)
        return self.telemetry.page()

    def _fail(self, kind: str) -> None:
        with self.telemetry.write(kind):
            raise TooManyRequests("busy", status=429)

    def _live(self) -> None:
        rig = Rig(published(cost=COST))
        for second in range(0, END, HOUR):
            decision = rig.look(second, Reading("edge", at(second), waiting=500), bill=bill(at(second)))
        self.telemetry.decided(CHAT, rig.spec, decision)
        said = review(rig.memory.account, rig.spec, at(END)).statement
        self.telemetry.cost.told(CHAT, said, {"team": "search", "model": "llama"})

    def _ail(self) -> None:
        self.telemetry.decided(CODE, SPLIT, RECLAIMED)
        self.telemetry.cost.told(CODE, AILING, {})


def bill(now: datetime) -> Bill:
    """Return what is rented: on-demand all the time, spot by day, and one day more than twice as much of it."""
    spot = (8 if now.date() == ODD else 3) if 8 <= now.hour < 20 else 1
    kinds = [("on-demand", False)] * 2 + [("spot", True)] * spot
    items = (
        Billed(f"{tier}-{number}", Rental(tier, Place(gpu="H100", spot=spot), Decimal(2)), at(-DAY))
        for number, (tier, spot) in enumerate(kinds)
    )
    return Bill(tuple(items), BOOK)


RECLAIMED = Decision(
    10,
    10,
    8,
    Reason.AT_MAXIMUM,
    ready=7,
    depth=70,
    trail=(Stage("demand", 10, 10, Reason.STEADY),),
    shares=(
        Share("spot", 9, 7, 9, ready=6, reason=Reason.SPOT_RECLAIMED),
        Share("on-demand", 1, 4, 1, ready=1, reason=Reason.SPOT_RECLAIMED),
    ),
    health=Health(
        lost=3,
        metrics=Reason.METRIC_TIMEOUT,
        startup=Reason.STARTUP_BLOCKED,
        slo=Reason.OUTSIDE_SLO,
        slo_share=0.8,
        slo_burn_rate=20,
    ),
)
HELD = Budgeted(Decimal(1000), Decimal("1.1"), Decimal("1.3"), Reason.BUDGET_EXCEEDED, holds=True)
WORKED = Amount(
    {"spot": Line(Decimal(40), Decimal(40), contracted=Decimal(40), effective=Decimal(40))},
    use=Use(1000, 500_000, 200_000, prefill_hours=2, decode_hours=6),
)


def stood(used: Decimal) -> Standing:
    """Return how a budget of several pools stands."""
    return Standing(1000 * used, 1200 * used, used, Decimal("1.2") * used, (), Told(), ())


AILING: Statement = statement(
    budget=HELD,
    hour=Amount({"spot": Line(Decimal(4), Decimal(4), unpriced=Decimal(2), effective=Decimal(4))}),
    idle=0.9,
    day=WORKED,
    units=(UnitCost("order", Decimal("0.02"), Decimal("0.43")),),
)
