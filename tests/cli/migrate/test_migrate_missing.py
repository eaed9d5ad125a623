"""What `poolkeeper migrate` says of what is not in the cluster."""

import pytest
from tests.cli.migrate.bodies import PROMETHEUS, scaled
from tests.cli.starting.test_init import Kube

from poolkeeper.cli import migrate as module


class Namespace(Kube):
    """A namespace with these collections."""

    async def get(self, *_, **__):
        return {"metadata": {"name": "default"}}


async def refusal(kube, name, namespace=None):
    with pytest.raises(module.typer.BadParameter) as refused:
        await module.gathered(kube, namespace, name)
    return str(refused.value)


async def test_a_scaler_that_is_not_there_is_told_with_the_namespace():
    words = await refusal(Namespace(scaledobjects=[scaled(PROMETHEUS)]), "hpa/nope", "default")
    assert words == "hpa/nope not found in namespace default; another is given with -n; there are: scaledobject/chat"


async def test_the_namespace_is_the_contexts_where_none_is_given():
    assert "in namespace inference;" in await refusal(Namespace(), "hpa/nope")


async def test_a_namespace_without_scalers_is_named():
    words = "nothing that scales a workload is in namespace default; another is given with -n"
    assert await refusal(Namespace(), None, "default") == words


async def test_a_workload_that_nothing_scales_is_named():
    plain = {"metadata": {"name": "web", "namespace": "default"}, "spec": {}}
    words = await refusal(Namespace(deployments=[plain]), "deploy/web", "default")
    assert words == "nothing scales deploy/web in namespace default; another is given with -n"
