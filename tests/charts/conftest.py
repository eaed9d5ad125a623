from collections.abc import Iterator

import pytest

from controlplane import Cluster, ControlPlane


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A cluster that has never heard of us."""
    with ControlPlane() as booted:
        booted.add_gpu_nodes(2)
        yield booted
