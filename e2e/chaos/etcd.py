"""The store behind the API server, by its own HTTP gateway: compaction, and the alarm of a full disk."""

import base64
import json
import ssl
import urllib.request
from typing import Any

from controlplane import Cluster

Json = dict[str, Any]

TIMEOUT = 30


class Etcd:
    """The etcd of a cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._url, pki = cluster.site.url("etcd"), cluster.site.pki
        self._tls = ssl.create_default_context(cafile=str(pki / "etcd-ca.crt"))
        self._tls.load_cert_chain(str(pki / "etcd-client.crt"), str(pki / "etcd-client.key"))

    def compact(self) -> int:
        """Forget all history before now; return the revision up to which."""
        revision = int(self._header()["revision"])
        self._ask("kv/compaction", {"revision": str(revision), "physical": True})
        return revision

    def fill(self) -> None:
        """Let every write be refused for want of space."""
        self._alarm("ACTIVATE")

    def make_room(self) -> None:
        """Take writes again."""
        self._alarm("DEACTIVATE")

    def _alarm(self, action: str) -> None:
        member = self._header()["member_id"]
        self._ask("maintenance/alarm", {"action": action, "memberID": member, "alarm": "NOSPACE"})

    def _header(self) -> Json:
        key = base64.b64encode(b"none").decode()
        header: Json = self._ask("kv/range", {"key": key})["header"]
        return header

    def _ask(self, what: str, question: Json) -> Json:
        request = urllib.request.Request(f"{self._url}/v3/{what}", json.dumps(question).encode())  # noqa: S310  its own
        with urllib.request.urlopen(request, timeout=TIMEOUT, context=self._tls) as answer:  # noqa: S310  see above
            found: Json = json.loads(answer.read())
            return found
