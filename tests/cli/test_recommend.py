"""What recommend asks the engine, and how it tells the answer; the engine itself is played."""

import asyncio
import gzip
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from types import SimpleNamespace

import pytest
import yaml
from rich.console import Console
from typer.testing import CliRunner

from builders import BODY, START
from poolkeeper.api.spec import parse_spec
from poolkeeper.cli import load_history, question, recommended_text
from poolkeeper.cli import recommend as module
from poolkeeper.cli.main import app
from poolkeeper.core.model import Limits, PoolSpec, Schedule
from poolkeeper.shell.history import Gap, History, HistoryError, Range
from poolkeeper.simulate.proposal import (
    Confidence,
    HeldOut,
    Outcome,
    Profile,
    Proposed,
    Question,
    Recommendation,
)

OFFICE = Proposed("office", "Mon-Fri", "08:30", "18:00", 6)
NIGHT = Proposed("night", "Mon-Sun", "18:00", "24:00", 1, 2)
WEEK = tuple(8.0 if day < 5 and 17 <= slot < 36 else 2.0 for day in range(7) for slot in range(48))
FOUND = Recommendation(
    windows=(OFFICE, NIGHT),
    outside=Limits(),
    lead=timedelta(minutes=4),
    min_replicas=1,
    max_replicas=8,
    scale_up_above=5,
    scale_down_below=0.5,
    today=Outcome(1344, Decimal("4032.00"), 1, 0),
    proposed=Outcome(740.3, Decimal("2220.90"), 0.9987, 34),
    held_out=HeldOut(
        "16-22 Mar", Outcome(1344, None, 1, 0), Outcome(800, None, 0.95, 50), Outcome(745, None, 0.99, 33)
    ),
    confidence=Confidence("very: the time of the week [1] foretells 97 %", 0.97),
    helps=True,
    stays=False,
    because="half as many GPU-hours",
    profile=Profile(WEEK, WEEK),
    per_replica=1.25,
    notes=("one day [Mon] was left out",),
)
NOTHING = replace(FOUND, helps=False, windows=(), because="no schedule helps: it is the same at all times")
QUESTION = Question(PoolSpec(8, 8), 1.25, timedelta(minutes=4), timedelta(seconds=2), "Asia/Tokyo", Decimal(3))
POOL = """
apiVersion: poolkeeper.io/v1alpha1
kind: InferencePool
metadata: {name: chat, namespace: inference, labels: {team: a}}
spec:
  targetRef: {name: chat}
  minReplicas: 2
  maxReplicas: 8
  queue: {scaleDown: {below: 2, gracePeriod: 10m}}
  slo: {queueTime: 5s}
  schedule: {timezone: Europe/Prague, windows: [{name: old, from: "01:00", to: "02:00", minReplicas: 3}]}
"""
LAUNCH = '{name: launch, start: "0 9 24 11 *", end: "0 21 24 11 *", minReplicas: 8}'
URGENT = '{name: urgent, from: "03:00", to: "04:00", minReplicas: 8, priority: 10}'
STAYING = POOL.replace("windows: [", f"outside: {{percent: 50}}, windows: [{LAUNCH}, {URGENT}, ")
STAYS = replace(
    FOUND, helps=False, stays=True, windows=(), min_replicas=2, scale_down_below=2, because="nothing is better"
)
SERVER = ["--prometheus", "http://prometheus:9090", "--query", "sum(rate(x[5m]))"]
HISTORY = History(START, timedelta(minutes=1), (3.0, None, 5.0, 2.0))


@pytest.fixture
def engine(monkeypatch):
    """The engine: `asked` is what it was asked, `answers` what it says."""
    playing = SimpleNamespace(asked=None, series=None, answers=FOUND)

    def recommend(series, question, progress):
        progress("trying windows", 0.5)
        playing.series, playing.asked = series, question
        return playing.answers

    monkeypatch.setattr(module.engine, "recommend", recommend)
    return playing


@pytest.fixture
def past(monkeypatch):
    """The history: `wanted` is what was read of it, and from where."""
    playing = SimpleNamespace(wanted=None, server=None, found=HISTORY)

    def read(server, wanted, progress):
        progress(1, wanted.days)
        playing.server, playing.wanted = server, wanted
        if isinstance(playing.found, Exception):
            raise playing.found
        return playing.found

    monkeypatch.setattr(load_history.history, "read", read)
    return playing


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "pool.yaml"
    path.write_text(POOL)
    return ["-f", str(path)]


