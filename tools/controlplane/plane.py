"""Booting a control plane, and ending it without a trace."""

import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from controlplane import assets, cluster, ground
from controlplane.boot import Boot
from controlplane.cluster import Cluster
from controlplane.network import claim
from controlplane.programs import ProgramError, Programs, start_guardian

if TYPE_CHECKING:
    import subprocess


class ControlPlane:
    """A control plane that lives as long as the `with` block, or this process.

    Args:
        audit: whether the API server writes an audit log (writes with their bodies, reads without).

    Raises:
        BootError: a component died or was not ready in a minute.
    """

    def __init__(self, *, audit: bool = False) -> None:
        self._audit = audit
        self._guardian: subprocess.Popen[str] | None = None
        self._programs: Programs | None = None

    attach = staticmethod(cluster.attach)

    def __enter__(self) -> Cluster:
        """Boot, and return the cluster once everything answers."""
        binaries = assets.ensure()
        try:
            return self._boot(binaries)
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _boot(self, binaries: dict[str, Path]) -> Cluster:
        network, holder = claim()
        self._guardian, self._programs = start_guardian(network, holder)
        site = ground.prepare(self._programs.directory, network, binaries, audit=self._audit)
        Boot(site, self._programs).run()
        ground.write_card(site)
        return Cluster(site)

    def close(self) -> None:
        """Kill every program, remove the directory, and wait until both are done."""
        if self._programs:
            with suppress(ProgramError):
                self._programs.end()
        if self._guardian:
            self._guardian.wait()
        if self._programs:  # a guardian that was killed could not do this
            shutil.rmtree(self._programs.directory, ignore_errors=True)
