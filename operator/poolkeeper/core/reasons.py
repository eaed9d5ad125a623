"""Why: one enum for conditions, events, metric labels, history and `explain`. Each reason has one sentence."""

from enum import StrEnum
from typing import Self


class Reason(StrEnum):
    """A reason's value is what machines see (CamelCase, a condition's `reason`); its `sentence` is for people."""

    sentence: str

    def __new__(cls, value: str, sentence: str) -> Self:
        """Make a member out of its value and its sentence."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        return member

    # What moves the size
    QUEUE_ABOVE = "QueueAbove", "the queue is longer than the replicas can be expected to work down"
    QUEUE_BELOW = "QueueBelow", "the queue stayed short for the whole grace period"
    IDLE = "Idle", "nothing waited and nothing ran for the whole idle time, so no replica stays"
    BELOW_MINIMUM = "BelowMinimum", "the pool is smaller than its floor"
    ABOVE_MAXIMUM = "AboveMaximum", "the pool is larger than its maximum and leaves by steps"
    WINDOW_MINIMUM = "WindowMinimum", "the pool is smaller than its schedule asks for now"
    WINDOW_AHEAD = "WindowAhead", "more replicas are needed within the lead time, so they start now"
    ABOVE_WINDOW = "AboveWindow", "the pool is larger than its schedule allows now and leaves by steps"
    WINDOW_FORCED = "WindowForced", "the pool is larger than its schedule allows now, and force takes it down at once"
    LEAD = "Lead", "the load that is coming needs this size by the time a replica has started"
    BATCH = "Batch", "so many replicas get the work that can wait done in time"
    BATCH_MUST = "BatchMust", "the work must run now where nothing is reclaimed, or it may be late"
    BATCH_LATE = "BatchLate", "the work is late, and runs where nothing is reclaimed"
    BATCH_UNKNOWN = "BatchUnknown", "how long a job takes is not known, so the work runs as if no time were to lose"
    BATCH_FEWER = "BatchFewer", "fewer replicas get the work that can wait done in time"
    BATCH_DONE = "BatchDone", "no work is left"
    FORECAST = "Forecast", "the load that is expected by the time a replica has started needs this size"
    PINNED = "Pinned", "somebody asked the pool for this size"
    PEER_MINIMUM = "PeerMinimum", "the peer needs so many replicas that this pool may not have fewer"
    OUTAGE_AT_LEAST = "OutageAtLeast", "the metrics are gone, and the pool is kept at the size asked for outages"
    EDIT_RESTORED = "EditRestored", "somebody else made the target smaller; its size was restored"

    # What holds the size
    STEADY = "Steady", "the queue is between its thresholds"
    ADOPTED = "Adopted", "the first decision starts from the size that was found"
    STARTING = "Starting", "capacity on its way answers the queue"
    SCALE_UP_DELAYED = "ScaleUpDelayed", "the queue has not been long for the whole scale-up delay"
    GRACE = "Grace", "the queue is short, and the grace period has not passed"
    IDLING = "Idling", "the last replica stays until nothing has waited or run for the whole idle time"
    IDLE_UNKNOWN = "IdleUnknown", "nobody tells whether anything runs, so the last replica is never taken for idle"
    BATCH_WAITS = "BatchWaits", "the work can wait for its window, and still be done in time"
    BATCH_UNSEEN = "BatchUnseen", "nobody tells what runs, nor how long a job takes: give batch.jobTime"
    SURVIVORS_BUSY = "SurvivorsBusy", "the queue is short, but the remaining replicas would be too busy"
    SLO_AT_RISK = "SLOAtRisk", "too few requests are inside the SLO to give capacity away"
    ROLLING_OUT = "RollingOut", "no voluntary shrink in the middle of a rollout"
    EDIT_KEPT = "EditKept", "somebody else made the target larger; that stays for an hour"
    EDIT_GRACE = "EditGrace", "somebody else made the target smaller; it is restored after the grace period"
    AT_MAXIMUM = "AtMaximum", "more replicas are wanted than the maximum allows"
    AT_WINDOW_MAXIMUM = "AtWindowMaximum", "more replicas are wanted than the schedule allows now"
    AT_MINIMUM = "AtMinimum", "the queue is short, and the pool is at its minimum"
    BUDGET_HELD = "BudgetHeld", "the month's budget is used up, so the pool grows no more beyond its floor"
    PEER_MAXIMUM = "PeerMaximum", "more replicas are wanted than may stand beside so many of the peer's"
    STARTUP_BLOCKED = "StartupBlocked", "new replicas do not become ready, so the pool grows no more"
    OUTAGE = "Outage", "the metrics cannot be trusted, so the size is held"

    # How the size is split over the tiers (R7), and who goes first (R6)
    SPOT_RECLAIMED = "SpotReclaimed", "spot replicas are being reclaimed, and on-demand takes over"
    SPOT_SHORT = "SpotShort", "spot cannot be had, and on-demand takes over"
    SPOT_MISCONFIGURED = "SpotMisconfigured", "no spot node can ever match the pod template; this is no stock-out"
    RETURNING = "Returning", "spot has been steady, and on-demand hands back"
    RECOVERING = "Recovering", "on-demand holds what it took over until spot has been steady"
    HANDING_OVER = "HandingOver", "the tiers change places: what comes is made before what goes is broken"
    ON_DEMAND_SHORT = "OnDemandShort", "on-demand cannot be had, and spot takes over"
    FALLBACK_AT_MAXIMUM = "FallbackAtMaximum", "spot lacks more replicas than fallback.maxReplicas lets on-demand cover"
    SPLIT = "Split", "the replicas are shared out anew"
    DRAINING = "Draining", "all replicas that could go are busy; one goes when it is idle, or at the drain deadline"
    FORCED_DRAIN = "ForcedDrain", "the drain deadline has passed, and a busy replica goes"
    COST_REFUSED = "DeletionCostRefused", "the pods that should go could not be marked, so nothing shrinks"
    TARGET_NOT_PINNED = "TargetNotPinned", "the target does not require on-demand nodes, so it is not split"
    PROVIDER_UNKNOWN = (
        "ProviderUnknown",
        "no node tells whose spot capacity this is; set provider of the tier to karpenter, eks, gke or aks",
    )
    SIBLING_TAKEN = "SiblingTaken", "a Deployment of the sibling's name exists that no pool made"
    SIBLING_MISSING = "SiblingMissing", "the sibling on spot is being made"
    SIBLING_BEHIND = "SiblingBehind", "the sibling on spot could not be brought to the target's template"
    FOREIGN_BUDGET = "ForeignDisruptionBudget", "somebody else's PodDisruptionBudget selects the pods, so none was made"

    # Why nothing is expected of the load
    FORECAST_LEARNING = "ForecastLearning", "not enough history yet to know what is usual at this time of the week"
    FORECAST_NO_LOAD = "ForecastNoLoad", "no source tells how many requests run, so the load is unknown"
    FORECAST_NO_SLOTS = "ForecastNoSlots", "how many requests a replica runs at once is not known yet"
    FORECAST_UNUSUAL = "ForecastUnusual", "the load is nothing like what its history has for this time of the week"

    # What freezes the pool
    PAUSED = "Paused", "the pool is paused"
    OBSERVING = "Observing", "the pool is in Observe: decisions are made and not carried out"
    TARGET_NOT_FOUND = "TargetNotFound", "the target does not exist"
    INVALID_SPEC = "InvalidSpec", "the spec cannot be accepted"
    CONFLICT_AUTOSCALER = "ConflictAutoscaler", "a HorizontalPodAutoscaler scales the same target"
    CONFLICT_SCALED_OBJECT = "ConflictScaledObject", "a KEDA ScaledObject scales the same target"
    CONFLICT_POOL = "ConflictPool", "an older Active pool owns the same target"
    CONFLICT_GITOPS = "ConflictGitOps", "a GitOps tool owns the target's spec.replicas"
    CONFLICT_REVERTS = "ConflictReverts", "somebody else keeps changing the target's replicas back"
    CONFLICT_NAME = "ConflictName", "a Deployment of the pool's name exists that no pool made"
    WRITE_REFUSED = "WriteRefused", "the API server refused the last write"

    # What is wrong with a metric (R3)
    METRIC_REFUSED = "MetricRefused", "the connection was refused or broke"
    METRIC_TIMEOUT = "MetricTimeout", "no answer came in time"
    METRIC_SERVER_ERROR = "MetricServerError", "the answer was an error"
    METRIC_EMPTY = "MetricEmpty", "the answer holds no such series"
    METRIC_NOT_A_NUMBER = "MetricNotANumber", "the value is NaN"
    METRIC_INFINITE = "MetricInfinite", "the value is infinite"
    METRIC_NEGATIVE = "MetricNegative", "the value is negative"
    METRIC_STALE = "MetricStale", "the value is older than maxAge"
    METRIC_SEVERAL = "MetricSeveral", "the query gives several elements where one is meant"
    METRIC_GARBAGE = "MetricGarbage", "the answer cannot be read"
    METRIC_TOO_LARGE = "MetricTooLarge", "the answer is larger than the limit"
    METRIC_DEAD_POD = "MetricDeadPod", "the only series belong to pods that are gone"
    METRIC_UNKNOWN_SERVER = "MetricUnknownServer", "the administrator configured no such server"
    METRIC_UNKNOWN_ENGINE = "MetricUnknownEngine", "the page belongs to no known engine"
    PODS_SILENT = "PodsSilent", "some pods do not answer; the sum is a lower bound"
    PODS_NOT_PICKED = (
        "PodsNotPicked",
        "an InferencePool's selector leaves out pods of the pool: its picker neither sends to them nor counts them",
    )
    NO_SAMPLE = "NoSample", "no sample has been taken yet"

    # What is to be said of money (R8)
    PRICED = "Priced", "all that the pool uses has a price"
    PRICE_UNKNOWN = "PriceUnknown", "a part of what the pool uses has no price, and is in no amount"
    PRICE_ASSUMED = "PriceAssumed", "spot has no price, and is counted at on-demand's"
    GPUS_UNKNOWN = "GPUsUnknown", "nobody knows how many GPUs a replica uses; set cost.gpusPerReplica"
    WITHIN_BUDGET = "WithinBudget", "the month is within its budget"
    BUDGET_ALERT = "BudgetAlert", "a part of the month's budget is used up"
    BUDGET_FORECAST = "BudgetForecast", "the month is expected to end at a part of its budget that is to be told"
    BUDGET_EXCEEDED = "BudgetExceeded", "the month's budget is used up"
    BUDGET_LIFTED = "BudgetLifted", "the month's budget is used up, and somebody has lifted what it holds back"
    SPENDING_UNUSUAL = "SpendingUnusual", "a day cost far more, or far less, than such days do"

    # States that conditions name
    AS_EXPECTED = "AsExpected", "all is well"
    WITHIN_SLO = "WithinSLO", "enough requests left the queue in time"
    OUTSIDE_SLO = "OutsideSLO", "too many requests waited too long"
    NO_REQUESTS = "NoRequests", "no request has finished in the window"
    PIN_ENDED = "PinEnded", "the size that somebody asked the pool for counts no more"
    AUTOSCALED_POOL = "AutoscaledPool", "an autoscaler scales the pool itself, which pins it again and again"
    OVERRIDDEN = "Overridden", "for a while the spec is another than the one that was applied"
    OVERRIDE_REFUSED = "OverrideRefused", "the override cannot be accepted, and changes nothing"
    PEER_MISSING = "PeerMissing", "there is no peer to go by, so the pool is sized by itself"
    SPEC_WARNING = "SpecWarning", "the manifest holds fields that do not exist"