def run(*options):
    return CliRunner().invoke(app, ["recommend", *options], env={"COLUMNS": "300"})


def printed(found, asked=QUESTION):
    console = Console(width=80, record=True, highlight=False, soft_wrap=True)
    recommended_text.show(console, asked, found)
    return console.export_text()


def proposed(*options):
    """Return the pool that is printed alone."""
    answer = run(*SERVER, "-o", "yaml", *options)
    assert answer.exit_code == 0, answer.output
    return yaml.safe_load(answer.output)


def test_the_pool_is_ready_to_apply(engine, past, file):
    spec = parse_spec(proposed(*file)["spec"]).to_core()
    assert [(window.name, window.start, window.end) for window in spec.schedule.windows] == [
        ("office", "30 8 * * Mon,Tue,Wed,Thu,Fri", "0 18 * * Mon,Tue,Wed,Thu,Fri"),
        ("night", "0 18 * * *", "0 0 * * *"),
    ]


def test_the_pool_is_whole_and_has_what_was_not_proposed(engine, past, file):
    body = proposed(*file)
    assert body["metadata"] == {"name": "chat", "namespace": "inference", "labels": {"team": "a"}}
    assert body["spec"] == yaml.safe_load(POOL)["spec"] | {
        "minReplicas": 1,
        "queue": {"scaleDown": {"below": 0.5, "gracePeriod": "10m"}},
        "schedule": body["spec"]["schedule"],
    }


def test_the_schedule_is_written_as_people_write_it(engine, past, file):
    assert 'windows:\n    - {name: office, days: Mon-Fri, from: "08:30", to: "18:00", minReplicas: 6}\n' in run(
        *SERVER, "-o", "yaml", *file
    ).output.replace("'", '"')


@pytest.mark.parametrize(("options", "lead"), [([], "auto"), (["--startup", "4m"], "4m")])
def test_the_lead_time_is_the_operators_to_measure_unless_it_was_given(engine, past, file, options, lead):
    assert proposed(*file, *options)["spec"]["schedule"]["leadTime"] == lead


def test_a_start_up_time_that_was_guessed_is_noted(engine, past, file):
    assert "that replicas take 4m to start is a guess" in run(*SERVER, *file).output


def test_a_start_up_time_that_was_given_needs_no_note(engine, past, file):
    assert "to start" not in run(*SERVER, *file, "--startup", "4m").output


def test_a_whole_day_is_written_as_one(engine, past, file):
    engine.answers = replace(FOUND, windows=(Proposed("rest", "Sat-Sun", "00:00", "24:00", 1),))
    (window,) = proposed(*file)["spec"]["schedule"]["windows"]
    assert (window["from"], window["to"]) == ("00:00", "24:00")


def test_thresholds_that_stay_are_not_written(engine, past, file):
    engine.answers = replace(FOUND, scale_down_below=2.0)
    assert proposed(*file)["spec"]["queue"] == yaml.safe_load(POOL)["spec"]["queue"]


def test_what_a_usual_week_cannot_tell_stays(engine, past, file, tmp_path):
    (tmp_path / "pool.yaml").write_text(STAYING)
    schedule = proposed(*file)["spec"]["schedule"]
    assert [one["name"] for one in schedule["windows"]] == ["launch", "urgent", "office", "night"]
    assert schedule["outside"] == {"percent": 50}


def test_what_stays_is_part_of_the_question(engine, past, file, tmp_path):
    (tmp_path / "pool.yaml").write_text(STAYING)
    run(*SERVER, *file)
    kept = engine.asked.kept
    assert ([one.name for one in kept.windows], kept.outside) == (["launch", "urgent"], Limits(4, 4))


def test_windows_that_stay_stay_where_none_is_proposed(engine, past, file, tmp_path):
    engine.answers = NOTHING
    (tmp_path / "pool.yaml").write_text(STAYING)
    schedule = proposed(*file)["spec"]["schedule"]
    assert ([one["name"] for one in schedule["windows"]], schedule["timezone"]) == (
        ["launch", "urgent"],
        "Europe/Prague",
    )


def test_windows_that_stay_are_not_read_in_another_zone(engine, past, file, tmp_path):
    (tmp_path / "pool.yaml").write_text(STAYING)
    answer = run(*SERVER, *file, "--timezone", "Asia/Tokyo")
    words = "--timezone: window launch, urgent stays, and is read in Europe/Prague: drop the option"
    assert (answer.exit_code, words in answer.output) == (2, True)


