import os
import signal

import pytest

from demo.leaving import Told, listening


def test_the_first_signal_is_raised():
    with listening(), pytest.raises(Told) as told:
        os.kill(os.getpid(), signal.SIGTERM)
    assert told.value.number == signal.SIGTERM


def test_a_second_one_does_not_cut_the_clearing_up_short():
    with listening():
        with pytest.raises(Told):
            os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)


def test_a_covered_one_waits():
    with listening() as ears:
        ears.cover()
        os.kill(os.getpid(), signal.SIGINT)
        with pytest.raises(Told):
            ears.uncover()
