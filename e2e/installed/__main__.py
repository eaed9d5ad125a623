"""`python -m installed`: fetch and build what the local cluster with a real node is made of, with progress, once."""

import sys

from controlplane import assets, machine
from image.build import ImageError, prepare
from installed.place import ABSENT


def main() -> None:
    """Prepare; what this machine lacks is said, and no error: the tests are skipped for it, and say it again."""
    try:
        assets.ensure()
        machine.prepare()
        prepare()
    except (*ABSENT, ImageError) as error:
        sys.stderr.write(f"not to be tried on this machine: {error}\n")


if __name__ == "__main__":
    main()
