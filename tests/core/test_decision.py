import pytest

from builders import at
from poolkeeper.core.decision import Decision, Prospect
from poolkeeper.core.reasons import Reason


@pytest.mark.parametrize(
    ("size", "frozen", "changes"), [(3, False, True), (1, False, True), (2, False, False), (3, True, False)]
)
def test_a_decision_changes_something_if_it_may_and_the_size_differs(size, frozen, changes):
    assert Decision(2, size, size, Reason.STEADY, frozen=frozen).changes is changes


@pytest.mark.parametrize(("prospects", "until"), [((), None), ((Prospect(at(3), "a"), Prospect(at(9), "b")), at(3))])
def test_a_decision_stands_until_the_first_prospect(prospects, until):
    assert Decision(2, 2, 2, Reason.STEADY, prospects=prospects).until == until
