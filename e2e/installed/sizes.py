"""Every size that a Deployment was given, by a watch that is begun anew when the API server ends it."""

import subprocess
import threading
from typing import Self

from installed.place import Place, kubectl
from rig.waiting import eventually, let_pass

_SHOWN = 'jsonpath={.spec.replicas}{"\\n"}'


class Sizes:
    """Watches one Deployment from `with` to the end of it; a size that stood for a moment only is there too."""

    def __init__(self, place: Place, namespace: str, name: str) -> None:
        self.seen: list[int] = []
        self._place = place
        self._argv = [str(kubectl()), "get", "deployment", name, "--namespace", namespace, "--watch", "-o", _SHOWN]
        self._process: subprocess.Popen[str] | None = None
        self._ended = False
        self._thread = threading.Thread(target=self._follow, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        eventually(lambda: self.seen, "the watch of a Deployment")
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended = True
        if self._process:
            self._process.terminate()
        self._thread.join()

    def _follow(self) -> None:
        while not self._ended:
            with subprocess.Popen(
                self._argv,
                env=self._place.environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            ) as self._process:
                for line in self._process.stdout or ():
                    self._note(int(line))
            let_pass(0.2)

    def _note(self, replicas: int) -> None:
        if self.seen[-1:] != [replicas]:
            self.seen.append(replicas)
