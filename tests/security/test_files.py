"""Files that somebody else wrote: they fill no memory, run nothing, and are refused in words."""

import sys

import pytest
import typer

from poolkeeper.cli.manifest import read
from poolkeeper.cli.migration import objects

POOL = "apiVersion: poolkeeper.io/v1alpha1\nkind: InferencePool\nmetadata: {name: chat}\nspec:\n"
LAUGHS = "\n".join(
    [f"  a0: &a0 [{', '.join('lol' for _ in range(10))}]"]
    + [f"  a{n}: &a{n} [{', '.join(f'*a{n - 1}' for _ in range(10))}]" for n in range(1, 12)]
)
MERGED = "\n".join(
    ["  a0: &a0 {x: 1}"]
    + [f"  a{n}: &a{n} {{<<: [{', '.join(f'*a{n - 1}' for _ in range(10))}]}}" for n in range(1, 12)]
)
BOMBS = {"aliases": LAUGHS, "merges": MERGED, "itself": "  a: &a [*a]"}
DEEP = f"  a: {'[' * 700}{']' * 700}"
CODE = "  a: !!python/object/apply:os.system [touch /tmp/poolkeeper-was-here]"


@pytest.fixture(params=[read, objects.read], ids=["pools", "objects"])
def refusal(request, tmp_path):
    def of(text):
        file = tmp_path / "given.yaml"
        file.write_text(POOL + text)
        with pytest.raises(typer.BadParameter) as told:
            request.param(file)
        return str(told.value.message)

    return of


@pytest.fixture
def shallow():
    """The depth that Python begins with: the operator lets itself have more."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    yield
    sys.setrecursionlimit(before)


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_before_it_goes_off(refusal, bomb):
    assert "unfold to more than 1,000,000 values" in refusal(BOMBS[bomb])


def test_no_file_runs_anything(refusal):
    assert "could not determine a constructor" in refusal(CODE)


def test_what_is_nested_too_deep_is_refused(refusal, shallow):
    assert "nested deeper than can be read" in refusal(DEEP)


def test_an_alias_that_serves_is_taken(tmp_path):
    file = tmp_path / "given.yaml"
    file.write_text(f"{POOL}  targetRef: &it {{name: chat}}\n  again: *it\n")
    assert read(file)[0]["spec"]["again"] == {"name": "chat"}
