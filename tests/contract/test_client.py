import asyncio
import ssl
from contextlib import aclosing
from datetime import timedelta

import msgspec
import pytest
from tests.contract.objects import Lease, lease

from poolkeeper.shell.access import Access
from poolkeeper.shell.kube import KubeClient
from poolkeeper.shell.kube_errors import ConflictError, Forbidden, Invalid, NotFound, Unauthorized
from poolkeeper.shell.list_watch import HasMetadata

QUIET = timedelta(seconds=20)


class Event(msgspec.Struct):
    type: str
    object: dict


async def test_what_was_made_can_be_read(kube, leases):
    await kube.post(leases, lease("a", "ann"))
    found = await kube.get(f"{leases}/a", into=Lease)
    assert (found.metadata.name, found.spec.holder_identity) == ("a", "ann")


async def test_a_name_is_given_once(kube, leases):
    await kube.post(leases, lease("a"))
    with pytest.raises(ConflictError, match='"a" already exists'):
        await kube.post(leases, lease("a"))


async def test_what_is_not_there_is_not_found(kube, leases):
    with pytest.raises(NotFound, match='"a" not found'):
        await kube.get(f"{leases}/a", into=Lease)


async def test_a_kind_that_does_not_exist_is_not_found(kube):
    with pytest.raises(NotFound):
        await kube.get("/apis/keda.sh/v1alpha1/scaledobjects/a", into=HasMetadata)


async def test_a_patch_changes_what_it_names(kube, leases):
    await kube.post(leases, lease("a"))
    await kube.patch(f"{leases}/a", {"spec": {"holderIdentity": "ben"}})
    assert (await kube.get(f"{leases}/a", into=Lease)).spec.holder_identity == "ben"


async def test_a_patch_returns_the_new_version(kube, leases):
    made = await kube.post(leases, lease("a"))
    written = await kube.patch(f"{leases}/a", {"spec": {"holderIdentity": "ben"}})
    found = await kube.get(f"{leases}/a", into=Lease)
    assert made.metadata.resource_version != written.metadata.resource_version == found.metadata.resource_version


async def test_a_patch_of_an_older_version_is_a_conflict(kube, leases):
    made = await kube.post(leases, lease("a"))
    await kube.patch(f"{leases}/a", {"spec": {"holderIdentity": "ben"}})
    with pytest.raises(ConflictError, match="modified"):
        await kube.patch(f"{leases}/a", {"spec": {}}, resource_version=made.metadata.resource_version)


async def test_a_patch_of_the_current_version_is_none(kube, leases):
    made = await kube.post(leases, lease("a"))
    change = {"spec": {"holderIdentity": "ben"}}
    assert await kube.patch(f"{leases}/a", change, resource_version=made.metadata.resource_version)


async def test_a_replacement_of_an_older_version_is_a_conflict(kube, leases):
    made = await kube.post(leases, lease("a"))
    await kube.patch(f"{leases}/a", {"spec": {"holderIdentity": "ben"}})
    with pytest.raises(ConflictError, match="modified"):
        await kube.put(f"{leases}/a", lease("a", version=made.metadata.resource_version))


async def test_what_was_deleted_is_gone(kube, leases):
    await kube.post(leases, lease("a"))
    await kube.delete(f"{leases}/a")
    with pytest.raises(NotFound):
        await kube.get(f"{leases}/a", into=Lease)


async def test_a_list_of_several_pages_is_whole(kube, leases):
    for name in "abcdefg":
        await kube.post(leases, lease(name))
    found = await kube.list(leases, item=Lease)
    assert "".join(one.metadata.name for one in found) == "abcdefg"


async def test_all_pages_are_of_one_version(kube, leases):
    for name in "abcdefg":
        await kube.post(leases, lease(name))
    async with aclosing(kube.pages(leases, item=Lease)) as pages:
        assert len({page.metadata.resource_version async for page in pages}) == 1


async def events(kube, path, count, **params):
    found = []
    async with aclosing(kube.watch(path, params=params, silence=QUIET)) as lines:
        async for line in lines:
            found.append(msgspec.json.decode(line, type=Event))
            if len(found) == count:
                break
    return found


async def test_a_watch_tells_all_changes_since_its_version_in_order(kube, leases):
    made = await kube.post(leases, lease("a"))
    await kube.patch(f"{leases}/a", {"spec": {"holderIdentity": "ben"}})
    await kube.delete(f"{leases}/a")
    await kube.post(leases, lease("b"))
    seen = await events(kube, leases, 3, resourceVersion=made.metadata.resource_version)
    assert [event.type for event in seen] == ["MODIFIED", "DELETED", "ADDED"]


async def test_a_watch_ends_when_its_time_is_up(kube, leases):
    made = await kube.post(leases, lease("a"))
    params = {"resourceVersion": made.metadata.resource_version, "timeoutSeconds": "1"}
    assert all(event.type == "BOOKMARK" for event in await asyncio.wait_for(events(kube, leases, 9, **params), 5))


async def test_the_clock_is_the_servers(kube, leases):
    await kube.post(leases, lease("a"))
    assert kube.clock.ready


@pytest.mark.cluster
class TestTheRealOneAlone:
    """What the fake does not try to know."""

    @pytest.fixture
    def access(self, cluster):
        return Access.from_kubeconfig(cluster.kubeconfig)

    async def test_an_object_that_breaks_a_rule_is_invalid_in_the_servers_words(self, kube, leases):
        with pytest.raises(Invalid, match=r"metadata\.name"):
            await kube.post(leases, lease("A_b"))

    async def test_a_service_account_without_rights_is_forbidden(self, cluster, kube, leases):
        await kube.post("/api/v1/namespaces/default/serviceaccounts", {"metadata": {"name": "nobody"}})
        path = cluster.service_account_kubeconfig("default", "nobody")
        async with KubeClient(Access.from_kubeconfig(path)) as nobody:
            with pytest.raises(Forbidden, match="nobody"):
                await nobody.get(f"{leases}/a", into=Lease)

    async def test_a_wrong_token_is_unauthorized(self, access, leases):
        async def wrong():
            return "Bearer wrong"

        stranger = Access(access.server, tls=no_certificate(access), authorization=wrong)
        async with KubeClient(stranger) as kube:
            with pytest.raises(Unauthorized):
                await kube.get(f"{leases}/a", into=Lease)


def no_certificate(access):
    """Return TLS that knows the server as `access` does, and brings no certificate of its own."""
    tls = ssl.create_default_context()
    for der in access.tls.get_ca_certs(binary_form=True):
        tls.load_verify_locations(cadata=der)
    return tls
