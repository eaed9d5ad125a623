"""What each rule is held against: series on which an alert fires, and some on which it does not.

Values are in promtool's own notation: `1x60` is 1 at the beginning and at each of the 60 minutes after it. Time begins
on the first of a month.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Series = Mapping[str, str]
Json = dict[str, Any]

POOL = '{namespace="inference",pool="chat"}'


@dataclass(frozen=True)
class Case:
    """Series on which an alert fires, so long after they began, and some on which it does not by then."""

    fires: Series
    rests: Sequence[Series]
    after: str = "30m"


def pool(metric: str, values: str) -> Series:
    """Return a series of a pool."""
    return {f"poolkeeper_pool_{metric}{POOL}": values}


def team(what: str, values: str) -> Series:
    """Return a share of a budget of several pools."""
    return {f'poolkeeper_team_budget_{what}_ratio{{budget="search"}}': values}


def writes(kind: str, result: str, values: str) -> Series:
    """Return a counter of writes."""
    return {f'poolkeeper_api_writes_total{{kind="{kind}",result="{result}"}}': values}


def leaders(*values: str) -> Series:
    """Return whether each of several processes leads."""
    return {f'poolkeeper_leader{{instance="{place}"}}': value for place, value in enumerate(values)}


def lags(late: str) -> Series:
    """Return a histogram of looks, so many of which were late by more than a second, and less than five."""
    buckets = {"1": "0+100x60", "5": late, "+Inf": late}
    return {f'poolkeeper_loop_lag_seconds_bucket{{le="{edge}"}}': values for edge, values in buckets.items()}


ALERTS: dict[str, Case] = {
    "PoolkeeperDown": Case({}, [leaders("1x60"), leaders("0x60")]),
    "PoolkeeperNoLeader": Case(leaders("0x60", "0x60"), [leaders("0x60", "1x60"), leaders("0x28 1x30")]),
    "PoolkeeperTwoLeaders": Case(leaders("1x60", "1x60"), [leaders("1x60", "0x60"), leaders("1x60", "0x28 1x30")]),
    "PoolkeeperWatchStale": Case(
        {'poolkeeper_watch_age_seconds{resource="pods"}': "0+60x60"},
        [{'poolkeeper_watch_age_seconds{resource="pods"}': "300x60"}],
    ),
    "PoolkeeperLooksLate": Case(lags("0+150x60"), [lags("0+100x60")]),
    "PoolkeeperWritesRefused": Case(
        writes("scale", "Forbidden", "0+1x60"),
        [
            writes("scale", "Done", "0+1x60"),
            writes("status", "ConflictError", "0+1x60"),
            writes("scale", "ServerError", "0x8 1x52"),
        ],
        "60m",
    ),
    "PoolkeeperLabelsOverwritten": Case(
        {'poolkeeper_pool_min_replicas{namespace="poolkeeper",exported_namespace="inference",pool="chat"}': "2x60"},
        [pool("min_replicas", "2x60")],
    ),
    "PoolkeeperPoolBlind": Case(
        pool("metrics_available", "1x10 0x50"),
        [pool("metrics_available", "1x60"), pool("metrics_available", "1x28 0x30")],
    ),
    "PoolkeeperPoolSLOFastBurn": Case(pool("slo_burn_rate", "20x60"), [pool("slo_burn_rate", "14x60")]),
    "PoolkeeperPoolSLOSlowBurn": Case(
        pool("slo_burn_rate", "7x500"), [pool("slo_burn_rate", "1x400 20x60"), pool("slo_burn_rate", "5x500")], "7h"
    ),
    "PoolkeeperPoolStartupBlocked": Case(
        pool("startup_blocked", "1x60"), [pool("startup_blocked", "0x60"), pool("startup_blocked", "0x27 1x30")]
    ),
    "PoolkeeperPoolAtMaximum": Case(
        pool("queue_depth", "9x60") | pool("desired_replicas", "8x60") | pool("max_replicas", "8x60"),
        [
            pool("queue_depth", "9x60") | pool("desired_replicas", "7x60") | pool("max_replicas", "8x60"),
            pool("queue_depth", "0x60") | pool("desired_replicas", "8x60") | pool("max_replicas", "8x60"),
        ],
    ),
    "PoolkeeperPoolSpotShort": Case(
        pool("spot_lost_replicas", "2x60"),
        [pool("spot_lost_replicas", "0x60"), pool("spot_lost_replicas", "0x30 2x30")],
        "40m",
    ),
    "PoolkeeperPriceUnknown": Case(pool("cost_unpriced_gpus", "4x60"), [pool("cost_unpriced_gpus", "0x60")]),
    "PoolkeeperPriceBookWrong": Case(
        {"poolkeeper_price_book_problems": "2x60"}, [{"poolkeeper_price_book_problems": "0x60"}]
    ),
    "PoolkeeperPriceBookOld": Case(
        {"poolkeeper_price_book_age_seconds": "4000000x120"},
        [{"poolkeeper_price_book_age_seconds": "86400x120"}],
        "90m",
    ),
    "PoolkeeperBudgetNearlyUsed": Case(
        pool("cost_budget_used_ratio", "0.8x60"),
        [pool("cost_budget_used_ratio", "0.79x60"), pool("cost_budget_used_ratio", "1x60")],
    ),
    "PoolkeeperBudgetUsedUp": Case(pool("cost_budget_used_ratio", "1x60"), [pool("cost_budget_used_ratio", "0.99x60")]),
    "PoolkeeperBudgetExpectedOver": Case(
        pool("cost_budget_expected_ratio", "1.2x4000") | pool("cost_budget_used_ratio", "0.5x4000"),
        [
            pool("cost_budget_expected_ratio", "1x4000") | pool("cost_budget_used_ratio", "0.5x4000"),
            pool("cost_budget_expected_ratio", "1.2x4000") | pool("cost_budget_used_ratio", "1x4000"),
        ],
        "60h",
    ),
    "PoolkeeperBudgetHoldsGrowth": Case(pool("cost_budget_holds", "1x60"), [pool("cost_budget_holds", "0x60")]),
    "PoolkeeperTeamBudgetNearlyUsed": Case(team("used", "0.8x60"), [team("used", "0.79x60"), team("used", "1x60")]),
    "PoolkeeperTeamBudgetUsedUp": Case(team("used", "1x60"), [team("used", "0.99x60")]),
    "PoolkeeperTeamBudgetExpectedOver": Case(
        team("expected", "1.2x4000") | team("used", "0.5x4000"),
        [
            team("expected", "1x4000") | team("used", "0.5x4000"),
            team("expected", "1.2x4000") | team("used", "1x4000"),
        ],
        "60h",
    ),
    "PoolkeeperSpendingUnusual": Case(
        pool("cost_unusual_ratio", "0.31x60"),
        [pool("cost_per_hour", "3x60"), pool("cost_unusual_ratio", "0.31x5 stale")],
    ),
    "PoolkeeperLedgerNotWritten": Case(
        writes("ledger", "ServerError", "0+1x120"),
        [writes("ledger", "Done", "0+1x120"), writes("ledger", "ServerError", "0 1x119")],
        "100m",
    ),
    "PoolkeeperMostlyIdle": Case(pool("cost_idle_ratio", "0.9x500"), [pool("cost_idle_ratio", "0.4x500")], "7h"),
}

EARLY = pool("cost_budget_expected_ratio", "1.2x4000")
"""On the first two days of a month nothing is said of its end."""


def priced(metric: str, more: str, values: str, team: str = "chat") -> Series:
    """Return a series of a pool in dollars, with more labels."""
    return {f'poolkeeper_pool_{metric}{{namespace="inference",pool="{team}",currency="USD"{more}}}': values}


TWICE = priced("cost_per_hour", ',tier="spot",instance="a"', "3x60") | priced(
    "cost_per_hour", ',tier="spot",instance="b"', "3x60"
)
"""A pool's spot as the process that leads shows it, and as the one before still does."""
COSTS = (
    TWICE
    | priced("cost_per_hour", ',tier="on-demand"', "4x60")
    | priced("cost_per_hour", ',tier="spot"', "10x60", "code")
)
TEAMS = {'poolkeeper_pool_label{namespace="inference",pool="chat",key="team",value="search"}': "1x60"}
SAVED = priced("cost_savings_month_to_date", ',cause="queue"', "50x60") | priced(
    "cost_savings_month_to_date", ',cause="spot"', "-20x60"
)

