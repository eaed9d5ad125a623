"""What the release workflow asks of the tree before it builds anything."""

from pathlib import Path

import pytest

from release import ReleaseError, notes, version_of, versions
from release.__main__ import main

ROOT = Path(__file__).parents[2]
CHANGELOG = """\
# Changelog

## [Unreleased]

- Later.

## [0.2.0] - 2027-01-31

### Added

- This.

## [0.1.0] - 2026-12-01

- That.

[0.2.0]: https://example.com
"""


def test_the_whole_tree_has_one_version():
    assert len(set(versions(ROOT).values())) == 1


def test_a_tag_stands_for_a_version():
    assert version_of("v1.2.3") == "1.2.3"


@pytest.mark.parametrize("tag", ["1.2.3", "v1.2", "v1.2.3-rc.1", "release"])
def test_another_tag_stands_for_none(tag):
    with pytest.raises(ReleaseError, match=r"v1\.2\.3"):
        version_of(tag)


def test_the_notes_are_the_versions_own():
    assert notes(CHANGELOG, "0.2.0") == "### Added\n\n- This."


def test_the_last_notes_end_where_the_links_begin():
    assert notes(CHANGELOG.replace("## [0.1.0] - 2026-12-01\n\n- That.\n\n", ""), "0.2.0").endswith("- This.")


def test_a_version_without_words_is_refused():
    with pytest.raises(ReleaseError, match=r"nothing of 0\.3\.0"):
        notes(CHANGELOG, "0.3.0")


def test_a_tag_that_is_not_the_trees_is_refused_with_every_place():
    with pytest.raises(ReleaseError, match=r"pyproject\.toml: project\.version is .*kustomization\.yaml"):
        main(["check", "v99.0.0"])


def test_other_arguments_are_told_the_usage():
    with pytest.raises(ReleaseError, match="usage"):
        main([])
