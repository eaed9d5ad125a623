"""A real Prometheus whose past was written into it, not scraped. It needs no control plane."""

import subprocess
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path

from controlplane.assets import PROMETHEUS, PROMTOOL, ensure
from controlplane.network import claim, free_ports
from controlplane.programs import Programs, start_guardian
from controlplane.readiness import wait_until_ready

BLOCK = "768h"
"""As long as 32 days: one block for a month is written, and read, faster than one for every two hours."""


Samples = Iterable[tuple[float, float]]
"""Seconds since the epoch, rising, and the value."""


@contextmanager
def backfilled(counter: str, samples: Samples) -> Iterator[str]:
    """Run a Prometheus that holds one counter, and yield its URL; `counter` and `samples` as for `recorded`."""
    with recorded({counter: samples}) as url:
        yield url


@contextmanager
def recorded(past: Mapping[str, Samples]) -> Iterator[str]:
    """Run a Prometheus that holds these series, and yield its URL.

    A series is a metric's name and its labels, if there are any: a counter where the name ends in `_total`, else a
    gauge.
    """
    binaries = ensure([PROMETHEUS, PROMTOOL])
    network, holder = claim()
    guardian, programs = start_guardian(network, holder)
    try:
        home, port = programs.directory, free_ports(network.address, (PROMETHEUS,))[PROMETHEUS]
        write(binaries[PROMTOOL], past, home)
        url = f"http://{network.address}:{port}"
        start(programs, binaries[PROMETHEUS], url)
        yield url
    finally:
        programs.end()
        guardian.wait()


def write(promtool: Path, past: Mapping[str, Samples], home: Path) -> None:
    """Write the past of series into `home`, as blocks of a Prometheus's storage."""
    page = home / "past.txt"
    with page.open("w", encoding="utf-8") as lines:
        for name, family in groupby(sorted(past), key=lambda series: series.partition("{")[0]):
            lines.write(f"# TYPE {name.removesuffix('_total')} {'counter' if name.endswith('_total') else 'gauge'}\n")
            for series in family:
                lines.writelines(f"{series} {value:.0f} {at:.0f}\n" for at, value in past[series])
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
