"""The pages of docs/reference, made from the code that they speak of. `make crds` writes them; a test compares.

Each module makes one page: `fields` from the resource's schema, `reasons` from the enum, `metrics` from the
operator's registry, `commands` from the command lines, `names` from the constants that Kubernetes sees.
"""

from collections.abc import Callable

from reference import commands, fields, metrics, names, reasons

PAGES: dict[str, Callable[[], str]] = {
    "fields.md": fields.page,
    "reasons.md": reasons.page,
    "metrics.md": metrics.page,
    "cli.md": commands.page,
    "names.md": names.page,
}
"""By file name in docs/reference: what makes the page."""
