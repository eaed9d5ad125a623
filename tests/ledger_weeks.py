"""A ledger of 13 weeks and 12 pools of five teams, for tests of reports: no two days alike, always the same."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from poolkeeper.api import ledger
from poolkeeper.api.ledger import Entry
from poolkeeper.core.days import OVERHEAD, Amount, Day, Line, Savings, Use

FIRST, LAST = date(2026, 8, 24), date(2026, 11, 22)
"""A Monday, and the Sunday 13 weeks later."""
ODD = date(2026, 11, 18)
POOLS = {
    "chat": ("search", "llama-3.3-70b", 9),
    "chat-eu": ("search", "llama-3.3-70b", 6),
    "rerank": ("search", "bge-reranker", 2),
    "code": ("developers", "qwen3-coder", 7),
    "review": ("developers", "qwen3-coder", 3),
    "embed": ("platform", "bge-m3", 2),
    "guard": ("platform", "llama-guard", 1),
    "summaries": ("media", "mistral-small", 4),
    "captions": ("media", "pixtral", 3),
    "speech": ("media", "whisper-v3", 2),
    "agents": ("labs", "deepseek-v3", 8),
    "trial": ("", "gemma-3", 1),
}
"""By name: team (empty: none), model, and the replicas of a usual day."""
WEEK = (1.0, 1.05, 1.06, 1.02, 0.97, 0.55, 0.5)


def entries(first: date = FIRST, last: date = LAST) -> Iterator[Entry]:
    """Yield the days of all pools."""
    for name in POOLS:
        chance = Random(name)  # noqa: S311  no secret
        for number in range((LAST - FIRST).days + 1):
            on = FIRST + timedelta(days=number)
            day = Day(on, amount(name, on, chance))
            if first <= on <= last:
                yield entry(name, day)


def entry(name: str, day: Day) -> Entry:
    """Return a day of a pool as the ledger has it."""
    team, model, _ = POOLS[name]
    labels = {"model": model} | ({"team": team} if team else {})
    return Entry("prod", "inference", name, f"uid-{name}", "USD", "UTC", labels, day)


def amount(name: str, on: date, chance: Random) -> Amount:
    """Return what a day of a pool came to."""
    usual = POOLS[name][2]
    growth = 1 + 0.002 * (on - FIRST).days if name == "agents" else 1.0
    hours = Decimal(f"{24 * usual * WEEK[on.weekday()] * growth * chance.uniform(0.95, 1.05):.3f}")
    cover = hours * Decimal("0.6") if name == "code" and on == ODD else Decimal(0)
    kept = (hours * Decimal("0.3") + cover).quantize(Decimal("0.001"))
    spot = hours - kept
    lines = {
        "on-demand": line(kept, Decimal(3)),
        "spot": line(spot, Decimal("0.9")),
        OVERHEAD: line((hours / 20).quantize(Decimal("0.001")), Decimal(3)),
    }
    if name == "trial" and on.weekday() == 0:
        lines["on-demand"] = Line(kept, kept, unpriced=kept)
    baseline = Decimal(24 * usual) * 3
    saved = Savings(baseline - hours * 3, Decimal(0), spot * Decimal("2.1"), baseline) if name != "trial" else Savings()
    worked = float(hours) * 9000
    use = Use(worked, worked * 900, worked * 250, float(hours), float(hours) * chance.uniform(0.05, 0.3))
    return Amount(lines, saved, use, gap=Decimal(4) if name == "guard" and on == LAST else Decimal(0))


def line(hours: Decimal, price: Decimal) -> Line:
    """Return a line of a GPU-hour for each replica-hour, at this price where on-demand's is 3."""
    return Line(hours, hours, listed=hours * 3, contracted=hours * price, effective=hours * price)


def configmaps() -> list[dict]:
    """Return the ledger as the cluster has it."""
    months: dict[str, dict] = {}
    for one in entries():
        month = one.day.on.replace(day=1)
        name = ledger.configmap_name(month, one.uid)
        known = months.setdefault(
            name,
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": name, "labels": ledger.labels(month, one.uid)},
                "data": {},
            },
        )
        known["data"] |= ledger.data(one)
    return list(months.values())


def pools() -> list[dict]:
    """Return the pools, as far as a report asks for them."""
    return [
        {
            "kind": "InferencePool",
            "metadata": {"namespace": "inference", "name": name},
            "status": {"slo": f"{99.9 - 0.1 * place:.1f}%"} | ({"cost": {"budget": budget(name)}} if place < 4 else {}),
        }
        for place, name in enumerate(POOLS)
    ]


def budget(name: str) -> dict:
    """Return how a budget stands."""
    used = 40 + 5 * POOLS[name][2]
    state = "BudgetAlert" if used >= 80 else "WithinBudget"
    return {"monthly": str(1500 * POOLS[name][2]), "usedPercent": used, "expectedPercent": used + 25, "state": state}


if __name__ == "__main__":  # for the pictures of a report
    print(json.dumps({"items": configmaps()}))  # noqa: T201
