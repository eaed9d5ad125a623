"""The pages of docs/reference, made from the code that they speak of. `make crds` writes them; a test compares.

Each module makes one page: `fields` from the resource's schema, `reasons` from the enum, `metrics` from the
operator's registry, `events` from what is posted, `commands` from the command lines, `rbac` from the manifests, `names`
from the constants that Kubernetes sees.
"""

from collections.abc import Callable

from reference import commands, events, fields, metrics, names, rbac, reasons

PAGES: dict[str, Callable[[], str]] = {
    "fields.md": fields.page,
    "reasons.md": reasons.page,
    "events.md": events.page,
    "metrics.md": metrics.page,
    "cli.md": commands.page,
    "rbac.md": rbac.page,
    "names.md": names.page,
}
"""By file name in docs/reference: what makes the page."""
