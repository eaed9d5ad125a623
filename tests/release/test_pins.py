"""What people install names the image that was published with it."""

import shutil
from pathlib import Path

import pytest
import yaml

from release import ReleaseError, pin

ROOT = Path(__file__).parents[2]
FILES = ("charts/poolkeeper/values.yaml", "manifests/install.yaml")
IMAGE, DIGEST = "ghcr.io/poolkeeper/poolkeeper", f"sha256:{'0a' * 32}"


@pytest.fixture
def tree(tmp_path):
    """What the tree has of it."""
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def test_the_chart_has_its_image_by_digest(tree):
    pin(tree, IMAGE, DIGEST)
    image = yaml.safe_load((tree / FILES[0]).read_text())["image"]
    assert (image["repository"], image["digest"]) == (IMAGE, DIGEST)


def test_the_manifests_have_it_too(tree):
    pin(tree, IMAGE, DIGEST)
    made = next(one for one in yaml.safe_load_all((tree / FILES[1]).read_text()) if one["kind"] == "Deployment")
    assert made["spec"]["template"]["spec"]["containers"][0]["image"] == f"{IMAGE}@{DIGEST}"


@pytest.mark.parametrize(("name", "count"), [(FILES[0], 2), (FILES[1], 1)])
def test_nothing_else_changes(tree, name, count):
    before = (tree / name).read_text().splitlines()
    pin(tree, IMAGE, DIGEST)
    after = (tree / name).read_text().splitlines()
    assert sum(old != new for old, new in zip(before, after, strict=True)) == count


def test_what_is_pinned_already_is_refused_and_left_as_it_is(tree):
    pin(tree, IMAGE, DIGEST)
    before = [(tree / name).read_text() for name in FILES]
    with pytest.raises(ReleaseError, match="has 0 places"):
        pin(tree, IMAGE, DIGEST)
    assert [(tree / name).read_text() for name in FILES] == before


@pytest.mark.parametrize("digest", ["", "latest", "sha256:short"])
def test_what_is_no_digest_is_refused(tree, digest):
    with pytest.raises(ReleaseError, match="is no digest"):
        pin(tree, IMAGE, digest)
