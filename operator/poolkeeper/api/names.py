"""Every name that Kubernetes sees: group, kind, labels, annotations, field manager."""

from typing import Final

GROUP: Final = "poolkeeper.io"
VERSION: Final = "v1alpha1"
API_VERSION: Final = f"{GROUP}/{VERSION}"
KIND: Final = "InferencePool"
PLURAL: Final = "inferencepools"
SINGULAR: Final = "inferencepool"
SHORT: Final = "ipool"
CATEGORY: Final = "poolkeeper"
RESOURCE: Final = f"{PLURAL}.{GROUP}"

FIELD_MANAGER: Final = "poolkeeper"
LEASE: Final = "poolkeeper"
PRICES_KEY: Final = "prices.csv"
ACCEPTED_SUFFIX: Final = "-accepted"
TEAM_BUDGETS: Final = "poolkeeper-budgets"

POOL_LABEL: Final = f"{GROUP}/pool"
TIER_LABEL: Final = f"{GROUP}/tier"
PROVIDER_LABEL: Final = f"{GROUP}/provider"
LEDGER_LABEL: Final = f"{GROUP}/ledger"
JOURNAL_LABEL: Final = f"{GROUP}/journal"
JOURNAL_OF: Final = f"{GROUP}/journal-of"
JOURNAL_UNTIL: Final = f"{GROUP}/journal-until"
JOURNAL_BYTES: Final = f"{GROUP}/journal-bytes"
POOL_UID_LABEL: Final = f"{GROUP}/pool-uid"
MANAGED_BY: Final = "app.kubernetes.io/managed-by"
PAUSED_UNTIL: Final = f"{GROUP}/paused-until"
RELEASING: Final = f"{GROUP}/releasing"
BUDGET_LIFTED_UNTIL: Final = f"{GROUP}/budget-lifted-until"
BUDGET_LIFTED_BY: Final = f"{GROUP}/budget-lifted-by"
OVERRIDE: Final = f"{GROUP}/override"
COST_PER_HOUR: Final = f"{GROUP}/cost-per-hour"
COST_MONTH_TO_DATE: Final = f"{GROUP}/cost-month-to-date"
COST_FORECAST_MONTH_END: Final = f"{GROUP}/cost-forecast-month-end"
SAVINGS_MONTH_TO_DATE: Final = f"{GROUP}/savings-month-to-date"

DELETION_COST: Final = "controller.kubernetes.io/pod-deletion-cost"
LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"


def shown(name: str) -> str:
    """Return how messages name a pool: the short name, because another API owns a kind of the same name."""
    return f"{SHORT}/{name}"
