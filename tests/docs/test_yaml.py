"""Every YAML in the docs is right."""

import pytest
import yaml
from tests.docs.pages import PAGES, ROOT, blocks, shown

from poolkeeper.api import names
from poolkeeper.api.spec import parse_spec, unknown_fields
from poolkeeper.cli.manifest import theirs

YAML = [block for page in PAGES for block in blocks(page) if block.language == "yaml"]
DOCUMENTS = [(str(block), document) for block in YAML for document in yaml.safe_load_all(block.text)]
SAMPLES = [
    (shown(path), one) for path in ROOT.glob("manifests/samples/*") for one in yaml.safe_load_all(path.read_text())
]
POOLS = [
    (place, one)
    for place, one in [*DOCUMENTS, *SAMPLES]
    if isinstance(one, dict) and one.get("kind") == names.KIND and not theirs(one)
]


def test_there_are_pools_to_check():
    assert len(POOLS) > 5


@pytest.mark.parametrize("pool", [one for _, one in POOLS], ids=[place for place, _ in POOLS])
def test_a_pool_is_accepted(pool):
    parse_spec(pool["spec"])


@pytest.mark.parametrize("pool", [one for _, one in POOLS], ids=[place for place, _ in POOLS])
def test_a_pool_has_nothing_that_would_be_dropped(pool):
    assert (pool["apiVersion"], unknown_fields(pool["spec"])) == (names.API_VERSION, [])


@pytest.mark.parametrize("document", [one for _, one in DOCUMENTS], ids=[place for place, _ in DOCUMENTS])
def test_a_document_says_what_it_is_or_is_a_file_of_ours(document):
    assert isinstance(document, dict)
