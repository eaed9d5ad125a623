"""The objects of the contract tests: leases, which no controller makes or touches."""

import asyncio

import msgspec

from poolkeeper.shell.list_watch import HasMetadata
from poolkeeper.shell.reflector import Kind


class Spec(msgspec.Struct, rename="camel"):
    holder_identity: str = ""


class Lease(HasMetadata):
    spec: Spec = msgspec.field(default_factory=Spec)


LEASES = Kind("/apis/coordination.k8s.io/v1", "leases", Lease, lambda found: found.spec.holder_identity)


def lease(name, holder="x", version=""):
    metadata = {"name": name, **({"resourceVersion": version} if version else {})}
    head = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata}
    return head | {"spec": {"holderIdentity": holder}}


async def until(condition):
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110  what is waited for is spread over two programs
            await asyncio.sleep(0.005)
