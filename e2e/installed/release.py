"""The chart as helm installs it, and what one can see of the operator that runs then."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from installed.place import Place
from rig.waiting import eventually

Json = dict[str, Any]

CHART = Path(__file__).parents[2] / "charts" / "poolkeeper"
HELM = Path(sys.executable).with_name("helm")
NAME = "poolkeeper"
REPLICAS = 2
LEASE_DURATION = "6s"
"""Long enough to be renewed on a slow machine, short enough to wait for when a leader dies."""
PATIENT = ("--set-string", "leaseDuration=180s")
"""A lease that outlives an API server's absence: an operator that cannot renew it in time ends, and begins anew."""
RESTRICTED = {
    "pod-security.kubernetes.io/enforce": "restricted",
    "pod-security.kubernetes.io/enforce-version": "latest",
}


@dataclass(frozen=True)
class Release:
    """An installed chart; its namespace and all its objects have its name."""

    place: Place

    @property
    def user(self) -> str:
        """Its ServiceAccount's name in an audit log."""
        return f"system:serviceaccount:{NAME}:{NAME}"

    def helm(self, *arguments: str) -> None:
        """Run helm in its namespace.

        Raises:
            RuntimeError: it failed; the message is its own.
        """
        argv = [str(HELM), "--namespace", NAME, *arguments]
        done = subprocess.run(argv, env=self.place.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"helm {' '.join(arguments)}: {done.stderr}\n{self.story()}")

    def install(self) -> None:
        """Install the chart with the first image, and wait until all pods are ready."""
        given = [
            f"leaseDuration={LEASE_DURATION}",
            *(f"nodeSelector.{_path(k)}={v}" for k, v in self.place.nodes.items()),
        ]
        options = [option for one in given for option in ("--set-string", one)]
        self.helm("install", NAME, str(CHART), *image(self.place.images[0]), *options, "--wait", "--timeout=5m")

    def upgrade(self, *options: str) -> None:
        """Upgrade it with these options of helm besides those that it has, and wait until all pods are of it."""
        self.helm("upgrade", NAME, str(CHART), "--reuse-values", *options, "--wait", "--timeout=5m")

    def rollback(self) -> None:
        """Go back to the revision before, and wait until all pods are of it."""
        self.helm("rollback", NAME, "--wait", "--timeout=5m")

    def pods(self) -> list[Json]:
        """Return its pods that are not on their way out."""
        asked = ("get", "pods", "--namespace", NAME, "-l", f"app.kubernetes.io/name={NAME}", "-o", "json")
        found = json.loads(self.place.kubectl(*asked))["items"]
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def images(self) -> set[str]:
        """Return the images of its pods."""
        return {pod["spec"]["containers"][0]["image"].removeprefix("docker.io/library/") for pod in self.pods()}

    def leader(self) -> str:
        """Return the name of the pod that leads, empty while none of those that are there does."""
        asked = ("get", "lease", NAME, "--namespace", NAME, "-o", "jsonpath={.spec.holderIdentity}")
        holder = self.place.kubectl(*asked).rpartition("_")[0]
        return holder if holder in {pod["metadata"]["name"] for pod in self.pods()} else ""

    def settled(self) -> str:
        """Wait until all pods are ready and one of them leads; return its name."""
        eventually(lambda: len(self.ready()) == REPLICAS == len(self.pods()), f"{REPLICAS} pods are ready")
        return eventually(self.leader, "one of them leads")

    def ready(self) -> list[str]:
        """Return the names of its pods that are ready."""
        return [pod["metadata"]["name"] for pod in self.pods() if is_ready(pod)]

    def restarts(self) -> int:
        """Return how often containers of its pods were started again."""
        return sum(one["restartCount"] for pod in self.pods() for one in pod["status"].get("containerStatuses", ()))

    def story(self) -> str:
        """Return what its pods said last, for a test that failed."""
        asked = ("logs", "--namespace", NAME, "-l", f"app.kubernetes.io/name={NAME}", "--prefix", "--tail=30")
        shown = self.place.kubectl("get", "pods,events", "--namespace", NAME, "-o", "wide")
        try:
            return shown + self.place.kubectl(*asked)
        except RuntimeError as error:
            return f"{shown}{error}"


def is_ready(pod: Json) -> bool:
    """Tell whether a pod is ready."""
    return any(one["type"] == "Ready" and one["status"] == "True" for one in pod["status"].get("conditions", ()))


def image(name: str) -> Sequence[str]:
    """Return the options that give the chart an image."""
    repository, _, tag = name.rpartition(":")
    return ["--set-string", f"image.repository={repository}", "--set-string", f"image.tag={tag}"]


def _path(key: str) -> str:
    return key.replace(".", "\\.")


@contextmanager
def installed(place: Place) -> Iterator[Release]:
    """Install the chart in a namespace that keeps the restricted profile; uninstall it at the end."""
    release = Release(place)
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAME, "labels": RESTRICTED}}
    place.kubectl("create", "-f", "-", given=json.dumps(namespace))  # whose it is already, keeps it
    try:
        release.install()
        yield release
    finally:
        if place.local is None:  # ours ends as a whole
            release.helm("uninstall", NAME, "--wait", "--ignore-not-found")
            place.kubectl("delete", "namespace", NAME, "--wait=false")
