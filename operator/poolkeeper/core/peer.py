"""Roles (`peerRef`): a pool's size beside another's, so that neither is ever scaled far past the other.

    peer            this pool has at least                   and grows to at most
    8, needs 8      minPercent of 8, rounded up              maxPercent of 8, rounded down, 1 at least
    8, idle         minPercent of what it would step down to maxPercent of 8
    wants 12        minPercent of 12, at once                maxPercent of what it has until it has 12
    frozen          of the size that it is held at, whoever holds it there
    0               minPercent of what it wants              anything: else two such pools could never leave zero
    missing         nothing                                  anything, and that is said

What a peer `needs` is what it would be without this tie: its size while its own queue asks for it, else its next step
down, grace or not. So two pools that are tied to each other come down together, and neither holds the other up with
what it has only for the other's sake. Where the two bounds cross, the lower one counts: one of the two must go first.

A tie takes no replica away: what is beyond `maxPercent` stays until this pool's own queue lets it go. The pool's own
floor and maximum, and a pin, go before it.
"""

from dataclasses import dataclass

from poolkeeper.core.model import Tie
from poolkeeper.core.observation import Peer
from poolkeeper.core.reasons import Reason


@dataclass(frozen=True, slots=True)
class Tied:
    """What a tie means now: `floor` replicas at least, and no growth past `cap` (None: no bound).

    `size` is the peer's, None where it has none that is known; then `detail` says why.
    """

    name: str
    size: int | None = None
    floor: int = 0
    cap: int | None = None
    reason: Reason = Reason.AS_EXPECTED
    detail: str = ""


def bound(tie: Tie | None, peer: Peer | None) -> Tied | None:
    """Return what the tie means beside this peer; None without a tie, and where nobody knows of other pools."""
    if tie is None or peer is None:
        return None
    if peer.size is None:
        return Tied(peer.name, reason=Reason.PEER_MISSING, detail=peer.detail)
    floor = -(-tie.min_percent * peer.needs // 100)
    cap = None if tie.max_percent is None or not peer.size else max(1, tie.max_percent * peer.size // 100)
    return Tied(peer.name, peer.size, floor, cap)
