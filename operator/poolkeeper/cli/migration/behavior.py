"""How fast a HorizontalPodAutoscaler may go (`behavior`) -> the queue's steps, delay and grace.

Of several policies the one that allows most counts, unless `selectPolicy` says otherwise. Without any it doubles, or
goes to four, in one look of 15 s, and shrinks to what the last five minutes asked for at most.

Source: `pkg/apis/autoscaling/v2/defaults.go` and `pkg/controller/podautoscaler/horizontal.go` of Kubernetes 1.36.
"""

from datetime import timedelta
from math import ceil

from poolkeeper.api.units import format_duration
from poolkeeper.cli.migration.fields import one_of, whole
from poolkeeper.cli.migration.outcome import Json, Note, Part, carried, differs, joined, left

MOST_AT_ONCE = 4
"""`maxStep` where nobody says."""
GRACE = 300
DISABLED, LEAST = "Disabled", "Min"
PATH = "behavior"
KINDS = ("Pods", "Percent")
WINDOW = "stabilizationWindowSeconds"


def speed(behavior: Json, most: int) -> Part:
    """Return the queue's part of a behavior; `most` is the largest size."""
    up, down = behavior.get("scaleUp") or {}, behavior.get("scaleDown") or {}
    check_policies(up, f"{PATH}.scaleUp")
    check_policies(down, f"{PATH}.scaleDown")
    return joined((growing(up, most, f"{PATH}.scaleUp"), shrinking(down, most, f"{PATH}.scaleDown")))


def check_policies(rules: Json, path: str) -> None:
    """Refuse a policy that is none.

    Raises:
        UnfitError: the words name its field.
    """
    for place, one in enumerate(rules.get("policies") or ()):
        where = f"{path}.policies[{place}]"
        one_of(one, "type", f"{where}.type", KINDS)
        for name in ("value", "periodSeconds"):
            whole(one, name, f"{where}.{name}")


def growing(rules: Json, most: int, path: str) -> Part:
    """Return how fast the pool grows."""
    return joined((delay(rules, path), up_at_once(rules, most, path), tolerance(rules, path)))


def delay(rules: Json, path: str) -> Part:
    """Return how long the queue must be long."""
    window = whole(rules, WINDOW, f"{path}.{WINDOW}", 0)
    if not window:
        return Part()
    words = f"the queue must stay long for {seconds(window)}, as scaleUp.delay"
    made = {"queue": {"scaleUp": {"delay": seconds(window)}}}
    return Part(made, (carried(f"{path}.stabilizationWindowSeconds", words),))


def up_at_once(rules: Json, most: int, path: str) -> Part:
    """Return how many replicas may be on their way at once."""
    if rules.get("selectPolicy") == DISABLED:
        words = "never growing has no counterpart: maxReplicas at today's size does it, or mode: Paused"
        return Part({}, (left(f"{path}.selectPolicy", words),))
    policies = rules.get("policies")
    allowed = chosen(rules, most) if policies else max(MOST_AT_ONCE, most // 2)
    if allowed == MOST_AT_ONCE and not policies:
        return Part()
    was = ", ".join(map(shown, policies)) if policies else "twice the size every 15 s"
    words = f"{was} became at most {allowed} on their way at once (scaleUp.maxStep), however long they take to load"
    made = {"queue": {"scaleUp": {"maxStep": allowed}}}
    return Part(made, (differs(f"{path}.policies", words),))


def shrinking(rules: Json, most: int, path: str) -> Part:
    """Return how fast the pool shrinks."""
    if rules.get("selectPolicy") == DISABLED:
        words = "never shrinking is scaleDown.below: 0, for no queue is shorter"
        return Part({"queue": {"scaleDown": {"below": 0}}}, (carried(f"{path}.selectPolicy", words),))
    return joined((grace(rules, path), down_at_once(rules, most, path), tolerance(rules, path)))


def grace(rules: Json, path: str) -> Part:
    """Return how long the queue must be short for each step."""
    window = whole(rules, WINDOW, f"{path}.{WINDOW}", GRACE)
    policies = rules.get("policies") or ()
    longest = max(window, *(slowest(one) for one in policies), 0)
    words = f"the queue must be short for {seconds(longest)} without a break, for each step (scaleDown.gracePeriod)"
    note = carried if longest == GRACE and rules.get(WINDOW) is None else differs
    made = {} if longest == GRACE else {"queue": {"scaleDown": {"gracePeriod": seconds(longest)}}}
    return Part(made, (note(f"{path}.stabilizationWindowSeconds", f"{words}; there, shorter lulls added up"),))


def down_at_once(rules: Json, most: int, path: str) -> Part:
    """Return how many replicas leave in one step."""
    policies = rules.get("policies") or ()
    step = chosen(rules, most) if policies else most
    if step >= most:
        return Part()
    words = f"{', '.join(map(shown, policies))} became {step} a step (scaleDown.step), one step in each grace period"
    return Part({"queue": {"scaleDown": {"step": step}}}, (differs(f"{path}.policies", words),))


def tolerance(rules: Json, path: str) -> Part:
    """Return what becomes of a tolerance."""
    if rules.get("tolerance") is None:
        return Part()
    words = "no tolerance is needed: between above and below nothing changes"
    return Part({}, (left(f"{path}.tolerance", words),))


def chosen(rules: Json, most: int) -> int:
    """Return how many replicas the policies allow, those in percent at the largest size; at least one."""
    allowed = [amount(one, most) for one in rules["policies"]]
    return max(1, min(allowed) if rules.get("selectPolicy") == LEAST else max(allowed))


def amount(policy: Json, most: int) -> int:
    """Return how many replicas a policy allows in its period, at the largest size."""
    value = int(policy["value"])
    return value if policy.get("type") == "Pods" else ceil(most * value / 100)


def slowest(policy: Json) -> int:
    """Return a policy's period where it bounds how many go, in seconds."""
    every = policy.get("type") == "Percent" and int(policy["value"]) >= 100  # noqa: PLR2004  all of them
    return 0 if every else int(policy.get("periodSeconds") or 0)


def shown(policy: Json) -> str:
    """Return a policy in words."""
    unit = "%" if policy.get("type") == "Percent" else ""
    return f"{policy['value']}{unit} every {policy.get('periodSeconds')} s"


def seconds(count: int) -> str:
    """Return seconds as a duration."""
    return format_duration(timedelta(seconds=count))


def bounds(spec: Json, names: tuple[str, str], defaults: tuple[int, int]) -> tuple[int, int, tuple[Note, ...]]:
    """Return the least and the largest size, and notes; `names` are the fields, `defaults` what counts without them."""
    least, most = (whole(spec, name, name, default) for name, default in zip(names, defaults, strict=True))
    notes = [carried(name, f"{size}") for name, size in zip(names, (least, most), strict=True) if name in spec]
    silent = [
        carried(name, f"{size}, which is the default")
        for name, size in zip(names, (least, most), strict=True)
        if name not in spec
    ]
    return least, most, (*notes, *silent)