def test_what_stays_and_what_goes_is_noted(engine, past, file, tmp_path):
    (tmp_path / "pool.yaml").write_text(STAYING)
    text = " ".join(run(*SERVER, *file).output.split())
    assert "stays what a usual week cannot tell about: window launch, window urgent, outside" in text
    assert "goes what the proposal takes the place of: window old" in text


def test_a_pool_that_stays_keeps_all_its_schedule(engine, past, file):
    engine.answers = STAYS
    assert proposed(*file)["spec"] == yaml.safe_load(POOL)["spec"]


def test_where_nothing_changes_it_is_said(engine, past, file):
    engine.answers = STAYS
    text = run(*SERVER, *file).output
    assert "Nothing to change: this is today's pool" in text
    assert "proposed" not in text


def test_the_text_says_what_changes(engine, past, file):
    text = run(*SERVER, *file).output
    assert re.search(r"^minReplicas +2 +1 *$", text, re.MULTILINE)
    assert re.search(r"^queue.scaleDown.below +2 +0.5 *$", text, re.MULTILINE)
    assert re.search(r"^window old +from 01:00, to 02:00, ", text, re.MULTILINE)


def test_the_json_says_what_changes(engine, past, file):
    told = json.loads(run(*SERVER, "-o", "json", *file).output)
    assert ["minReplicas", "2", "1"] in told["changes"]


def test_the_yaml_alone_has_the_notes_too(engine, past, file):
    text = run(*SERVER, "-o", "yaml", *file).output
    assert text.startswith("# half as many GPU-hours\n# one day [Mon] was left out\n")


def test_a_long_note_is_wrapped_in_the_yaml(engine, past, file):
    engine.answers = replace(FOUND, notes=("word " * 50,))
    text = run(*SERVER, "-o", "yaml", *file).output
    assert max(map(len, text.splitlines())) <= 100
    assert yaml.safe_load(text)["kind"] == "InferencePool"


def test_where_no_schedule_helps_the_yaml_has_none_and_says_why(engine, past, file):
    engine.answers = NOTHING
    answer = run(*SERVER, "-o", "yaml", *file)
    assert answer.output.startswith("# no schedule helps: it is the same at all times\n")
    assert "schedule" not in yaml.safe_load(answer.output)["spec"]


def test_without_a_pool_one_is_made_that_says_what_to_fill_in(engine, past):
    answer = run(*SERVER, "-o", "yaml", "--max", "8")
    assert "\n# Fill in the pool's name" in answer.output
    assert parse_spec(yaml.safe_load(answer.output)["spec"]).mode == "Observe"


def test_the_json_has_the_proposal_and_the_pool(engine, past, file):
    told = json.loads(run(*SERVER, "-o", "json", *file).output)
    assert (told["lead"], told["windows"][0]["begin"], told["pool"]["kind"]) == ("4m", "08:30", "InferencePool")
    assert told["proposed"] == {"gpu_hours": 740.3, "cost": "2220.90", "inside": 0.9987, "changes": 34}


def test_the_text_ends_with_the_pool(engine, past, file):
    text = run(*SERVER, *file).output
    assert yaml.safe_load(text[text.index("apiVersion") :])["metadata"]["name"] == "chat"


def test_the_text_says_what_stands_in_for_todays_pool(engine, past):
    assert "8 replicas around the clock stand in for it" in run(*SERVER, "--max", "8").output


def test_the_week_is_drawn_by_half_hours():
    lines = printed(FOUND).splitlines()
    assert lines[1] == "     0     3     6     9     12    15    18    21"
    assert (lines[2], lines[8]) == ("Mon  " + 17 * "░" + 19 * "█" + 12 * "░", "Sun  " + 48 * "░")


def test_the_shades_say_what_they_mean():
    assert "     ░ to 2  ▒ to 4  ▓ to 6  █ to 8; one replica carries 1.25" in printed(FOUND)


def test_large_loads_have_all_their_digits():
    week = tuple(1000 * load for load in WEEK)
    assert "     ░ to 2,000  ▒ to 4,000" in printed(replace(FOUND, profile=Profile(week, week)))


def test_what_was_never_measured_is_marked():
    text = printed(replace(FOUND, profile=Profile((None, *WEEK[1:]), WEEK)))
    assert "Mon  ?░" in text
    assert "? never measured" in text


def test_a_week_without_load_is_drawn_empty():
    assert "\nMon\n" in printed(replace(FOUND, profile=Profile((0.0,) * 336, (0.0,) * 336)))


