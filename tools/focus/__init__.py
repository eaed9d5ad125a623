"""The FinOps Foundation's FOCUS validator, in an environment of its own, and what it says of a dataset.

It asks for other versions of libraries than the operator does, so it lives in the user's cache, built once from
requirements.txt and source.txt, and works offline from then on. After a change of requirements.in:

    uv pip compile --generate-hashes --universal --python-version 3.11 --no-header \
        tools/focus/requirements.in -o tools/focus/requirements.txt
"""

from focus.validator import Failure, InstallationError, ValidationError, validate

__all__ = ["Failure", "InstallationError", "ValidationError", "validate"]
