"""The ledger as a FOCUS 1.2 dataset (FinOps Open Cost and Usage Specification, Cost and Usage): rows and columns.

The provider is the operator itself, so that no row is mistaken for one of the cloud's.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from poolkeeper.api.amounts import format_number
from poolkeeper.api.focus_charges import Charge, charges
from poolkeeper.api.ledger import Entry
from poolkeeper.api.units import format_instant
from poolkeeper.core.days import COMMITMENTS, ZERO, Amount, month_of, next_month
from poolkeeper.core.zones import instant, zone

Cells = Mapping[str, str]
"""A row by column; a column that is not there is null."""

PUBLISHER = "Poolkeeper"
UNIT = "GPU-Hours"
TWELVE = Decimal("1e-12")
COLUMNS = (
    "AvailabilityZone",
    "BilledCost",
    "BillingAccountId",
    "BillingAccountName",
    "BillingAccountType",
    "BillingCurrency",
    "BillingPeriodEnd",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargeClass",
    "ChargeDescription",
    "ChargeFrequency",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "CommitmentDiscountCategory",
    "CommitmentDiscountId",
    "CommitmentDiscountName",
    "CommitmentDiscountQuantity",
    "CommitmentDiscountStatus",
    "CommitmentDiscountType",
    "CommitmentDiscountUnit",
    "ConsumedQuantity",
    "ConsumedUnit",
    "ContractedCost",
    "ContractedUnitPrice",
    "EffectiveCost",
    "InvoiceId",
    "InvoiceIssuerName",
    "ListCost",
    "ListUnitPrice",
    "PricingCategory",
    "PricingCurrency",
    "PricingCurrencyContractedUnitPrice",
    "PricingCurrencyEffectiveCost",
    "PricingCurrencyListUnitPrice",
    "PricingQuantity",
    "PricingUnit",
    "ProviderName",
    "PublisherName",
    "RegionId",
    "RegionName",
    "ResourceId",
    "ResourceName",
    "ResourceType",
    "ServiceCategory",
    "ServiceName",
    "ServiceSubcategory",
    "SkuId",
    "SkuMeter",
    "SkuPriceDetails",
    "SkuPriceId",
    "SubAccountId",
    "SubAccountName",
    "SubAccountType",
    "Tags",
    "x_Day",
    "x_Gap",
    "x_GenerationTokens",
    "x_IdleReplicaHours",
    "x_PoolkeeperLine",
    "x_PoolkeeperPool",
    "x_PoolkeeperUid",
    "x_PromptTokens",
    "x_Provider",
    "x_ReadyReplicaHours",
    "x_ReplicaHours",
    "x_Requests",
    "x_SavingsQueue",
    "x_SavingsSchedule",
    "x_SavingsSpot",
    "x_UnpricedGpuHours",
)
"""The specification's columns, then ours; what is of the whole day stands in the day's first row alone.

Those for capacity reservations are left out, as it asks where there are none; there is one currency.
"""


def table(entries: Iterable[Entry]) -> str:
    """Return entries as CSV, one row for each pool, day and charge."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for entry in entries:
        writer.writerows(rows(entry))
    return text.getvalue()


def rows(entry: Entry) -> Iterator[Cells]:
    """Yield the rows of a pool's day."""
    common, whole = heading(entry), of_the_day(entry.day.amount)
    for charge in charges(entry.day.amount):
        yield common | costs(charge) | discount(entry, charge) | sku(charge) | resource(entry, charge) | whole
        whole = {}


def heading(entry: Entry) -> dict[str, str]:
    """Return what all rows of a pool's day have in common."""
    begin, end = bounds(entry, entry.day.on, entry.day.on + timedelta(days=1))
    month, after = bounds(entry, month_of(entry.day.on), next_month(entry.day.on))
    return {
        "BillingAccountId": entry.cluster,
        "BillingAccountName": entry.cluster,
        "BillingAccountType": "Cluster",
        "BillingCurrency": entry.currency,
        "PricingCurrency": entry.currency,
        "BillingPeriodStart": format_instant(month),
        "BillingPeriodEnd": format_instant(after),
        "ChargePeriodStart": format_instant(begin),
        "ChargePeriodEnd": format_instant(end),
        "InvoiceIssuerName": PUBLISHER,
        "ProviderName": PUBLISHER,
        "PublisherName": PUBLISHER,
        "ServiceCategory": "AI and Machine Learning",
        "ServiceName": "InferencePool",
        "ServiceSubcategory": "Generative AI",
        "SubAccountId": f"{entry.cluster}/{entry.namespace}",
        "SubAccountName": entry.namespace,
        "SubAccountType": "Namespace",
        "Tags": json.dumps(dict(entry.labels), ensure_ascii=False),
        "x_Day": entry.day.on.isoformat(),
        "x_PoolkeeperPool": f"{entry.namespace}/{entry.name}",
        "x_PoolkeeperUid": entry.uid,
    }


def bounds(entry: Entry, begin: date, end: date) -> tuple[datetime, datetime]:
    """Return when a day begins, and when a later one does, by the clock of the pool's zone."""
    place = zone(entry.timezone)
    return instant(datetime.combine(begin, time()), place), instant(datetime.combine(end, time()), place)


