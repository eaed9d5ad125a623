"""docs/images' drawings are what the rules do."""

import pytest
from tests.docs.pages import DOCS

from drawings import DRAWINGS


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_what_the_rules_do(name):
    assert (DOCS / "images" / name).read_text() == DRAWINGS[name](), "run `make crds`"