def test_the_windows_stand_in_a_table():
    text = printed(FOUND)
    assert re.search(r"^office +Mon-Fri +08:30 +18:00 +6 to 8", text, re.MULTILINE)
    assert re.search(r"^night +Mon-Sun +18:00 +24:00 +1 to 2", text, re.MULTILINE)
    assert re.search(r"^outside +1 to 8", text, re.MULTILINE)


def test_limits_that_leave_one_size_are_one_number():
    assert re.search(r"^outside +3", printed(replace(FOUND, outside=Limits(3, 3))), re.MULTILINE)


def test_a_week_of_today_stands_beside_the_proposed_one():
    text = printed(FOUND)
    assert re.search(r"^GPU-hours +1,344\.0 +740\.3$", text, re.MULTILINE)
    assert re.search(r"^cost +4,032\.00 +2,220\.90$", text, re.MULTILINE)
    assert re.search(r"^inside 2s +100\.00 % +99\.87 %$", text, re.MULTILINE)
    assert re.search(r"^changes of size +0 +34$", text, re.MULTILINE)


def test_the_held_out_week_shows_what_the_windows_add():
    text = printed(FOUND)
    assert re.search(
        r"^On days that it had not seen: 16-22 Mar\na week +today +no windows +proposed$", text, re.MULTILINE
    )
    assert re.search(r"^inside 2s +100\.00 % +95\.00 % +99\.00 %$", text, re.MULTILINE)


def test_without_a_price_there_is_no_cost():
    assert "cost" not in printed(FOUND, replace(QUESTION, price=None))


def test_it_says_how_sure_it_is_and_what_it_noticed():
    text = printed(FOUND)
    assert re.search(r"^sure +very: the time of the week \[1\] foretells 97 % *$", text, re.MULTILINE)
    assert re.search(r"^why +half as many GPU-hours *$", text, re.MULTILINE)
    assert re.search(r"^lead +4m: ", text, re.MULTILINE)
    assert re.search(r"^note +one day \[Mon\] was left out *$", text, re.MULTILINE)


def test_long_words_go_on_below_their_beginning():
    text = printed(replace(FOUND, notes=("word " * 30,)))
    assert re.search(r"^note( +word)+ *\n {6}( *word)+", text, re.MULTILINE)


def test_no_schedule_helps_is_said_with_the_reason():
    text = printed(NOTHING)
    assert "\nNo schedule helps: it is the same at all times\n" in text
    assert "Proposed windows" not in text


def test_a_long_reason_is_wrapped():
    text = printed(replace(NOTHING, because="word " * 50))
    assert max(len(line.rstrip()) for line in text.splitlines()) <= 80


def test_the_text_fits_eighty_columns():
    assert max(len(line.rstrip()) for line in printed(replace(FOUND, notes=("word " * 30,))).splitlines()) <= 80


def test_the_question_holds_what_the_pool_says(engine, past, file):
    run(*SERVER, *file)
    assert (engine.asked.spec.max_replicas, engine.asked.timezone, engine.asked.sla) == (
        8,
        "Europe/Prague",
        timedelta(seconds=5),
    )


def test_options_go_before_what_the_pool_says(engine, past, file):
    run(*SERVER, *file, "--sla", "1s", "--timezone", "Asia/Tokyo", "--startup", "7m", "--price", "3.00", "--gpus", "2")
    assert engine.asked == Question(
        parse_spec(yaml.safe_load(POOL)["spec"]).to_core(),
        None,
        timedelta(minutes=7),
        timedelta(seconds=1),
        "Asia/Tokyo",
        Decimal("3.00"),
        2,
        Schedule((), "Europe/Prague"),
    )


def test_what_nobody_says_is_usual(engine, past):
    run(*SERVER, "--max", "8")
    assert (engine.asked.sla, engine.asked.startup, engine.asked.timezone) == (
        timedelta(seconds=2),
        timedelta(minutes=4),
        "UTC",
    )


@pytest.mark.parametrize(
    ("options", "size"),
    [(["--max", "8"], 8), (["--per-replica", "1.5"], 4), (["--per-replica", "1.5", "--max", "3"], 3)],
)
def test_without_a_pool_the_peaks_size_runs_around_the_clock(engine, past, options, size):
    past.found = History(START, timedelta(minutes=30), (2.0, 5.0, 5.5, 3.0) * 200)
    run(*SERVER, *options)
    assert (engine.asked.spec.min_replicas, engine.asked.spec.max_replicas) == (size, size)


