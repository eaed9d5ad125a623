from pathlib import Path

import pytest
import yaml

SAMPLES = Path(__file__).parents[2] / "manifests" / "samples"


@pytest.fixture
def documents():
    """Read a sample's documents by its name."""
    return lambda name: list(yaml.safe_load_all((SAMPLES / f"{name}.yaml").read_text()))
