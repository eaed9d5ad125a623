"""What the administrator says of costs beside the pools' own: the file of `--costs` (R8).

```yaml
cluster: prod                # what the ledger calls this cluster
labels: [squad]              # labels of pools that costs go by, besides team, feature and model
overheads:                   # paid by the month, shown beside the pools' cost
- {name: network, monthly: "1200", currency: USD, selector: {team: search}}
budgets:                     # for pools together, beside each pool's own
- {name: search, selector: {team: search}, monthly: "40000", currency: USD, alertAtPercent: [50, 80, 100]}
```
"""

from decimal import Decimal
from typing import Annotated, ClassVar

import yaml
from pydantic import Field, ValidationError

from poolkeeper.api import problems
from poolkeeper.api.cost import Budget, MoneyOverZero, Percent
from poolkeeper.api.fields import Name, Zone
from poolkeeper.api.refused import RefusedError
from poolkeeper.api.rules import Part, Rule
from poolkeeper.core import costing, teams

Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
Label = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([-A-Za-z0-9_./]*[A-Za-z0-9])?$", max_length=317)]
Selector = Annotated[dict[Label, str], Field(min_length=1)]


class CostsError(RefusedError, ValueError):
    """The file cannot be used: a sentence for each of its `problems`."""


class Overhead(Part):
    """What is paid by the month besides the pools, such as network, storage or people."""

    name: Name
    """Its name."""
    monthly: MoneyOverZero
    """What a calendar month of it costs."""
    currency: Currency = "USD"
    """In which currency."""
    selector: Selector | None = None
    """Whose it is: of the pools that bear these labels. Without it, of all."""

    def to_core(self) -> teams.Overhead:
        """Return the overhead as the rules read it."""
        return teams.Overhead(self.name, Decimal(self.monthly), self.currency, self.selector or {})


class TeamBudget(Part):
    """What pools may cost together in a calendar month."""

    name: Name
    """The budget's name, in metrics and the log."""
    selector: Selector
    """The labels of its pools."""
    monthly: MoneyOverZero
    """The amount."""
    currency: Currency = "USD"
    """Its currency. Pools that count in another are not in the sum, and that is said."""
    timezone: Zone = "UTC"
    """The IANA zone whose months count; a pool joins a month once that has begun in its own zone, too."""
    alert_at_percent: Annotated[tuple[Percent, ...], Field(strict=False)] = (50, 80, 100)
    """Shares of it, in percent. Each is told once a month: when that is spent, and when it is expected to be."""

    RULES: ClassVar = Budget.RULES

    def to_core(self) -> teams.Team:
        """Return the budget as the rules read it."""
        budget = costing.Budget(Decimal(self.monthly), self.alert_at_percent)
        return teams.Team(self.name, self.selector, budget, self.currency, self.timezone)


def _differ(parts: tuple[Overhead, ...] | tuple[TeamBudget, ...]) -> bool:
    return len({one.name for one in parts}) == len(parts)


class Costs(Part):
    """The whole file."""

    cluster: Annotated[str, Field(min_length=1)] | None = None
    """What the ledger calls this cluster."""
    labels: Annotated[tuple[Label, ...], Field(strict=False)] = ()
    """Labels of pools that costs go by, besides team, feature and model."""
    overheads: Annotated[tuple[Overhead, ...], Field(strict=False)] = ()
    """What is paid besides the pools."""
    budgets: Annotated[tuple[TeamBudget, ...], Field(strict=False)] = ()
    """What pools may cost together."""

    RULES: ClassVar = (
        Rule("", lambda it: _differ(it.overheads), "names of overheads must differ"),
        Rule("", lambda it: _differ(it.budgets), "names of budgets must differ"),
    )

    @property
    def keys(self) -> tuple[str, ...]:
        """The labels that the ledger must bear for this file: those that are named, and those that are selected by."""
        selectors = [*(one.selector or {} for one in self.overheads), *(one.selector for one in self.budgets)]
        return tuple(dict.fromkeys((*self.labels, *(key for selector in selectors for key in selector))))


def parse(text: str, name: str) -> Costs:
    """Return what a file says.

    Raises:
        CostsError: with all that is wrong with it, each with its field.
    """
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise CostsError([f"{name} is no YAML: {' '.join(str(error).split())}"]) from error
    try:
        return Costs.model_validate({} if found is None else found)
    except ValidationError as error:
        raise CostsError([f"{name}: {words}" for words in wrongs(error)]) from error


def wrongs(error: ValidationError) -> list[str]:
    """Return a sentence for each thing that is wrong."""
    return [
        f"{problems.shown(one['loc']).removeprefix('spec').lstrip('.') or 'it'}: "
        f"{problems.given(problems.words(one, Costs), one['input'])}"
        for one in problems.causes(error)
    ]
