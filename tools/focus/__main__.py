"""`python -m focus FILE` says which rules of FOCUS 1.2 a CSV file breaks; it leaves with 1 where it breaks any.

Without FILE it installs the validator, unless it is there.
"""

import sys
from pathlib import Path

from focus import validate
from focus.environment import environment

if __name__ == "__main__":
    if not sys.argv[1:]:
        print(environment())
        sys.exit()
    failures = validate(Path(sys.argv[1]))
    for failure in failures:
        print(f"{failure.rule}: {failure.words}")
    print(f"{len(failures)} rules are broken" if failures else "no rule of FOCUS 1.2 is broken")
    sys.exit(1 if failures else 0)