def costs(charge: Charge) -> dict[str, str]:
    """Return amounts, quantities and unit prices."""
    hours = decimal(charge.gpu_hours)
    consumed = {"ConsumedQuantity": hours, "ConsumedUnit": UNIT} if charge.consumed else {}
    contracted, listed = unit_price(charge.contracted, charge.priced), unit_price(charge.listed, charge.priced)
    return consumed | {
        "ChargeCategory": charge.category,
        "ChargeDescription": charge.words,
        "ChargeFrequency": "Recurring" if charge.category == "Purchase" else "Usage-Based",
        "BilledCost": decimal(charge.billed),
        "EffectiveCost": decimal(charge.effective),
        "ContractedCost": decimal(charge.contracted),
        "ContractedUnitPrice": contracted,
        "ListCost": decimal(charge.listed),
        "ListUnitPrice": listed,
        "PricingCategory": charge.pricing,
        "PricingCurrencyContractedUnitPrice": contracted,
        "PricingCurrencyEffectiveCost": decimal(charge.effective),
        "PricingCurrencyListUnitPrice": listed,
        "PricingQuantity": decimal(charge.priced),
        "PricingUnit": UNIT,
        "x_PoolkeeperLine": charge.line,
        "x_ReplicaHours": decimal(charge.replica_hours),
        "x_UnpricedGpuHours": decimal(charge.gpu_hours - charge.priced),
    }


def decimal(number: Decimal) -> str:
    """Return a number that every reader takes for a decimal, also where it is whole."""
    text = format_number(number)
    return text if "." in text else f"{text}.0"


def unit_price(cost: Decimal, hours: Decimal) -> str:
    """Return the price of a GPU-hour, to twelve decimals, so that price times hours is the cost."""
    return f"{(cost / hours if hours else ZERO).quantize(TWELVE):f}"


def discount(entry: Entry, charge: Charge) -> dict[str, str]:
    """Return what relates a row to the pool's commitments."""
    if not charge.status and charge.category == "Usage":
        return {}
    return {
        "CommitmentDiscountCategory": "Usage",
        "CommitmentDiscountId": commitments_id(entry),
        "CommitmentDiscountName": f"{entry.namespace}/{entry.name}",
        "CommitmentDiscountQuantity": decimal(charge.gpu_hours),
        "CommitmentDiscountStatus": charge.status,
        "CommitmentDiscountType": "Commitment",
        "CommitmentDiscountUnit": UNIT,
    }


def commitments_id(entry: Entry) -> str:
    """Return what a pool's commitments are told by, all of them together."""
    return f"{pool_id(entry)}/{COMMITMENTS}"


def pool_id(entry: Entry) -> str:
    """Return what a pool is told by, for good."""
    return f"{entry.cluster}/{entry.namespace}/{entry.name}/{entry.uid}"


def sku(charge: Charge) -> dict[str, str]:
    """Return what was rented, and where; nothing where a line's machines differ."""
    kind = one({place.instance or place.gpu for place in charge.places})
    region = one({place.region for place in charge.places})
    found = {
        "AvailabilityZone": one({place.zone for place in charge.places}),
        "RegionId": region,
        "RegionName": region,
        "SkuId": f"gpu/{kind or 'any'}",
        "SkuMeter": "GPU time",
        "SkuPriceId": "/".join(("gpu", kind or "any", region or "any", charge.line, charge.pricing)),
        "x_Provider": one({place.provider for place in charge.places}),
    }
    instance = one({place.instance for place in charge.places})
    return found | ({"SkuPriceDetails": json.dumps({"InstanceType": instance})} if instance else {})


def one(words: set[str]) -> str:
    """Return the only one of several words, empty where they differ."""
    return next(iter(words)) if len(words) == 1 else ""


def resource(entry: Entry, charge: Charge) -> dict[str, str]:
    """Return which resource a row is for; the unused part of commitments is for none."""
    if charge.status == "Unused":
        return {}
    bought = charge.category == "Purchase"
    return {
        "ResourceId": commitments_id(entry) if bought else pool_id(entry),
        "ResourceName": f"{entry.namespace}/{entry.name}",
        "ResourceType": "Commitment" if bought else "InferencePool",
    }


def of_the_day(amount: Amount) -> dict[str, str]:
    """Return what belongs to the day as a whole."""
    saved, use = amount.savings, amount.use
    savings = {
        "x_SavingsQueue": decimal(saved.queue),
        "x_SavingsSchedule": decimal(saved.schedule),
        "x_SavingsSpot": decimal(saved.spot),
    }
    return (savings if saved.baseline is not None else {}) | {
        "x_Gap": decimal(amount.gap),
        "x_GenerationTokens": f"{use.generation_tokens:.0f}",
        "x_IdleReplicaHours": f"{use.idle_hours:.6f}",
        "x_PromptTokens": f"{use.prompt_tokens:.0f}",
        "x_ReadyReplicaHours": f"{use.ready_hours:.6f}",
        "x_Requests": f"{use.requests:.0f}",
    }
