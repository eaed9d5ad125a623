import gzip
from datetime import UTC, datetime, timedelta

import pytest

from poolkeeper.core.arrivals import Arrival
from poolkeeper.simulate.series import Series
from poolkeeper.simulate.trace import TraceError, read_tokens, read_trace, unpacked, with_clients

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


TOKENS = ["second,requests,prompt_tokens,output_tokens", "0,10,1000,100", "600,30,9000,900"]
CLIENTS = ["second,client,rate,cv,pattern", "0,1,3,2,Gamma", "0,2,1,1,Gamma", "600,1,1,1,Gamma"]


def bins_of(*rows, header=TOKENS[0]):
    return read_tokens([header, *rows], START).bins


def test_tokens_of_a_bin_become_those_of_its_mean_request():
    assert read_tokens(TOKENS, START).bins == (Arrival(10, 100, 10), Arrival(30, 300, 30))


def test_a_trace_knows_how_wide_its_bins_are():
    assert read_tokens(TOKENS, START).width == timedelta(minutes=10)


def test_unknown_tokens_are_those_of_the_mean_request():
    assert bins_of("0,10,1000,100", "60,30,9000,900", "120,7,,") == (
        Arrival(10, 100, 10),
        Arrival(30, 300, 30),
        Arrival(7, 250, 25),
    )


@pytest.mark.parametrize("header", [TOKENS[0], "second,requests"])
def test_where_no_tokens_are_known_requests_are_of_the_usual_length(header):
    assert bins_of("0,1", "60,2", header=header) == (Arrival(1, 1155, 211), Arrival(2, 1155, 211))


def test_a_bin_without_requests_has_the_tokens_of_the_mean_request():
    assert bins_of("0,10,1000,100", "60,0,0,0")[1] == Arrival(0, 100, 10)


def test_a_request_has_a_token_at_least():
    assert bins_of("0,10,1000,0", "60,10,1000,0")[0] == Arrival(10, 100, 1)


def test_a_hole_takes_the_straight_line_between_its_neighbours():
    header = "second,requests,filled,prompt_tokens,output_tokens"
    rows = ("0,10,0,1000,100", "60,99,1,99,99", "120,99,1.0,,", "180,40,,16000,1600")
    assert bins_of(*rows, header=header)[1:3] == (Arrival(20, 200, 20), Arrival(30, 300, 30))


def test_holes_at_the_ends_take_their_neighbours_values():
    header = "second,requests,prompt_tokens,output_tokens,filled"
    rows = ("0,99,,,1", "60,10,1000,100,0", "120,99,,,1")
    assert bins_of(*rows, header=header) == (Arrival(10, 100, 10),) * 3


def test_order_and_spaces_of_columns_are_free():
    assert bins_of("5, 2, 0", "7, 4, 1", header="other, requests, second") == (
        Arrival(2, 1155, 211),
        Arrival(4, 1155, 211),
    )


def test_seconds_may_be_fractions_and_empty_lines_stand_between():
    trace = read_tokens(["second,requests", "0,1.5", "", "0.1,1", "0.2,1", "0.30000001,2", ""], START)
    assert (trace.width, len(trace.bins)) == (timedelta(seconds=0.1), 4)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_file_may_be_gzipped(pack):
    assert unpacked(pack("\r\n".join(TOKENS).encode("utf-8-sig"))) == TOKENS


@pytest.mark.parametrize("content", [b"\x1f\x8bno", gzip.compress(b"second", mtime=0)[:-9], b"\xff\xfe\x00"])
def test_what_is_no_text_is_said(content):
    with pytest.raises(TraceError, match="no text, gzipped or not"):
        unpacked(content)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (("0,1,2,3", "60,1,-2,3"), "line 3: prompt_tokens is '-2', which is no number from 0 on"),
        (("0,1,2,3", "60,1,2,nan"), "line 3: output_tokens is 'nan', which is no number from 0 on"),
        (("0,1,2,3", "", "60,x,2,3"), "line 4: requests is 'x', which is no number from 0 on"),
        (("0,1,2,3", "60,1,2,3", "60,1,2,3"), "line 4: second 60 where each bin is 60 wide; every bin must be there"),
        ((), "0 rows are no trace"),
    ],
)
def test_what_is_wrong_with_tokens_is_said_with_its_line(rows, words):
    with pytest.raises(TraceError) as caught:
        bins_of(*rows)
    assert str(caught.value) == words


def test_holes_alone_are_no_trace():
    with pytest.raises(TraceError, match="every bin is a hole"):
        bins_of("0,1,1", "60,1,1", header="second,requests,filled")


def test_clients_say_how_bursty_a_bin_is_by_their_rates():
    assert with_clients(read_tokens(TOKENS, START), CLIENTS).dispersion == ((3 * 4 + 1 * 1) / 4, 1)


def test_a_bin_of_which_no_clients_are_known_is_as_bursty_as_the_others():
    trace = with_clients(read_tokens([*TOKENS, "1200,1,1,1"], START), CLIENTS)
    assert trace.dispersion[2] == (13 / 4 + 1) / 2


def test_a_handful_of_requests_cannot_be_bursty():
    clients = [CLIENTS[0], "0,1,0.01,99,Gamma", "600,1,0,99,Gamma"]
    assert with_clients(read_tokens(TOKENS, START), clients).dispersion == (5, 1)


def test_no_clients_leave_the_usual_dispersion():
    assert with_clients(read_tokens(TOKENS, START), CLIENTS[:1]).dispersion == (5.7, 5.7)


def test_what_is_no_file_of_clients_is_said_with_its_line():
    with pytest.raises(TraceError, match="line 2: cv is 'much'"):
        with_clients(read_tokens(TOKENS, START), [CLIENTS[0], "0,1,1,much,Gamma"])
