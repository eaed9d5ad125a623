"""Booting a control plane, and ending it without a trace."""

import shutil
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from controlplane import assets, cluster, ground
from controlplane.boot import Boot
from controlplane.cluster import Cluster
from controlplane.machine import machine_of, prepare
from controlplane.network import RoutedNetwork, claim
from controlplane.programs import ProgramError, Programs, start_guardian

if TYPE_CHECKING:
    import subprocess


class ControlPlane:
    """A control plane that lives as long as the `with` block, or this process.

    Args:
        audit: whether the API server writes an audit log (writes with their bodies, reads without).
        real_node: whether there is also a node that runs containers, beside those that KWOK plays.

    Raises:
        BootError: a component died or was not ready in a minute.
        NoMachineError: there can be no real node here.
    """

    def __init__(self, *, audit: bool = False, real_node: bool = False) -> None:
        self._audit = audit
        self._real_node = real_node
        self._guardian: subprocess.Popen[str] | None = None
        self._programs: Programs | None = None

    attach = staticmethod(cluster.attach)

    def __enter__(self) -> Cluster:
        """Boot, and return the cluster once everything answers."""
        binaries = assets.ensure()
        if self._real_node:
            prepare()
        try:
            return self._boot(binaries)
        except BaseException:
            self.close()
            raise

    def __exit__(self, *_error: object) -> None:
        self.close()

    def _boot(self, binaries: dict[str, Path]) -> Cluster:
        claimed, holder = claim()
        network = RoutedNetwork(claimed.number) if self._real_node else claimed
        self._guardian, self._programs = start_guardian(network, holder)
        site = ground.prepare(self._programs.directory, network, binaries, audit=self._audit)
        Boot(site, self._programs, machine_of(site, self._programs)).run()
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
