"""names.md: what Kubernetes sees of us besides the resource: conditions, annotations, labels, the lease."""

from datetime import UTC, date, datetime
from decimal import Decimal

from poolkeeper.api import journal, ledger, names, workload
from poolkeeper.api.override import Override
from poolkeeper.api.status import Verdict, conditions
from poolkeeper.core.days import NOTHING
from poolkeeper.core.decision import Decision
from poolkeeper.core.memory import Pin
from poolkeeper.core.model import CapacityType, Tier
from poolkeeper.core.peer import Tied
from poolkeeper.core.reasons import Reason
from poolkeeper.core.statement import Budgeted, Statement
from poolkeeper.shell.settings import PRICE_BOOK
from reference.markdown import code, headed, table

INTRO = """A condition's `reason` is one of [the reasons](reasons.md); its message is for people and is not rewritten
for the sake of a number that moves."""

CONDITIONS = {
    "Ready": "The pool is looked at, its metrics answer, and its size can be written. What is wrong first stands here.",
    "AbleToScale": "The target exists, its size can be written, and new replicas become ready in time.",
    "ScalingActive": "The size follows the queue. `False`: the pool is frozen, or its spec cannot be accepted.",
    "ScalingLimited": "`True`: a bound keeps the size from what the queue asks for.",
    "MetricsAvailable": "Every source answers with a number that may be trusted.",
    "Conflict": "`True`: somebody else writes the target's size; nothing is written until that is over.",
    "SplitReady": "Each tier has its part of the size. `False`: another covers for it, hands back, or nothing can be "
    "split; the pool is ready all the same. Only with a tier of type Spot.",
    "WithinSLO": "Enough requests of the last hour left the queue in time. Only where `spec.slo` is given.",
    "Priced": "All that the pool uses has a price. `False`: a part has none and is in no amount; the message says "
    "which and why. Only where cost is counted.",
    "WithinBudget": "The month's budget is not used up; the reason tells what of it is, or is expected to be. "
    "`Unknown`: nothing of the month has a price. Only with `spec.cost.budget`.",
    "Pinned": "`True`: somebody asked the pool itself for a size, and that counts. `False`: it counts no more. Only "
    "with `spec.replicas`.",
    "Overridden": "`True`: an override is laid over the spec. `False`: there is one that cannot be accepted. Only "
    "until it ends.",
    "Tied": "The pool is held beside its peer. `False`: there is no peer to go by. Only with `spec.peerRef`.",
    "Autoscaled": "`True`: an autoscaler scales the pool itself, which pins it. Only then is it there.",
    "SpecWarning": "`True`: the applied manifest holds fields that do not exist. Only then is it there.",
}

ANNOTATIONS = {
    names.PAUSED_UNTIL: "On a pool, by you: nothing is written until this time (RFC 3339). A time that cannot be read "
    "pauses for good.",
    names.RELEASING: "On a pool, by `poolkeeper release`: the size to leave its workload with, for a run that goes on "
    "after one that was stopped, and the end of the pause that it counts with.",
    names.BUDGET_LIFTED_UNTIL: "On a pool, by `poolkeeper override --budget`: until this time (RFC 3339) a budget that "
    "is used up holds nothing back. A time that cannot be read lifts nothing.",
    names.BUDGET_LIFTED_BY: "On a pool, beside it: who did that, and why.",
    names.OVERRIDE: "On a pool, by `poolkeeper override`: fields of the spec that are others until a time, as JSON. "
    "One that cannot be read, or that the spec's rules forbid, changes nothing.",
    names.COST_PER_HOUR: "On a pool: what an hour costs now. This and the three below are numbers in the currency of "
    "`status.cost`, renewed once a minute at most, and absent where unknown. On its Deployments and pods, too, where "
    "`spec.cost.annotate` asks for that: renewed hourly.",
    names.COST_MONTH_TO_DATE: "What the calendar month has cost.",
    names.COST_FORECAST_MONTH_END: "What the month is expected to cost in the end.",
    names.SAVINGS_MONTH_TO_DATE: "What was saved this month against the baseline.",
    workload.TEMPLATE_HASH: "On a Deployment that the operator made: which state of `spec.template` it was made from; "
    "on one for spot, which state of the target.",
    names.JOURNAL_OF: "On a ConfigMap of the journal: its pool's namespace and name.",
    names.JOURNAL_UNTIL: "Beside it: when its last record was made.",
    names.JOURNAL_BYTES: "Beside it: its size.",
    names.DELETION_COST: "On a pod that is to go before the others of its ReplicaSet.",
}

