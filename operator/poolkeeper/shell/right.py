"""Which of several pools pays for a Deployment that all of them name: two that count it would double what it costs.

Who sets its size goes first, then who would; of both the older one (R10). The others count nothing of it, whatever they
decide: no amounts, no savings, no use, and no size for a baseline.
"""

from dataclasses import replace

from poolkeeper.core.account import Account, untargeted
from poolkeeper.core.model import PoolSpec
from poolkeeper.core.use import Counting
from poolkeeper.shell.pools import Pool


def uncounted(account: Account) -> Account:
    """Return the account of a pool whose target another one pays for: what was counted before stays."""
    measured = replace(account.measured, observing=False)
    return replace(untargeted(account), measured=measured, counting=Counting())


def uncommitted(pool: Pool, spec: PoolSpec) -> PoolSpec:
    """Return its spec without commitments, the very same while it does not change: unused ones would be paid, too."""
    if not spec.cost.commitments:
        return spec
    if pool.uncommitted is None or pool.uncommitted[0] is not spec:
        pool.uncommitted = spec, replace(spec, cost=replace(spec.cost, commitments=()))
    return pool.uncommitted[1]
