"""recommend(): the windows, bounds and thresholds that would have been cheapest inside the SLA."""

from poolkeeper.simulate.proposal import (
    Confidence,
    HeldOut,
    Outcome,
    Profile,
    Proposed,
    Question,
    Recommendation,
)

__all__ = ["Confidence", "HeldOut", "Outcome", "Profile", "Proposed", "Question", "Recommendation"]
