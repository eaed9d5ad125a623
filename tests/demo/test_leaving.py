import os
import signal
from collections.abc import Iterator

import pytest

from demo.leaving import SIGNALS, Ears, Told, listen


@pytest.fixture
def ears() -> Iterator[Ears]:
    """Hear signals for one test."""
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield listen()
    for number, handler in before.items():
        signal.signal(number, handler)


def tell(number: int) -> None:
    os.kill(os.getpid(), number)


def test_the_first_signal_is_raised(ears):
    with pytest.raises(Told) as told:
        tell(signal.SIGTERM)
    assert told.value.number == signal.SIGTERM


def test_a_second_one_does_not_cut_the_clearing_up_short(ears):
    with pytest.raises(Told):
        tell(signal.SIGINT)
    tell(signal.SIGINT)


def test_a_covered_one_waits(ears):
    ears.cover()
    tell(signal.SIGINT)
    with pytest.raises(Told):
        ears.uncover()
