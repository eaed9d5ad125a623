"""What must not leave a cluster in a bug report: found by the key that it stands under, else by its form.

Objects are first cut down to what is known to be needed (debug_objects.py); this is for what is left of them, and for
text that others have written.
"""

import re
from collections.abc import Mapping
from typing import Any

LEFT_OUT = "(left out)"
DEEPEST = 60
"""How deep JSON is followed; what is deeper is left out."""

_KEYS = re.compile(
    r"(?i)(password|passwd|passphrase|secret|token|credential|authorization|api[-_]?key|private[-_]?key|access[-_]?key"
    r"|signature|cookie)s?$"
)
"""Keys whose values are secrets. `tokenFile`, `tokenSecretRef` and `secretName` only say where one is."""
_NAMED = (
    r"(?<![\w-])[\w-]*(?:password|passwd|passphrase|secret|token|credential|api[-_]?key|private[-_]?key|access[-_]?key"
    r"|signature|sig)s?[\"']?"
)
_FORMS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), LEFT_OUT),
    (re.compile(r"(://)[^/\s\"'<>@]*@(?=[^\s@])"), rf"\1{LEFT_OUT}@"),
    (re.compile(r"(?i)(authorization\W{1,4}(?:[a-z0-9-]+\s+)?)[^\s,\"']+"), rf"\1{LEFT_OUT}"),
    (re.compile(r"(?i)\b(bearer|basic|negotiate)(\s+)[a-z0-9+/=_.~-]{6,}"), rf"\1\2{LEFT_OUT}"),
    (re.compile(r"(?<![\w-])(?>[\w-]*?\beyJ)[\w-]{4,}+\.[\w-]+(\.[\w-]*)?"), LEFT_OUT),
    (re.compile(r"\b(hf_|sk-|ghp_|gho_|ghs_|github_pat_|glpat-|xox[abp]-|AIza|ya29\.)[\w.-]{8,}"), LEFT_OUT),
    (re.compile(r"\b(AKIA|ASIA)[0-9A-Z]{12,}"), LEFT_OUT),
    (
        re.compile(rf"(?i)({_NAMED}\s*[=:]\s*[\"']?)(?!\(left out\)|[0-9.]+\b)[^\s\"',;&}}\]]+"),
        rf"\1{LEFT_OUT}",
    ),
)
"""How secrets look that stand in text: keys in PEM, URLs with a user, headers, tokens of known make, `token=`
and a value that is no number. Each word is looked through once, from its beginning: one without end would else take
hours."""


def without_secrets(text: str) -> str:
    """Return a text without what looks like a secret.

    >>> without_secrets("GET http://reader:hunter2@prometheus:9090/api failed")
    'GET http://(left out)@prometheus:9090/api failed'
    """
    for form, instead in _FORMS:
        text = form.sub(instead, text)
    return text


def scrubbed(value: Any, depth: int = 0) -> Any:  # noqa: ANN401  any JSON
    """Return JSON without secrets: by keys, else by the form of what stands there."""
    if depth > DEEPEST:
        return LEFT_OUT
    match value:
        case str():
            return without_secrets(value)
        case Mapping():
            return {without_secrets(str(key)): _under(str(key), one, depth) for key, one in value.items()}
        case list() | tuple():
            return [scrubbed(one, depth + 1) for one in value]
    return value


def _under(key: str, value: Any, depth: int) -> Any:  # noqa: ANN401  any JSON
    """Return what stands under a key."""
    if isinstance(value, str | list) and value and _KEYS.search(key):
        return LEFT_OUT
    return scrubbed(value, depth + 1)
