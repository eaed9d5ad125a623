"""Where queue depth is read, as users write it: the pods' pages, a Prometheus, a picker, external metrics, brokers.

A pool holds no address: Prometheus servers and brokers are the administrator's, by name; all else is found in the
pool's own namespace. Secrets are named by key, and read with what the pool's namespace allows the operator.
"""

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from poolkeeper.api.fields import Duration, Name
from poolkeeper.api.rules import Part, Rule, in_schema
from poolkeeper.api.units import parse_duration
from poolkeeper.core import model

Engine = Literal["auto", "vllm", "sglang", "tgi", "trtllm-serve", "triton-trtllm", "triton"]
ObjectName = Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$")]
Labels = Annotated[dict[str, Annotated[str, Field(max_length=256)]], Field(default_factory=dict, max_length=16)]
Text = Annotated[str, Field(min_length=1, max_length=512)]

MAX_SOURCES = 8
MAX_PORT, PORT_LENGTH = 65_535, 15
PORT_NAME = "^[-a-z0-9]*[a-z][-a-z0-9]*$"
PORT = Rule(
    f"type(self) == int ? (self >= 1 && self <= {MAX_PORT}) : self.matches('{PORT_NAME}')",
    lambda it: 1 <= it <= MAX_PORT if isinstance(it, int) else re.fullmatch(PORT_NAME, str(it)) is not None,
    f"write a container port's name, as in metrics, or a number from 1 to {MAX_PORT}",
)


def _port(given: object) -> object:
    if isinstance(given, str) and len(given) > PORT_LENGTH:
        raise ValueError(f"must have at most {PORT_LENGTH} characters")
    return PORT.kept(given)


Port = Annotated[
    int | str,
    BeforeValidator(_port),
    Field(json_schema_extra={"x-kubernetes-int-or-string": True, "maxLength": PORT_LENGTH, **in_schema(PORT)}),
]


class SecretKey(Part):
    """A key of a Secret in the pool's own namespace, which a Role there must let the operator read."""

    name: ObjectName
    """The Secret's name."""
    key: Annotated[str, Field(min_length=1, max_length=253)]
    """The key in it."""

    def to_core(self) -> model.SecretKey:
        """Return it as the rules read it."""
        return model.SecretKey(self.name, self.key)


class Tls(Part):
    """How a page is asked for over TLS."""

    ca_secret_ref: SecretKey | None = None
    """Who is trusted instead of the system's authorities: PEM."""
    server_name: Annotated[str, Field(max_length=253)] = ""
    """The name that the certificate must bear; without it the pod's address."""
    insecure_skip_verify: bool = False
    """Trust whoever answers. For a try-out only."""


class Asked(Part):
    """How a page of a pod is asked for."""

    tls: Tls | None = None
    """Over TLS; without it in plain HTTP."""
    token_secret_ref: SecretKey | None = None
    """The bearer token that is sent."""

    @property
    def transport(self) -> model.Transport:
        """How it is asked for, as the core has it."""
        token = self.token_secret_ref.to_core() if self.token_secret_ref else None
        if self.tls is None:
            return model.Transport(token=token)
        ca = self.tls.ca_secret_ref.to_core() if self.tls.ca_secret_ref else None
        return model.Transport(
            tls=True,
            ca=ca,
            server_name=self.tls.server_name,
            verify=not self.tls.insecure_skip_verify,
            token=token,
        )


class Pods(Asked):
    """Queue depth from the pods' own metrics pages."""

    engine: Engine = "auto"
    """The inference engine that serves the page; `auto` recognises it."""
    port: Port = "http"
    """The metrics port: a container port's name or a number. Without a port named `http`, the engine's own."""

    def to_core(self, name: str) -> model.PodsSource:
        """Return the source of this name."""
        return model.PodsSource(name, self.engine, self.port, self.transport)


class Prometheus(Part):
    """Queue depth from a Prometheus server that the administrator configured."""

    server: Name = "default"
    """The server's name in the operator's configuration. A pool holds no URL."""
    metric: Annotated[str, Field(pattern=r"^[a-zA-Z_:][a-zA-Z0-9_:]*$", max_length=256)] | None = None
    """The queue-depth gauge. Its series are read pod by pod in the pool's namespace and summed over live pods."""
    selector: Labels
    """Labels that the metric's series must carry."""
    query: Annotated[str, Field(min_length=1, max_length=4096)] | None = None
    """A raw PromQL query instead of `metric`; it must give exactly one element."""
    freshness: Annotated[str, Field(min_length=1, max_length=4096)] | None = None
    """A query for the instant (Unix seconds) of `query`'s newest sample; without it, freshness is unknown."""
    max_age: Duration = "30s"
    """How old a sample may be before it counts as missing."""

    RULES: ClassVar = (
        Rule(
            "has(self.metric) != has(self.query)",
            lambda it: (it.metric is None) != (it.query is None),
            "give either metric or query",
        ),
        Rule(
            "!has(self.freshness) || has(self.query)",
            lambda it: it.freshness is None or it.query is not None,
            "freshness belongs to query; with metric, maxAge does its work",
        ),
        Rule(
            "!has(self.query) || !has(self.selector) || self.selector.size() == 0",
            lambda it: it.query is None or not it.selector,
            "selector belongs to metric; put the labels into the query",
        ),
    )

    def to_core(self, name: str) -> model.PrometheusSource:
        """Return the source of this name."""
        return model.PrometheusSource(
            name=name,
            server=self.server,
            metric=self.metric,
            selector=tuple(sorted(self.selector.items())),
            query=self.query,
            freshness=self.freshness,
            max_age=parse_duration(self.max_age),
        )


