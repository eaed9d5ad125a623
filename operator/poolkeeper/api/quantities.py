"""Quantities as Kubernetes writes them: "7", "1500m", "2k", "3Mi", "12e6".

Source: k8s.io/apimachinery, pkg/api/resource, quantity.go (the grammar in the comment of `Quantity`).
"""

import re
from decimal import Decimal

_FORM = re.compile(r"([+-]?(?:[0-9]{1,32}(?:\.[0-9]{0,32})?|\.[0-9]{1,32}))(?:[eE]([+-]?[0-9]{1,2})|([a-zA-Z]{0,2}))")
_SMALL = {"n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "": Decimal(1)}
_DECIMAL = {suffix: Decimal(1000) ** power for power, suffix in enumerate("kMGTPE", start=1)}
_BINARY = {f"{suffix}i": Decimal(1024) ** power for power, suffix in enumerate("KMGTPE", start=1)}
_SUFFIXES = _SMALL | _DECIMAL | _BINARY


def parse_quantity(text: str) -> Decimal:
    """Return the number that a quantity stands for.

    >>> parse_quantity("1500m")
    Decimal('1.5')
    >>> parse_quantity("2Ki")
    Decimal('2048')

    Raises:
        ValueError: it is no quantity.
    """
    found = _FORM.fullmatch(text)
    if found is None or (found[3] or "") not in _SUFFIXES:
        raise ValueError(f'{text!r} is no quantity; one is a number with a suffix, as "7", "1500m", "2k" or "3Mi"')
    number = Decimal(found[1])
    exact = number.scaleb(int(found[2])) if found[2] else number * _SUFFIXES[found[3] or ""]
    return Decimal(int(exact)) if exact == exact.to_integral_value() else exact.normalize()