def test_the_history_ends_where_it_is_told(engine, past):
    run(*SERVER, "--max", "8", "--days", "14", "--at", "2026-03-08T07:30:00Z")
    assert (past.wanted.days, past.wanted.end) == (14, datetime(2026, 3, 8, 7, 30, tzinfo=UTC))


def test_the_history_ends_now(engine, past):
    run(*SERVER, "--max", "8")
    assert abs(past.wanted.end - datetime.now(UTC)) < timedelta(minutes=1)  # noqa: TID251  it is the clock that is tested


def test_the_server_is_an_address(engine, past):
    run(*SERVER, "--max", "8")
    assert past.server.url == "http://prometheus:9090"


def test_the_server_may_be_one_of_a_file(engine, past, tmp_path):
    servers = tmp_path / "servers.yaml"
    servers.write_text("far: {url: 'https://far:9090', bearer: {tokenFile: /token}}")
    run("--prometheus", "far", "--prometheus-file", str(servers), "--query", "x", "--max", "8")
    assert (past.server.url, str(past.server.bearer.token_file)) == ("https://far:9090", "/token")


def test_holes_stay_holes(engine, past):
    run(*SERVER, "--max", "8")
    assert engine.series.values == (3, None, 5, 2)


def test_a_day_that_could_not_be_read_is_noted(engine, past):
    past.found = replace(HISTORY, gaps=(Gap(START, "boom"),))
    run(*SERVER, "--max", "8")
    assert engine.series.notes == ("the day from Mon 2026-03-02 12:00 UTC could not be read: boom",)


def test_a_history_that_cannot_be_had_ends_it_with_its_words(engine, past):
    past.found = HistoryError("http://prometheus:9090 answered 400: parse error [1:5]")
    answer = run(*SERVER, "--max", "8")
    assert (answer.exit_code, answer.stderr) == (
        2,
        "error: http://prometheus:9090 answered 400: parse error [1:5]\n",
    )


def test_it_tells_whom_it_waits_for(past):
    told = []
    asked = load_history.server("http://prometheus:9090", None)
    load_history.from_prometheus(asked, Range("x", START, 1, timedelta(minutes=1)), lambda words, _: told.append(words))
    assert told == ["waiting for http://prometheus:9090", "reading day 1 of 1"]


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_for_a_terminal_alone(monkeypatch, terminal):
    screen = Console(file=StringIO(), force_terminal=terminal)
    monkeypatch.setattr(load_history, "complaints", screen)
    with load_history.telling() as told:
        told("reading day 3 of 30", 0.1)
    assert ("reading day 3 of 30" in screen.file.getvalue()) is terminal


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzipped"])
def test_a_trace_is_read_from_where_it_began(engine, tmp_path, pack):
    path = tmp_path / "trace.csv"
    path.write_bytes(pack(b"second,requests\n0,600\n600,1200\n"))
    run("--trace", str(path), "--start", "2024-05-12T00:00:00Z", "--max", "8")
    assert (engine.series.start, engine.series.values) == (datetime(2024, 5, 12, tzinfo=UTC), (1, 2))


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"a,b\n", "no column second"), (b"\x1f\x8b\x00", "Compressed file ended"), (b"\xff\xff", "can't decode")],
)
def test_a_file_that_is_no_trace_is_said(engine, tmp_path, content, words):
    path = tmp_path / "trace.csv"
    path.write_bytes(content)
    answer = run("--trace", str(path), "--start", "2024-05-12T00:00:00Z", "--max", "8")
    assert (answer.exit_code, f"error: {path}: " in answer.stderr, words in answer.stderr) == (2, True, True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--max", "8"], "give --prometheus URL with --query, or --trace FILE with --start"),
        (["--max", "8", "--prometheus", "http://x"], "--prometheus needs --query"),
        ([*SERVER, "--trace", "x.csv", "--start", "2024-05-12T00:00:00Z"], "not both"),
        (["--trace", "x.csv"], "if the day is not known, give any one of the same weekday"),
        ([*SERVER], "how large is the pool today?"),
        ([*SERVER, "chat", "--max", "8"], "--max says how large the pool is where none is given"),
        ([*SERVER, "chat", "-f", "chat.yaml"], "give a pool's name or -f FILE, not both"),
        ([*SERVER, "--max", "8", "--sla", "soon"], "--sla: 'soon' is no duration"),
        ([*SERVER, "--max", "8", "--startup", "0s"], "--startup: '0s' must be over 0"),
        ([*SERVER, "--per-replica", "nan"], "--per-replica: 'nan' is no number over 0"),
        ([*SERVER, "--per-replica", "12req"], "--per-replica: '12req' is no number over 0; write it as in 1.5"),
        ([*SERVER, "--max", "8", "--timezone", "Mars"], "--timezone: 'Mars' is no IANA time zone"),
        ([*SERVER, "--max", "8", "--price", "cheap"], "--price: 'cheap' is no price; write it as in 3.00"),
        ([*SERVER, "--max", "8", "--price", "-1"], "--price: '-1' is no price"),
        ([*SERVER, "--max", "8", "--at", "noon"], "--at: 'noon' is no instant"),
        (["--trace", "x.csv", "--start", "2024-05-12"], "--start: '2024-05-12' is no instant"),
        (["--prometheus", "far", "--query", "x", "--max", "8"], "a name needs --prometheus-file"),
        (["--prometheus", "ftp://x", "--query", "x", "--max", "8"], "it must be an http:// or https:// address"),
    ],
)
def test_what_cannot_be_meant_is_said_with_what_would_be_right(engine, options, words):
    answer = run(*options)
    assert (answer.exit_code, words in answer.output) == (2, True)