RECORDS: dict[str, tuple[Series, str, float]] = {
    "namespace_pool_currency:poolkeeper_pool_cost_per_hour:sum": (COSTS, 'pool="chat"', 7),
    "currency:poolkeeper_pool_cost_per_hour:sum": (COSTS, 'currency="USD"', 17),
    "currency:poolkeeper_pool_cost_month_to_date:sum": (
        priced("cost_month_to_date", "", "100x60") | priced("cost_month_to_date", "", "30x60", "code"),
        'currency="USD"',
        130,
    ),
    "namespace_pool_currency:poolkeeper_pool_cost_savings_month_to_date:sum": (SAVED, 'pool="chat"', 30),
    "team_currency:poolkeeper_pool_cost_per_hour:sum": (COSTS | TEAMS, 'team="search"', 7),
    "namespace_pool:poolkeeper_pool_slo_burn_rate:avg6h": (pool("slo_burn_rate", "0+1x60"), 'pool="chat"', 30),
}
"""Each recording rule: series, of which of its own one asks, and what that is after an hour."""


@dataclass(frozen=True)
class Trial:
    """One thing to ask promtool: an expression, when, and what it gives."""

    series: Series
    expression: str
    at: str
    value: float
    group: str = field(default="")

    @property
    def written(self) -> Json:
        """The trial as promtool reads it."""
        asked = {
            "expr": self.expression,
            "eval_time": self.at,
            "exp_samples": [{"labels": "{}", "value": self.value}],
        }
        given = [{"series": name, "values": values} for name, values in self.series.items()]
        return {"interval": "1m", "input_series": given, "promql_expr_test": [asked]}


def alert_trials(name: str) -> list[Trial]:
    """Return how an alert is tried: it fires, and it does not."""
    case = ALERTS[name]
    firing = f'count(ALERTS{{alertname="{name}",alertstate="firing"}}) or vector(0)'
    return [Trial(case.fires, firing, case.after, 1), *(Trial(series, firing, case.after, 0) for series in case.rests)]


def record_trial(name: str) -> Trial:
    """Return how a recording rule is tried."""
    series, which, value = RECORDS[name]
    return Trial(series, f"sum({name}{{{which}}})", "60m", value)