class InferencePoolRef(Part):
    """An InferencePool of the Gateway API inference extension."""

    name: ObjectName
    """Its name, in the pool's own namespace."""


class EndpointPicker(Asked):
    """Queue depth from the endpoint picker of the Gateway API inference extension: its flow control and its pods."""

    inference_pool_ref: InferencePoolRef
    """The InferencePool whose picker is asked."""
    port: Port = "metrics"
    """The picker's metrics port: a container port's name or a number. Without a port of that name, 9090."""

    def to_core(self, name: str) -> model.PickerSource:
        """Return the source of this name."""
        return model.PickerSource(name, self.inference_pool_ref.name, self.port, self.transport)


class ExternalMetric(Part):
    """Queue depth from the external metrics API: whatever KEDA or an adapter serves."""

    name: Annotated[str, Field(min_length=1, max_length=253, pattern=r"^[^/%.\s][^/%\s]*$")]
    """The metric's name. A Role in the pool's namespace must let the operator `list` it."""
    selector: Labels
    """Labels that choose among its series; what is chosen is added up."""

    def to_core(self, name: str) -> model.ExternalSource:
        """Return the source of this name."""
        return model.ExternalSource(name, self.name, tuple(sorted(self.selector.items())))


class Redis(Part):
    """Queue depth from a Redis that the administrator configured: a list's length, or a consumer group's lag."""

    server: Name = "default"
    """The broker's name in the operator's configuration. A pool holds no URL."""
    list: Text | None = None
    """The list's key: its length counts."""
    stream: Text | None = None
    """The stream's key: what `group` has not been given, and what it was given and has not acknowledged."""
    group: Text | None = None
    """The stream's consumer group."""

    RULES: ClassVar = (
        Rule(
            "has(self.list) != has(self.stream)",
            lambda it: (it.list is None) != (it.stream is None),
            "give either list or stream",
        ),
        Rule(
            "has(self.stream) == has(self.group)",
            lambda it: (it.stream is None) == (it.group is None),
            "stream and group belong together",
        ),
    )

    def to_core(self, name: str) -> model.RedisSource:
        """Return the source of this name."""
        return model.RedisSource(name, self.server, self.list or self.stream or "", self.group or "")


class RabbitMq(Part):
    """Queue depth from a RabbitMQ that the administrator configured: messages that wait, and that are worked on."""

    server: Name = "default"
    """The broker's name in the operator's configuration. A pool holds no URL."""
    queue: Text
    """The queue's name."""
    vhost: Text = "/"
    """The virtual host that it is in."""

    RULES: ClassVar = (
        Rule(
            "!(self.queue in ['.', '..']) && !(has(self.vhost) && self.vhost in ['.', '..'])",
            lambda it: not {it.queue, it.vhost} & {".", ".."},
            "neither queue nor vhost may be . or ..: in the management API's address they name another place",
        ),
    )

    def to_core(self, name: str) -> model.RabbitSource:
        """Return the source of this name."""
        return model.RabbitSource(name, self.server, self.queue, self.vhost)


KINDS = ("pods", "prometheus", "endpoint_picker", "external_metric", "redis", "rabbit_mq")


class Source(Part):
    """One place where queue depth is read: exactly one of the kinds below."""

    name: Name
    """The source's name, in messages and metrics."""
    pods: Pods | None = None
    """The pods' own pages."""
    prometheus: Prometheus | None = None
    """A Prometheus server."""
    endpoint_picker: EndpointPicker | None = None
    """The Gateway API inference extension's picker."""
    external_metric: ExternalMetric | None = None
    """The external metrics API."""
    redis: Redis | None = None
    """A Redis."""
    rabbit_mq: RabbitMq | None = None
    """A RabbitMQ."""

    RULES: ClassVar = (
        Rule(
            "[has(self.pods), has(self.prometheus), has(self.endpointPicker), has(self.externalMetric),"
            " has(self.redis), has(self.rabbitMq)].filter(given, given).size() == 1",
            lambda it: sum(getattr(it, kind) is not None for kind in KINDS) == 1,
            "give exactly one of pods, prometheus, endpointPicker, externalMetric, redis, rabbitMq",
        ),
    )

    def to_core(self) -> model.Source:
        """Return the source as the rules read it."""
        given: Any = next(getattr(self, kind) for kind in KINDS if getattr(self, kind) is not None)
        source: model.Source = given.to_core(self.name)
        return source
