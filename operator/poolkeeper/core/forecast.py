"""The learned floor: what the load will need by the time a replica that is asked for now has started."""

from dataclasses import dataclass

from poolkeeper.core.reasons import Reason


@dataclass(frozen=True, slots=True)
class Outlook:
    """The floor that is expected to be needed, 0 where nothing is known; then `reason` and `detail` say what lacks."""

    replicas: int = 0
    reason: Reason = Reason.AS_EXPECTED
    detail: str = ""


NO_OUTLOOK = Outlook()
