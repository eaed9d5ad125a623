"""What a process has used, from /proc."""

import os
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
USER_TIME = 11  # of the fields after the command's name; the system's time is the next


@dataclass(frozen=True)
class Usage:
    """Processor time in seconds, and resident memory in MB: now, and at the most."""

    cpu: float
    resident: float
    peak: float

    def line(self, before: "Usage", seconds: float) -> str:
        """Return what was used since `before`, over so many seconds, in words."""
        cpu = self.cpu - before.cpu
        share = 100 * cpu / seconds
        memory = f"{self.resident:.0f} MB resident (peak {self.peak:.0f})"
        return f"{cpu:.1f} CPU seconds in {seconds:.0f} s ({share:.1f} % of a core), {memory}"


def usage(pid: int) -> Usage:
    """Return what a live process has used so far."""
    home = Path(f"/proc/{pid}")
    return parsed(home.joinpath("stat").read_text(), home.joinpath("status").read_text())


def parsed(stat: str, status: str) -> Usage:
    """Return what the two files of /proc/PID say."""
    times = stat.rpartition(")")[2].split()[USER_TIME : USER_TIME + 2]
    memory = dict(line.split(":", 1) for line in status.splitlines() if line.startswith("Vm"))
    resident, peak = (int(memory[key].split()[0]) / 1024 for key in ("VmRSS", "VmHWM"))
    return Usage(sum(map(int, times)) / TICKS, resident, peak)
