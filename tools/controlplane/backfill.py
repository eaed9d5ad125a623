"""A real Prometheus whose past was written into it, not scraped. It needs no control plane."""

import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from controlplane.assets import PROMETHEUS, PROMTOOL, ensure
from controlplane.network import claim, free_ports
from controlplane.programs import Programs, start_guardian
from controlplane.readiness import wait_until_ready

BLOCK = "768h"
"""As long as 32 days: one block for a month is written, and read, faster than one for every two hours."""


@contextmanager
def backfilled(counter: str, samples: Iterable[tuple[float, float]]) -> Iterator[str]:
    """Run a Prometheus that holds one counter, and yield its URL.

    `counter` is a name that ends in `_total`, and its labels if there are any; `samples` are seconds since the epoch,
    rising, and the counter's value.
    """
    binaries = ensure([PROMETHEUS, PROMTOOL])
    network, holder = claim()
    guardian, programs = start_guardian(network, holder)
    try:
        home, port = programs.directory, free_ports(network.address, (PROMETHEUS,))[PROMETHEUS]
        write(binaries[PROMTOOL], counter, samples, home)
        url = f"http://{network.address}:{port}"
        start(programs, binaries[PROMETHEUS], url)
        yield url
    finally:
        programs.end()
        guardian.wait()


def write(promtool: Path, counter: str, samples: Iterable[tuple[float, float]], home: Path) -> None:
    """Write the counter's past into `home`, as blocks of a Prometheus's storage."""
    page = home / "past.txt"
    with page.open("w", encoding="utf-8") as lines:
        lines.write(f"# TYPE {counter.partition('{')[0].removesuffix('_total')} counter\n")
        lines.writelines(f"{counter} {value:.0f} {at:.0f}\n" for at, value in samples)
        lines.write("# EOF\n")
    command = [str(promtool), "tsdb", "create-blocks-from", "openmetrics", "-q", f"--max-block-duration={BLOCK}"]
    subprocess.run([*command, str(page), str(home / "data")], check=True, capture_output=True)


def start(programs: Programs, binary: Path, url: str) -> None:
    """Start a Prometheus that scrapes nothing and forgets nothing, and wait until it answers."""
    settings = programs.directory / "prometheus.yml"
    settings.write_text("global: {}\n", encoding="utf-8")
    arguments = [
        f"--config.file={settings}",
        f"--storage.tsdb.path={programs.directory / 'data'}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address={url.removeprefix('http://')}",
        "--log.level=warn",
    ]
    programs.start(PROMETHEUS, [str(binary), *arguments], tied=True)
    wait_until_ready(programs, PROMETHEUS, f"{url}/-/ready")