def test_a_name_that_a_file_of_servers_does_not_have_is_said(engine, tmp_path):
    servers = tmp_path / "servers.yaml"
    servers.write_text("far: {url: 'https://far:9090'}")
    answer = run("--prometheus", "near", "--prometheus-file", str(servers), "--query", "x", "--max", "8")
    assert "has far" in answer.output


@pytest.mark.parametrize(
    ("text", "words"),
    [(POOL + "---" + POOL, "holds 2 pools; the load is that of one"), (POOL.replace("8", "1"), "must not be over")],
)
def test_a_file_that_is_not_one_sound_pool_is_refused(engine, file, tmp_path, text, words):
    (tmp_path / "pool.yaml").write_text(text)
    answer = run(*SERVER, *file)
    assert (answer.exit_code, words in answer.output) == (2, True)


class Kube:
    """A cluster with one pool."""

    access = SimpleNamespace(namespace="inference")
    clock = SimpleNamespace(now=lambda: START)

    def __init__(self, **changes):
        self.body = BODY | changes

    async def get(self, path, **_):
        assert path == "/apis/poolkeeper.io/v1alpha1/namespaces/inference/inferencepools/chat"
        return self.body


def test_a_pool_of_the_cluster_is_as_it_is_stored():
    found = asyncio.run(question.pool_of_cluster(Kube(), None, "chat"))
    assert (found.spec.max_replicas, found.startup) == (8, None)


def test_starts_that_the_operator_has_measured_count(monkeypatch):
    starts = SimpleNamespace(durations=(timedelta(minutes=3),) * 3)
    remembered = SimpleNamespace(starts=starts, tiers=SimpleNamespace(starts={}))
    monkeypatch.setattr(question.memo, "load", lambda *_: remembered)
    assert asyncio.run(question.pool_of_cluster(Kube(), "inference", "chat")).startup == timedelta(minutes=3, seconds=3)


def test_a_start_up_time_that_was_measured_is_noted():
    given = question.Given(None, None, None, None, None, None)
    words = "replicas were measured to take 3m to start"
    assert list(question.startup_told(question.Today(startup=timedelta(minutes=3)), given)) == [words]


def test_what_the_cluster_keeps_for_itself_is_not_proposed(engine, past, monkeypatch):
    kept = {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}", "team": "a"}, "name": "chat"}
    body = BODY | {"metadata": BODY["metadata"] | kept, "apiVersion": "poolkeeper.io/v1alpha1", "kind": "InferencePool"}
    monkeypatch.setattr(module, "ask", lambda _, gather: asyncio.run(gather(Kube(**body))))
    found = proposed("ipool/chat")
    assert found["metadata"] == {"name": "chat", "namespace": "inference", "annotations": {"team": "a"}}


def test_a_stored_spec_that_is_wrong_is_said(engine, past, monkeypatch):
    body = {"spec": BODY["spec"] | {"minReplicas": 9}}
    monkeypatch.setattr(module, "ask", lambda _, gather: asyncio.run(gather(Kube(**body))))
    answer = run(*SERVER, "chat")
    assert (answer.exit_code, answer.stderr) == (
        2,
        "error: ipool/chat: spec: minReplicas must not be over maxReplicas (9 is over 8)\n",
    )
