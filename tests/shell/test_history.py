"""What a server may answer, and what becomes of it."""

import base64
import json
import re
import subprocess
import sys
from collections import deque
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest

from poolkeeper.shell.history import Gap, History, HistoryError, Range, read
from poolkeeper.shell.servers import Basic, Bearer, ServerConfig, Tls

END = datetime(2026, 3, 2, 12, 0, 7, tzinfo=UTC)
START = datetime(2026, 2, 28, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
TWO_DAYS = Range("sum(rate(requests_total[10m]))", END, 2, HOUR)
HUNG = 0
SLOW = HUNG, b"", {}
NOBODY = "http://127.0.0.1:1"


@pytest.fixture
def server():
    """A server that gives `answers` in turn, the last one for good; `asked` holds what it was asked."""
    place = SimpleNamespace(answers=deque([series]), asked=[], headers=[], closing=Event())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            asked = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
            place.asked.append(asked)
            place.headers.append(self.headers)
            answer = place.answers.popleft() if len(place.answers) > 1 else place.answers[0]
            status, body, headers = answer(asked) if callable(answer) else answer
            if status == HUNG:
                place.closing.wait(10)
                return
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """A test needs no log."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.01}).start()
        place.config = ServerConfig(name="default", url=f"http://127.0.0.1:{listening.server_port}")
        yield place
        place.closing.set()
        listening.shutdown()


def whole(*rows, **more):
    return 200, json.dumps({"status": "success", "data": {"result": list(rows)}} | more).encode(), {}


def series(asked, value=lambda _: "7"):
    """Answer with the instants that were asked for."""
    instants = range(int(asked["start"]), int(asked["end"]) + 1, int(asked["step"]))
    return whole({"metric": {}, "values": [[at, value(at)] for at in instants]})


def refusal(status, words):
    return status, json.dumps({"status": "error", "error": words}).encode(), {}


def look(server, wanted=TWO_DAYS, timeout=5.0, progress=lambda *_: None, **changes):
    config = ServerConfig(**{"name": "default", "url": server.config.url} | changes)
    return read(config, wanted, progress, timedelta(seconds=timeout))


def test_a_history_has_a_value_each_step(server):
    assert look(server) == History(START, HOUR, (7.0,) * 48)


def test_each_day_is_asked_for_alone_the_newest_first(server):
    look(server)
    starts = [datetime.fromtimestamp(int(asked["start"]), UTC) for asked in server.asked]
    assert starts == [START + timedelta(days=1), START]


def test_no_answer_has_more_points_than_a_server_gives(server):
    look(server, Range("x", END, 2, timedelta(seconds=10)))
    points = [(int(asked["end"]) - int(asked["start"])) / float(asked["step"]) + 1 for asked in server.asked]
    assert points == [8640, 8640]


def test_progress_is_told(server):
    told = []
    look(server, progress=lambda done, whole: told.append((done, whole)))
    assert told == [(1, 2), (2, 2)]


@pytest.mark.parametrize("words", ["NaN", "+Inf", "-Inf"])
def test_what_is_no_number_is_a_hole(server, words):
    noon = (START + HOUR).timestamp()
    server.answers[0] = lambda asked: series(asked, lambda at: words if at == noon else "7")
    assert look(server).values[:3] == (7, None, 7)


def test_what_is_missing_is_a_hole(server):
    server.answers[0] = whole({"metric": {}, "values": [[(START + HOUR).timestamp(), "3"]]})
    assert look(server).values == (None, 3, *[None] * 46)


def test_a_scrape_that_answers_with_odd_instants_stays_on_the_grid(server):
    server.answers[0] = whole({"metric": {}, "values": [[END.timestamp() + 9000, "3"], [START.timestamp(), "4"]]})
    assert look(server).values[0] == 4


@pytest.mark.parametrize("bad", [refusal(500, "boom"), refusal(422, "too many samples"), whole(warnings=["no store"])])
def test_a_day_that_fails_is_a_gap_that_says_why(server, bad):
    server.answers.append(bad)
    found = look(server)
    assert (found.values, [gap.start for gap in found.gaps]) == ((None,) * 24 + (7.0,) * 24, [START])


def test_a_gap_repeats_the_servers_words(server):
    server.answers.append(refusal(500, "query processing would load too many samples"))
    words = f"{server.config.url} answered 500: query processing would load too many samples"
    assert look(server).gaps == (Gap(START, words),)


def test_a_remark_of_the_server_is_no_fault(server):
    remark = "PromQL info: metric might not be a counter"
    server.answers[0] = lambda asked: whole(*json.loads(series(asked)[1])["data"]["result"], warnings=[remark])
    assert look(server).gaps == ()


def test_a_server_that_is_busy_for_a_moment_is_asked_again(server):
    server.answers = deque([refusal(503, "busy"), series])
    assert look(server).gaps == ()


def test_several_series_are_refused_with_what_to_do(server):
    server.answers[0] = whole(*({"metric": {"pod": pod}, "values": [[1, "1"]]} for pod in "abc"))
    with pytest.raises(HistoryError, match=r"gives 3 series \(\{'pod': 'a'\}.*; aggregate them, as in sum"):
        look(server)


@pytest.mark.parametrize("answer", [whole(), whole({"metric": {}, "values": [[START.timestamp(), "NaN"]]})])
def test_nothing_found_is_said_with_what_to_look_at(server, answer):
    server.answers[0] = answer
    with pytest.raises(HistoryError, match=r"gives no number in the 2 days up to 2026-03-02 12:00 UTC; .* name right"):
        look(server)


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_a_wrong_query_and_a_refused_asker_end_it_at_once_in_the_servers_words(server, status):
    server.answers[0] = refusal(status, 'invalid parameter "query": 1:5: parse error: unclosed left parenthesis')
    with pytest.raises(HistoryError, match=f"answered {status}: invalid parameter .*: parse error: unclosed"):
        look(server, Range("sum(", END, 30, HOUR))
    assert len(server.asked) == 1


@pytest.mark.parametrize("page", [b"<html>log in</html>", b"{}", b'{"data": null}', b"[]"])
def test_what_is_no_prometheus_is_said(server, page):
    server.answers[0] = 200, page, {}
    with pytest.raises(HistoryError, match="gave no answer of a Prometheus; is it the right address"):
        look(server)


def test_a_page_of_words_is_repeated_in_one_line(server):
    server.answers[0] = 404, b"<html>\n  not here\n</html>", {}
    with pytest.raises(HistoryError, match="answered 404: <html> not here </html>"):
        look(server)


def test_a_login_is_not_followed(server):
    server.answers[0] = 302, b"", {"Location": "https://login.example"}
    with pytest.raises(HistoryError, match=r"answered 302: it leads to https://login\.example: is that a login"):
        look(server)


def test_a_server_that_is_slow_is_given_up_after_three_days(server):
    server.answers[0] = SLOW
    with pytest.raises(HistoryError, match=r"gave no answer within 0\.05 s, 3 times in a row"):
        look(server, Range("x", END, 30, HOUR), timeout=0.05)
    assert len(server.asked) == 3


def test_a_server_that_is_slow_once_is_a_gap(server):
    server.answers = deque([SLOW, series])
    assert [gap.words[-len("within 0.2 s") :] for gap in look(server, timeout=0.2).gaps] == ["within 0.2 s"]


def test_a_server_that_is_not_there_is_said():
    config = ServerConfig(name="default", url=NOBODY)
    with pytest.raises(HistoryError, match=f"{NOBODY} cannot be reached: Connection refused"):
        read(config, TWO_DAYS, lambda *_: None)


def test_the_server_is_told_how_long_its_answer_is_waited_for(server):
    look(server)
    assert server.asked[0]["timeout"] == "5s"


def test_a_token_is_shown(server, tmp_path):
    (tmp_path / "token").write_text("s3cret\n")
    look(server, bearer=Bearer(tokenFile=tmp_path / "token"))
    assert server.headers[0]["Authorization"] == "Bearer s3cret"


def test_a_password_is_shown(server, tmp_path):
    (tmp_path / "password").write_text("s3cret")
    look(server, basic=Basic(username="reader", passwordFile=tmp_path / "password"))
    assert base64.b64decode(server.headers[0]["Authorization"].split()[1]) == b"reader:s3cret"


def test_a_secret_that_is_sent_back_is_not_repeated(server, tmp_path):
    (tmp_path / "token").write_text("s3cret")
    server.answers[0] = refusal(403, "the token s3cret may not")
    with pytest.raises(HistoryError, match=r"the token \*\*\* may not"):
        look(server, bearer=Bearer(tokenFile=tmp_path / "token"))


def test_a_secret_that_is_not_there_is_said(server, tmp_path):
    with pytest.raises(HistoryError, match=re.escape(f"the secret in {tmp_path / 'none'} cannot be read")):
        look(server, bearer=Bearer(tokenFile=tmp_path / "none"))


def test_an_authority_that_is_not_there_is_said(server, tmp_path):
    with pytest.raises(HistoryError, match=r"cannot be reached: .*none"):
        look(server, url=server.config.url.replace("http", "https"), tls=Tls(caFile=tmp_path / "none"))


def test_nothing_of_it_is_loaded_before_it_is_needed():
    words = "import sys, poolkeeper.shell.history; print('requests' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)  # noqa: S603  our own words
    assert done.stdout == "False\n"