LABELS = {
    names.POOL_LABEL: "On a Deployment that the operator made, and on the pods of a `template`: the pool's name.",
    names.TIER_LABEL: "On a Deployment for spot and on its pods: `spot`.",
    names.PROVIDER_LABEL: "On a Deployment for spot: whose nodes it was made for.",
    names.LEDGER_LABEL: "On a ConfigMap of the ledger: its month, as `2026-11`.",
    names.JOURNAL_LABEL: "On a ConfigMap of the journal: the day on which it was begun, as `2026-11-22`.",
    names.POOL_UID_LABEL: "On a ConfigMap of the ledger or the journal: the UID of its pool, which may be gone.",
}

OTHERS = {
    names.RESOURCE: "The resource, as RBAC and full commands name it; short name `ipool`, category `poolkeeper`.",
    names.FIELD_MANAGER: "The field manager of our writes; a size written by anybody else is a foreign write.",
    f"leases/{names.LEASE}": "The lease of the leader, in the operator's namespace.",
    f"configmaps/{PRICE_BOOK}": "The price book, in the operator's namespace, by you; `--price-book` names another.",
    f"configmaps/{ledger.PREFIX}-MONTH-UID": "A month of a pool in the ledger, in the operator's namespace; unowned.",
    f"configmaps/{journal.PREFIX}-UID-TIME": "A part of a pool's journal, in the operator's namespace; unowned.",
    f"configmaps/{names.TEAM_BUDGETS}": "What was told of budgets over several pools, in the operator's namespace.",
    f"configmaps/{PRICE_BOOK}{names.ACCEPTED_SUFFIX}": "The last good state of it, kept for the next start.",
}

PRESENT = datetime(2026, 1, 1, tzinfo=UTC)
STATEMENT = Statement(
    at=PRESENT,
    currency="USD",
    first=date(2026, 1, 1),
    hour=NOTHING,
    month=NOTHING,
    budget=Budgeted(Decimal(1), Decimal(0), None, Reason.WITHIN_BUDGET),
)


def page() -> str:
    """Return the page."""
    return headed(
        "Conditions and names",
        INTRO,
        [
            listed("Conditions", "condition", {kind: CONDITIONS[kind] for kind in condition_types()}),
            listed("Annotations", "annotation", ANNOTATIONS),
            listed("Labels", "label", LABELS),
            listed("Others", "name", OTHERS),
        ],
    )


def condition_types() -> list[str]:
    """Return the types of a status that holds every condition there is."""
    whole = Verdict(
        decision=Decision(0, 0, 0, Reason.STEADY, pin=Pin(1, "kubectl", PRESENT), tied=Tied("decode")),
        generation=1,
        at=PRESENT,
        tiers=(Tier("spot", CapacityType.SPOT),),
        slo=True,
        unknown=("spec.unknown",),
        override=Override(),
        scaled_by="hpa/chat",
        statement=STATEMENT,
    )
    return [condition["type"] for condition in conditions(whole, ())]


def listed(title: str, heading: str, words: dict[str, str]) -> str:
    """Return a section with one line for each name."""
    return f"## {title}\n\n" + table((heading, "meaning"), [(code(name), told) for name, told in words.items()])
