"""The tutorial, typed as it stands, on the cluster that it makes: install, first pool, first explanation."""

import tempfile
import time  # noqa: TID251  people's time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest
from tests.docs.console import Console
from tests.docs.pages import DOCS

from controlplane import Cluster, ControlPlane
from image.build import build
from installed.place import ABSENT

TEN_MINUTES = 600


@pytest.fixture
def playground() -> Iterator[Cluster]:
    """What `make playground` gives."""
    with tempfile.TemporaryDirectory() as scratch:
        try:
            image = build([f"poolkeeper:{version('poolkeeper')}"], Path(scratch) / "image.tar")
            with ControlPlane(real_node=True) as cluster:
                cluster.add_gpu_nodes(2, 8)
                cluster.machine.load(image)
                yield cluster
        except ABSENT as error:
            pytest.skip(f"no local cluster with a real node: {error}")


@pytest.mark.cluster
@pytest.mark.timeout(1200)
def test_the_tutorial_takes_less_than_ten_minutes_of_commands(playground, tmp_path):
    console = Console(playground, tmp_path, {}, pytest.fail)
    began = time.monotonic()
    try:
        console.follow(DOCS / "tutorial.md")
    finally:
        console.close()
    assert time.monotonic() - began < TEN_MINUTES
