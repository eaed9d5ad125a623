"""The image of a pod's sandbox, which no registry gives us: one static program that sleeps."""

import tarfile
from pathlib import Path

from image.archive import Image, write


def write_pause(busybox: Path, tag: str, scratch: Path) -> Path:
    """Write the archive of an image `tag` whose only file is a static busybox, into `scratch`."""
    layer = scratch / "pause-layer.tar"
    with tarfile.open(layer, "w") as files:
        files.add(busybox, "busybox")
    return write(Image([layer], [tag], {"Entrypoint": ["/busybox", "sleep", "infinity"]}), scratch / "pause.tar")
