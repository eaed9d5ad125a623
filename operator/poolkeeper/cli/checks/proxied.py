"""Pods' pages through the API server, for who has no way to the pods themselves; it needs `get` on `pods/proxy`."""

from poolkeeper.core.model import Transport
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import KubeError
from poolkeeper.shell.queues.endpoints import Endpoint
from poolkeeper.shell.queues.pages import Pages
from poolkeeper.shell.secrets import Secrets
from poolkeeper.shell.views import PodView


class ProxiedPages(Pages):
    """Reads pages through the API server; a page behind a token is out of its reach, for it passes none on."""

    def __init__(self, kube: KubeClient) -> None:
        super().__init__(Secrets(kube))
        self._kube = kube

    async def read(self, pod: PodView, endpoint: Endpoint, transport: Transport) -> bytes:
        """Return a page of a pod; raises MetricError."""
        if transport.token:
            raise MetricError(Reason.METRIC_REFUSED, "its token cannot be passed on by the API server")
        scheme = "https:" if transport.tls else ""
        pods = f"/api/v1/namespaces/{pod.namespace}/pods"
        try:
            return await self._kube.page(f"{pods}/{scheme}{pod.name}:{endpoint.port}/proxy{endpoint.path}")
        except KubeError as error:
            raise MetricError(Reason.METRIC_REFUSED, str(error)) from error
