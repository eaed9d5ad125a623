"""Looking at the running system: the operator's own page and log, the API server's pods, the fleet's report."""

import http.client
import json
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from controlplane import Cluster
from controlplane.readiness import verified
from demo.objects import NAME, NAMESPACE, WORKLOAD
from demo.record import Change, Record, Sample
from demo.scenario import SLA, SPEED
from fleet import FleetClient

OPERATOR = "operator"
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods?labelSelector=app%3D{NAME}&resourceVersion=0"
REPORT_EVERY = 2.0
"""Seconds between two reports: with 50,000 requests one keeps the fleet busy for a tenth of a second."""

SILENCE = (OSError, http.client.HTTPException)
"""How a server fails to answer."""

Json = dict[str, Any]


class OperatorGoneError(RuntimeError):
    """The operator ended; the message holds the end of its log."""


@dataclass
class Watch:
    """Eyes on one cluster, its fleet and its operator, whose page is at `address`."""

    cluster: Cluster
    fleet: FleetClient
    address: str
    began: float = 0.0
    _read: int = 0
    _reported: float = 0.0

    def begin(self) -> None:
        """The trace begins now."""
        self.began, self._reported = time.time(), time.monotonic()

    @property
    def now(self) -> float:
        """The second of the trace."""
        return max(0.0, (time.time() - self.began) * SPEED)

    def look(self, record: Record) -> None:
        """Add what is seen now to the record.

        Raises:
            OperatorGoneError: there is no operator any more.
        """
        if OPERATOR in self.cluster.programs.exits():
            raise OperatorGoneError(self.cluster.programs.tail(OPERATOR))
        if decision := self.decision():
            record.decision = decision
            with suppress(*SILENCE):  # one look that fails is no sample, and no reason to stop looking
                record.samples.append(self.sample(decision))
        record.changes.extend(self.news())
        if time.monotonic() - self._reported >= REPORT_EVERY:
            self.report(record)

    def sample(self, decision: Json) -> Sample:
        """The sizes as they are now."""
        return Sample(self.now, decision["queue"], decision["size"], decision["ready"], self.pods())

    def report(self, record: Record) -> None:
        """Ask the fleet what its callers lived through."""
        record.report = self.fleet.report(WORKLOAD, sla=SLA.total_seconds())
        self._reported = time.monotonic()

    def decision(self) -> Json | None:
        """The operator's newest decision, None while it has made none or does not answer."""
        try:
            page = get(f"{self.address}/pools/{NAMESPACE}/{NAME}")
        except SILENCE:
            return None
        return page.get("decision")

    def pods(self) -> int:
        """Pods that hold a GPU: whatever has a node and is not gone, also while it loads or drains."""
        found = get(self.cluster.server + PODS, self._tls)["items"]
        return sum(1 for pod in found if pod["spec"].get("nodeName"))

    def news(self) -> Iterator[Change]:
        """The changes of size that the operator has logged since the last time."""
        with self.cluster.programs.log(OPERATOR).open("rb") as log:
            log.seek(self._read)
            for line in log:
                if not line.endswith(b"\n"):
                    break  # it is being written: the rest comes the next time
                self._read += len(line)
                if change := read_change(line, self.began):
                    yield change

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        pki = self.cluster.site.pki
        return verified(pki / "ca.crt", pki / "admin.crt", pki / "admin.key")


def read_change(line: bytes, began: float) -> Change | None:
    """The change of size that a line of the operator's log tells of; `began` is the trace's start in Unix time."""
    entry = entry_of(line)
    if entry.get("event") != "scaled":
        return None
    at = (datetime.fromisoformat(entry["timestamp"]).timestamp() - began) * SPEED
    return Change(max(0.0, at), entry["before"], entry["after"], entry["reason"], entry["message"])


def entry_of(line: bytes) -> Json:
    """A line of a structured log; whatever is none, a traceback say, is an empty one."""
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def get(url: str, context: ssl.SSLContext | None = None) -> Json:
    """The JSON at `url`; empty where there is no such thing.

    Raises:
        OSError: nobody answers.
        HTTPException: what answers does not speak HTTP.
    """
    parts = urlsplit(url)
    if context:
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(parts.netloc, timeout=5, context=context)
    else:
        connection = http.client.HTTPConnection(parts.netloc, timeout=5)
    try:
        connection.request("GET", f"{parts.path}?{parts.query}")
        response = connection.getresponse()
        body = response.read()
    finally:
        connection.close()
    return entry_of(body) if response.status == http.HTTPStatus.OK else {}
