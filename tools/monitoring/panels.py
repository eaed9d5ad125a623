"""The dashboard's panels: what each shows, by which queries.

`$namespace` and `$pool` are what the reader has chosen, `$currency` one currency, as amounts of several are never
added, and `$label` the label whose values spend is shown by. Each query takes the
largest value over the processes first.
"""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]

POOLS = 'namespace=~"$namespace",pool=~"$pool"'
MONEY = f'{POOLS},currency="$currency"'
PER_HOUR = f"max by (namespace, pool, tier) (poolkeeper_pool_cost_per_hour{{{MONEY}}})"
LABELLED = f'poolkeeper_pool_label{{{POOLS},key="$label"}}'
UNLABELLED = f"sum({PER_HOUR} unless on (namespace, pool) {LABELLED})"
SAVED = f"max by (namespace, pool, cause) (poolkeeper_pool_cost_savings_month_to_date{{{MONEY}}})"

AMOUNT: Json = {"unit": "none", "decimals": 2}
PRICE: Json = {"unit": "none", "decimals": 4}
SHARE: Json = {"unit": "percentunit", "decimals": 1}
COUNT: Json = {"unit": "short", "min": 0}
SECONDS: Json = {"unit": "s", "min": 0}
POOL = "{{namespace}}/{{pool}}"


def per_pool(metric: str, selector: str = POOLS) -> str:
    """Return the query of a metric by pool."""
    return f"max by (namespace, pool) (poolkeeper_pool_{metric}{{{selector}}})"


@dataclass(frozen=True)
class Query:
    """A query, and what its series are called."""

    expression: str
    legend: str = ""


@dataclass(frozen=True)
class Panel:
    """A panel of Grafana's kind `kind`. `width` is in its grid of 24 columns; `stacked` series add up to a whole."""

    title: str
    description: str
    queries: tuple[Query, ...]
    kind: str = "timeseries"
    format: Json = field(default_factory=lambda: COUNT)
    width: int = 12
    height: int = 8
    stacked: bool = False
    limits: tuple[float, ...] = ()


def figure(title: str, description: str, expression: str, form: Json) -> Panel:
    """Return a panel of one number."""
    return Panel(title, description, (Query(expression),), "stat", form, width=4, height=4)


