from datetime import UTC, datetime, timedelta

import pytest

from poolkeeper.simulate.series import Series
from poolkeeper.simulate.trace import TraceError, read_trace

START = datetime(2024, 5, 12, tzinfo=UTC)
TRACE = ["second,requests,prompt_tokens", "0,600,1", "600,1200,", "1200,0,5"]


def test_requests_of_a_bin_become_requests_a_second():
    assert read_trace(TRACE, START) == Series(START, timedelta(minutes=10), (1, 2, 0))


def test_a_bin_that_was_guessed_is_a_hole():
    lines = ["second,requests,filled", "0,60,0", "60,60,1", "120,60,"]
    assert read_trace(lines, START).values == (1, None, 1)


def test_a_trace_may_begin_later():
    lines = [TRACE[0], *TRACE[2:]]
    assert read_trace(lines, START).start == START + timedelta(minutes=10)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([], "no column second and no column requests: a trace begins with second,requests"),
        (["time,requests", "0,1"], "no column second: a trace begins with second,requests"),
        (TRACE[:2], "1 rows are no trace"),
        ([*TRACE[:2], "600,many,"], "line 3: requests is 'many', which is no number from 0 on"),
        ([*TRACE[:2], "600"], "line 3: requests is None, which is no number from 0 on"),
        ([*TRACE[:2], "600,-1,"], "line 3: requests is '-1', which is no number from 0 on"),
        ([*TRACE[:2], "600,inf,"], "line 3: requests is 'inf', which is no number from 0 on"),
        ([*TRACE[:2], "0,1,"], "line 3: second 0 is not after 0"),
        ([*TRACE[:3], "1800,1,"], "line 4: second 1800 where each bin is 600 wide; every bin must be there"),
    ],
)
def test_what_is_no_trace_is_said_with_its_line(lines, words):
    with pytest.raises(TraceError) as caught:
        read_trace(lines, START)
    assert str(caught.value) == words
