import re

import pytest

from poolkeeper.core.reasons import Reason


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_is_what_a_condition_accepts(reason):
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9]{0,62}", reason)


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_has_one_plain_sentence(reason):
    assert re.fullmatch(r"[a-zA-Z].+[^. ]", reason.sentence)


def test_no_two_reasons_say_the_same():
    assert len({reason.sentence for reason in Reason}) == len(Reason)


def test_a_reason_is_found_by_its_value():
    assert Reason("QueueAbove") is Reason.QUEUE_ABOVE