SPEND = (
    figure("Spend per hour ($currency)", "What an hour costs now.", f"sum({PER_HOUR})", AMOUNT),
    figure(
        "Month to date ($currency)",
        "What the calendar month has cost; months are those of each pool's zone.",
        f"sum({per_pool('cost_month_to_date', MONEY)})",
        AMOUNT,
    ),
    figure(
        "Expected by the month's end ($currency)",
        "Where the month will end, if it goes on as such months do.",
        f"sum({per_pool('cost_month_end_expected', MONEY)})",
        AMOUNT,
    ),
    figure("Saved this month ($currency)", "Against the pools' baselines, all causes.", f"sum({SAVED})", AMOUNT),
    figure(
        "Idle share",
        "Of the month's ready replica-hours, those with nothing to do: the mean of the pools.",
        f"avg({per_pool('cost_idle_ratio')})",
        SHARE,
    ),
    figure(
        "Oldest price in use",
        "How long ago it came into effect.",
        f"max(poolkeeper_pool_cost_price_age_seconds{{{POOLS}}})",
        SECONDS,
    ),
    Panel(
        "Spend per hour by pool ($currency)",
        "All tiers, overhead and unused commitments.",
        (Query(f"sum by (namespace, pool) ({PER_HOUR})", POOL),),
        format=AMOUNT,
        stacked=True,
    ),
    Panel(
        "Spend per hour by tier ($currency)",
        "Beside the tiers: what nodes cost beyond the replicas, and commitments that are not used.",
        (Query(f"sum by (tier) ({PER_HOUR})", "{{tier}}"),),
        format=AMOUNT,
        stacked=True,
    ),
    Panel(
        "Spend per hour by $label ($currency)",
        "By the value of a label that the pools bear; those without it are one series.",
        (
            Query(
                f"sum by (value) ({PER_HOUR} * on (namespace, pool) group_left (value)"
                f" max by (namespace, pool, value) ({LABELLED}))",
                "{{value}}",
            ),
            Query(f"{UNLABELLED} > 0", "(unallocated)"),
        ),
        format=AMOUNT,
        stacked=True,
    ),
    Panel(
        "The month so far, and where it will end ($currency)",
        "By pool.",
        (
            Query(per_pool("cost_month_to_date", MONEY), f"{POOL} so far"),
            Query(per_pool("cost_month_end_expected", MONEY), f"{POOL} expected"),
        ),
        "bargauge",
        AMOUNT,
    ),
)
SAVINGS = (
    Panel(
        "Saved this month by cause ($currency)",
        "Against the baseline: by following the queue, by the schedule, by spot. Negative where the pool cost more.",
        (Query(f"sum by (cause) ({SAVED})", "{{cause}}"),),
        format=AMOUNT,
        stacked=True,
    ),
    Panel(
        "Requests inside the SLO",
        "Of the last hour: what the savings beside it did to those who wait.",
        (Query(per_pool("slo_inside_ratio"), POOL),),
        format=SHARE | {"max": 1},
    ),
    Panel(
        "Budget used, and expected by the month's end",
        "1 is all of it.",
        (
            Query(per_pool("cost_budget_used_ratio"), f"{POOL} used"),
            Query(per_pool("cost_budget_expected_ratio"), f"{POOL} expected"),
        ),
        "bargauge",
        SHARE | {"min": 0},
        limits=(0.8, 1.0),
    ),
    Panel(
        "Idle share of the month by pool",
        "Ready replica-hours with nothing to do.",
        (Query(per_pool("cost_idle_ratio"), POOL),),
        format=SHARE | {"min": 0, "max": 1},
    ),
    Panel(
        "GPUs without a price",
        "They are in no amount of money on this page.",
        (Query(per_pool("cost_unpriced_gpus"), POOL),),
    ),
    Panel(
        "Price book",
        "How old its newest price is, and how many mistakes keep a newer one from counting.",
        (
            Query("max(poolkeeper_price_book_age_seconds) / 86400", "age in days"),
            Query("max(poolkeeper_price_book_problems)", "mistakes"),
        ),
    ),
)
WORK = (
    Panel(
        "Cost per million tokens ($currency)",
        "Of the day so far, idle time included: all tokens, and those of prompts and of output each with their part.",
        (
            Query(
                f'max by (namespace, pool, phase) (poolkeeper_pool_cost_per_million_tokens{{{MONEY},period="day"}})',
                f"{POOL} {{{{phase}}}}",
            ),
        ),
        format=PRICE,
    ),
    Panel(
        "Cost per request ($currency)",
        "Of the day so far, idle time included.",
        (Query(f'max by (namespace, pool) (poolkeeper_pool_cost_per_request{{{MONEY},period="day"}})', POOL),),
        format=PRICE,
    ),
    Panel(
        "Cost and margin per unit ($currency)",
        "What one of a unit of the spec cost over the last 24 hours, and what of its revenue that left.",
        (
            Query(f"max by (namespace, pool, unit) (poolkeeper_pool_cost_per_unit{{{MONEY}}})", f"{POOL} {{{{unit}}}}"),
            Query(
                f"max by (namespace, pool, unit) (poolkeeper_pool_cost_unit_margin{{{MONEY}}})",
                f"{POOL} {{{{unit}}}} margin",
            ),
        ),
        format=PRICE,
    ),
    Panel(
        "Budgets of several pools together",
        "Used, and expected by the month's end; 1 is all of it.",
        (
            Query("max by (budget) (poolkeeper_team_budget_used_ratio)", "{{budget}} used"),
            Query("max by (budget) (poolkeeper_team_budget_expected_ratio)", "{{budget}} expected"),
        ),
        "bargauge",
        SHARE | {"min": 0},
        limits=(0.8, 1.0),
    ),
)
SIZE = (
    Panel("Queue", "Requests that wait.", (Query(per_pool("queue_depth"), POOL),)),
    Panel(
        "Replicas",
        "Decided, and ready, within the bounds in force.",
        (
            Query(per_pool("desired_replicas"), f"{POOL} decided"),
            Query(per_pool("ready_replicas"), f"{POOL} ready"),
            Query(per_pool("max_replicas"), f"{POOL} maximum"),
        ),
    ),
    Panel(
        "Replicas by tier",
        "Asked of each tier.",
        (
            Query(
                f"sum by (tier) (max by (namespace, pool, tier) (poolkeeper_pool_tier_replicas{{{POOLS}}}))", "{{tier}}"
            ),
        ),
        stacked=True,
    ),
    Panel(
        "Changes of size",
        "In an hour, by reason.",
        (Query(f"sum by (reason) (increase(poolkeeper_pool_scales_total{{{POOLS}}}[1h]))", "{{reason}}"),),
        stacked=True,
    ),
    Panel(
        "What keeps pools from scaling",
        "1: its metrics are gone, its replicas do not become ready, or its budget holds it back.",
        (
            Query(f"1 - {per_pool('metrics_available')}", f"{POOL} blind"),
            Query(per_pool("startup_blocked"), f"{POOL} blocked"),
            Query(per_pool("cost_budget_holds"), f"{POOL} held by its budget"),
        ),
    ),
    Panel(
        "Writes to the API server",
        "In a second, by what is written and what became of it.",
        (Query("sum by (kind, result) (rate(poolkeeper_api_writes_total[5m]))", "{{kind}} {{result}}"),),
    ),
)
ROWS = {
    "Spend": SPEND,
    "Savings, budget and prices": SAVINGS,
    "What the money bought": WORK,
    "Size and queue": SIZE,
}
"""The panels by the row that they stand in."""
