"""YAML files of pools, as kubectl reads them."""

import pytest
import typer

from poolkeeper.cli.manifest import read

POOL = "apiVersion: poolkeeper.io/v1alpha1\nkind: InferencePool\nspec: {{value: {}}}\n"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("18:00", "18:00"),
        ("08:00", "08:00"),
        ("1:30:00.5", "1:30:00.5"),
        ("8", 8),
        ("0.5", 0.5),
        ('"8"', "8"),
        ("2027-06-30", "2027-06-30"),
    ],
)
def test_a_value_is_read_as_kubectl_reads_it(tmp_path, text, value):
    file = tmp_path / "pool.yaml"
    file.write_text(POOL.format(text))
    assert read(file)[0]["spec"]["value"] == value


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"kind: [", "expected"),
        (b"\xff\xfe\x00", "decode"),
        (b"kind: Pod", "holds no InferencePool"),
        (b"kind: InferencePool\nspec: 3", "must be mappings"),
        (b"kind: InferencePool\nmetadata: [a]", "must be mappings"),
    ],
)
def test_a_file_that_is_none_is_refused_with_words(tmp_path, content, words):
    file = tmp_path / "pool.yaml"
    file.write_bytes(content)
    with pytest.raises(typer.BadParameter, match=words):
        read(file)


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(typer.BadParameter, match="No such file"):
        read(tmp_path / "none.yaml")


def test_a_file_that_is_not_there_is_named_once(tmp_path):
    with pytest.raises(typer.BadParameter) as refused:
        read(tmp_path / "none.yaml")
    assert (refused.value.message, refused.value.param_hint) == (
        f"{tmp_path}/none.yaml: No such file or directory",
        "-f",
    )


def test_the_other_inference_pool_in_the_same_file_is_not_ours(tmp_path):
    file = tmp_path / "pools.yaml"
    file.write_text("apiVersion: inference.networking.k8s.io/v1\nkind: InferencePool\n---\n" + POOL.format(1))
    assert [one["spec"] for one in read(file)] == [{"value": 1}]
