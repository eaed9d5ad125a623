"""What simulate prints, and what it refuses."""

import gzip
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from builders import START
from poolkeeper.cli import load_options
from poolkeeper.cli import simulate as module
from poolkeeper.cli import simulate_delivery as delivery
from poolkeeper.cli.main import app
from poolkeeper.cli.simulate_json import TIERS
from poolkeeper.cli.simulate_limits import counted
from poolkeeper.simulate.peers import PEERS
from poolkeeper.simulate.series import Series
from poolkeeper.simulate.study import FIGURES

POOL = """
apiVersion: poolkeeper.io/v1alpha1
kind: InferencePool
metadata: {name: chat, namespace: inference}
spec:
  targetRef: {name: chat}
  minReplicas: 1
  maxReplicas: 4
  cost: {gpusPerReplica: 2, pricePerGPUHour: {on-demand: "1.50"}}
"""
SECOND_POOL = POOL.replace("chat", "code")
BARE = POOL.partition("  cost:")[0]
TRACE = "second,requests,prompt_tokens,output_tokens\n" + "".join(
    f"{number * 60},{count},{count * 1000},{count * 200}\n" for number, count in enumerate((120, 240, 480, 240))
)
FAST = ["--startup", "60s"]
BUSY = [*FAST, "--load", "5"]


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 1)  # other processes are tested in tests/simulate/test_fleets.py
    (tmp_path / "pool.yaml").write_text(POOL)
    (tmp_path / "trace.csv").write_text(TRACE)
    return tmp_path


def run(files, *arguments):
    given = ["simulate", "-f", str(files / "pool.yaml"), "--trace", str(files / "trace.csv"), *arguments]
    return CliRunner().invoke(app, given, env={"COLUMNS": "200"})


def rows(files, *arguments):
    done = run(files, "-o", "json", *arguments)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)["rows"]


def refused(files, *arguments):
    done = run(files, *arguments)
    assert done.exit_code == 2, done.output
    return " ".join(done.stderr.replace("│", " ").split())


def test_a_pool_stands_beside_its_largest_size(files):
    assert [row["policy"] for row in rows(files, *FAST)] == ["poolkeeper", "static"]


def test_a_row_has_all_figures_and_no_more(files):
    assert set(rows(files, *FAST)[0]) == {"policy", *FIGURES, *TIERS}


def test_the_bound_is_in_each_row(files):
    assert len({row["bound_replica_hours"] for row in rows(files, *FAST)}) == 1


def test_replicas_are_paid_by_the_pools_own_prices(files):
    row = rows(files, *FAST)[1]
    assert row["cost"] == pytest.approx(3 * row["replica_hours"], abs=0.01)


def test_given_prices_count_over_the_pools_own(files):
    row = rows(files, *FAST, "--price", "5", "--gpus", "1")[1]
    assert row["cost"] == pytest.approx(5 * row["replica_hours"], abs=0.01)


def test_what_nobody_said_is_noted(files):
    (files / "pool.yaml").write_text(BARE)
    said = run(files, "-o", "json").stderr
    assert [line.partition(" is a guess")[0] for line in said.splitlines()] == [
        "note: that replicas take 4m to start",
        "note: 3.00 USD for a GPU and an hour of on-demand",
        "note: that a replica has 1 GPU",
        "note: that a replica can do slots=64, prefill=8000, decode=40, half=64, cache=400000",
    ]


def test_spot_without_a_price_costs_what_on_demand_costs(files):
    spot = POOL.replace(
        "cost:", "capacity: {tiers: [{name: spot, type: Spot}, {name: on-demand, type: OnDemand}]}\n  cost:"
    )
    (files / "pool.yaml").write_text(spot)
    said = run(files, "-o", "json", *FAST).stderr
    assert "note: 1.50 USD for a GPU and an hour of spot is a guess" in said
    assert "note: spot was taken to be there whenever it is asked for" in said


def test_a_pool_that_cannot_hold_the_traffic_is_noted(files):
    said = run(files, "-o", "json", *FAST, "--peak-replicas", "9").stderr
    assert "note: chat: the busiest minutes need 9 replicas and maxReplicas is 4" in said


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("replicas: 3", "note: chat: its pin, replicas: 3, is not played"),
        ("peerRef: {name: decode, minPercent: 25}", "note: chat: peerRef is not played: the pool is lived alone, with"),
        ("batch: {deadline: 6h}", "note: chat: batch is judged by how long requests wait"),
    ],
)
def test_what_is_not_played_is_noted(files, field, said):
    (files / "pool.yaml").write_text(f"{POOL}  {field}\n")
    assert said in run(files, "-o", "json", *FAST).stderr


def test_a_pool_that_is_played_whole_needs_no_word(files):
    assert "not played" not in run(files, "-o", "json", *FAST).stderr


def test_other_scalers_stand_beside_it(files):
    names = [row["policy"] for row in rows(files, *FAST, "--against", "static=3,kpa")]
    assert names == ["poolkeeper", "static=3", "kpa"]


def test_a_family_of_scalers_is_named_by_what_they_begin_with(files):
    names = [row["policy"] for row in rows(files, *FAST, "--against", "hpa")]
    assert names == ["poolkeeper", *(name for name in PEERS if name.startswith("hpa-"))]


def test_each_value_of_a_change_gives_a_row(files):
    found = rows(files, *FAST, "--what-if", "queue.scaleUp.above=3,10", "--what-if", "minReplicas=2")
    assert [row["policy"] for row in found] == [
        "poolkeeper",
        "poolkeeper queue.scaleUp.above=3",
        "poolkeeper queue.scaleUp.above=10",
        "poolkeeper minReplicas=2",
        "static",
    ]


def test_several_loads_are_named(files):
    found = rows(files, *FAST, "--load", "1,3")
    assert [row["load"] for row in found] == [1.0, 1.0, 3.0, 3.0]


def test_several_pools_are_named(files):
    (files / "pool.yaml").write_text(f"{POOL}---{SECOND_POOL}")
    assert [row["pool"] for row in rows(files, *FAST)] == ["chat", "chat", "code", "code"]


def test_pools_of_one_name_are_told_by_their_namespaces(files):
    (files / "pool.yaml").write_text(f"{POOL}---{POOL.replace('namespace: inference', 'namespace: other')}")
    assert {row["pool"] for row in rows(files, *FAST)} == {"inference/chat", "other/chat"}


def test_seeds_are_in_each_row_and_the_row_is_their_mean(files):
    row = rows(files, *FAST, "--seeds", "3")[0]
    assert row["requests"] == pytest.approx(sum(one["requests"] for one in row["seeds"]) / 3, rel=1e-6)
    assert [one["seed"] for one in row["seeds"]] == [7, 8, 9]


def test_the_same_seed_gives_the_same_rows(files):
    assert rows(files, *FAST, "--seed", "3") == rows(files, *FAST, "--seed", "3")


def test_a_peak_scales_the_trace(files):
    assert rows(files, *FAST, "--peak-replicas", "8")[0]["requests"] > rows(files, *FAST)[0]["requests"]


def test_an_engine_that_can_do_less_needs_more(files):
    less = rows(files, *BUSY, "--engine", "prefill=4000,slots=32")
    assert less[0]["bound_replica_hours"] > rows(files, *BUSY)[0]["bound_replica_hours"]


def test_a_preset_is_another_engine(files):
    other = rows(files, *BUSY, "--gpu", "rtx4090-mistral-7b")
    assert other[0]["bound_replica_hours"] != rows(files, *BUSY)[0]["bound_replica_hours"]


def test_a_packed_trace_is_read(files):
    (files / "trace.csv").write_bytes(gzip.compress(TRACE.encode()))
    assert rows(files, *FAST)


def test_clients_beside_a_trace_say_how_bursty_it_is(files):
    before = rows(files, *FAST)
    (files / "trace_clients.csv").write_text("second,client,rate,cv\n" + "".join(f"{n * 60},a,4,1\n" for n in range(4)))
    assert rows(files, *FAST) != before


def test_people_get_a_table(files):
    said = run(files, *FAST).stdout
    assert said.splitlines()[1].split()[:5] == ["policy", "cost", "USD", "to", "first"]


def test_a_narrow_terminal_keeps_what_says_most(files):
    given = ["simulate", "-f", str(files / "pool.yaml"), "--trace", str(files / "trace.csv"), *FAST]
    said = CliRunner().invoke(app, given, env={"COLUMNS": "80"}).stdout
    assert said.splitlines()[1].split("  ")[0] == "policy"
    assert "p99" in said.splitlines()[1]
    assert "p50" not in said.splitlines()[1]


def test_people_get_a_plot(files):
    assert "poolkeeper: replicas (line) and load in replicas (dots)" in run(files, *FAST).stdout


def test_people_are_told_what_it_rests_on(files):
    said = run(files, *FAST, "--peak-replicas", "2").stdout
    assert "scaled to a peak of 2 replicas, bursts of seed 7; a replica starts in 1m and has 64 slots" in said


def test_several_seeds_are_told_with_their_spread(files):
    assert "means of 2 seeds (least-most)" in run(files, *FAST, "--seeds", "2").stdout


def test_many_tables_have_no_plots(files):
    assert "replicas (line)" not in run(files, *FAST, "--load", "1,2,3,4").stdout


def test_a_report_is_written(files):
    run(files, *FAST, "--html", str(files / "report.html"))
    assert "<h1>What chat would have cost</h1>" in (files / "report.html").read_text()


def test_a_report_stands_for_itself(files):
    run(files, *FAST, "--html", str(files / "report.html"))
    page = (files / "report.html").read_text()
    assert "http" not in page
    assert "<script" not in page


def test_a_report_has_each_plot(files):
    run(files, *FAST, "--html", str(files / "report.html"))
    page = (files / "report.html").read_text()
    titles = ("Replicas and load", "Late so far, percent", "Cost so far, USD", "Requests waiting")
    assert [title for title in titles if f"<title>{title}</title>" not in page] == []


def test_a_history_of_a_server_is_lived(files, monkeypatch):
    series = Series(START, timedelta(minutes=1), (2.0, None, 6.0))
    monkeypatch.setattr(load_options, "from_prometheus", lambda *_: series)
    given = ["simulate", "-f", str(files / "pool.yaml"), "--prometheus", "http://here:9090", "--query", "x", *FAST]
    done = CliRunner().invoke(app, [*given, "--tokens", "500,100", "-o", "json"])
    assert json.loads(done.stdout)["rows"][0]["requests"] == pytest.approx(720, rel=0.3)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--what-if", "queue.scaleUp.abov=5"], "spec.queue.scaleUp.abov: no such field; did you mean above?"),
        (["--what-if", "minReplicas"], "'minReplicas' changes nothing; write it as in queue.scaleUp.above=800,1200"),
        (["--against", "nobody"], "--against: 'nobody' is none of static, schedule"),
        (["--against", "kead"], "did you mean keda?"),
        (["--against", "static=x"], "--against: 'static=x' is no size from 1 to 5,000; write it as in static=6"),
        (["--against", "static=0"], "--against: 'static=0' is no size from 1 to 5,000; write it as in static=6"),
        (["--what-if", "minReplicas="], "--what-if: 'minReplicas' has no value; write it as in minReplicas=800,1200"),
        (["--what-if", "foo=1"], "spec has targetRef, "),
        (["--query", "x"], "--query belongs to --prometheus"),
        (["--html", "."], "--html: . is a folder; give a file, as in simulate.html"),
        (["--html", "/dev/null"], "--html: /dev/null is no file"),
        (["--html", "/nonexistent/a.html"], "--html: /nonexistent/a.html: No such file or directory"),
        (["--load", "1,none"], "--load: 'none' is no number over 0"),
        (["--gpu", "abacus"], "--gpu: 'abacus' is none of assumed,"),
        (["--engine", "slots"], "--engine: 'slots' is no figure; write it as in slots=64"),
        (["--engine", "speed=5"], "--engine: 'speed' is none of slots, prefill, decode, half, cache"),
        (["--engine", "decode=fast"], "--engine: decode: 'fast' is no number over 0"),
        (["--step", "10ms"], "--step: '10ms' must be between 1s and 20s"),
        (["--step", "1m"], "--step: '1m' must be between 1s and 20s"),
        (["--startup", "soon"], "--startup: 'soon' is no duration"),
        (["--price", "cheap"], "--price: 'cheap' is no price"),
        (["--start", "yesterday"], "--start: 'yesterday' is no instant"),
        (["--tokens", "1,2"], "--tokens belongs to --prometheus"),
        (["--on", "here"], "'here' is no cluster; write it as in dask://scheduler:8786"),
        (["--prometheus", "http://here:9090"], "give --prometheus or --trace, not both"),
    ],
)
def test_what_is_wrong_is_told_with_its_option(files, given, said):
    assert said in refused(files, *given)


def test_without_traffic_both_ways_are_named(files):
    done = CliRunner().invoke(app, ["simulate", "-f", str(files / "pool.yaml")], env={"COLUMNS": "200"})
    assert (done.exit_code, "give --trace FILE, or --prometheus URL with --query" in done.stderr) == (2, True)


def test_tokens_that_are_not_two_are_refused(files):
    given = ["simulate", "-f", str(files / "pool.yaml"), "--prometheus", "http://h:1", "--query", "x", "--tokens", "5"]
    done = CliRunner().invoke(app, given, env={"COLUMNS": "200"})
    assert "--tokens: '5' must be two numbers, as in 1155,211" in done.stderr


def test_a_pool_that_check_refuses_is_refused_with_its_name(files):
    (files / "pool.yaml").write_text(POOL.replace("maxReplicas: 4", "maxReplicas: 0"))
    assert "ipool/chat: spec.maxReplicas: must be greater than or equal to 1" in refused(files)


def test_a_pool_that_is_there_twice_is_refused(files):
    (files / "pool.yaml").write_text(f"{POOL}---{POOL}")
    assert "ipool/inference/chat is there twice" in refused(files)


def test_a_trace_that_is_none_is_refused_with_its_file(files):
    (files / "trace.csv").write_text("time,count\n1,2\n")
    assert "trace.csv: no column second and no column requests" in refused(files)


def test_a_trace_of_one_row_is_told_what_it_needs(files):
    (files / "trace.csv").write_text("second,requests\n0,5\n")
    assert "1 rows are no trace; a trace needs a heading and at least 2 rows" in refused(files)


def test_a_trace_that_is_not_there_is_refused(files):
    (files / "trace.csv").unlink()
    assert "No such file or directory" in refused(files)


def test_a_silent_trace_is_refused(files):
    (files / "trace.csv").write_text("second,requests\n0,0\n60,0\n")
    assert "a trace without a request has nothing to live" in refused(files)


@pytest.fixture
def idle(monkeypatch):
    """Nothing is lived: what is refused is refused before."""

    def lived(*_):
        pytest.fail("lived")

    monkeypatch.setattr(module, "live", lived)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--load", "1e9"], "too much to live; lower --load or the requests and tokens of the trace"),
        (["--peak-replicas", "1e9"], "too much to live; lower --peak-replicas"),
        (["--peak-replicas", "201"], "need 201 replicas and maxReplicas is 4"),
        (["--peak-replicas", "100", "--load", "1,3"], "too much to live; lower --load or --peak-replicas"),
    ],
)
@pytest.mark.usefixtures("idle")
def test_traffic_beyond_any_pool_is_refused_before_it_is_lived(files, given, said):
    assert said in refused(files, *given)


@pytest.mark.usefixtures("idle")
def test_a_file_of_enormous_requests_is_refused_before_it_is_lived(files):
    (files / "trace.csv").write_text("second,requests\n0,1e300\n60,1\n")
    assert "too much to live; lower the requests and tokens of the trace" in refused(files)


def test_a_load_that_a_pool_cannot_hold_is_noted(files):
    said = run(files, "-o", "json", *FAST, "--peak-replicas", "3", "--load", "2").stderr
    assert "note: chat: the busiest minutes need 6 replicas with --load 2 and maxReplicas is 4" in said


def test_a_given_engine_is_no_guess(files):
    given = ["--engine", "slots=64,prefill=8000,decode=40,half=64,cache=400000"]
    assert "is a guess" not in run(files, "-o", "json", *FAST, *given).stderr


def test_figures_that_are_not_given_are_guessed(files):
    said = run(files, "-o", "json", *FAST, "--engine", "prefill=8000,decode=40,half=64").stderr
    assert "note: that a replica can do slots=64, cache=400000 is a guess" in said


def test_a_preset_is_no_guess(files):
    assert "is a guess" not in run(files, "-o", "json", *FAST, "--gpu", "rtx4090-mistral-7b").stderr


@pytest.mark.parametrize(
    ("trace", "said"),
    [
        ("second,requests\n0,5\n60,5\n", "note: prompt_tokens of 2 of 2 busy bins is not there: 1,155, as in"),
        (
            "second,requests,prompt_tokens,output_tokens\n0,5,500,100\n60,5,500,\n120,0,,\n",
            "note: output_tokens of 1 of 2 busy bins is not there: the mean of the others a request is a guess",
        ),
    ],
)
def test_tokens_that_were_guessed_are_noted(files, trace, said):
    (files / "trace.csv").write_text(trace)
    assert said in run(files, "-o", "json", *FAST).stderr


def test_tokens_that_are_there_are_no_guess(files):
    assert "_tokens of" not in run(files, "-o", "json", *FAST).stderr


def test_seeds_that_draw_nothing_are_noted(files):
    (files / "trace.csv").write_text("second,requests\n" + "".join(f"{second},1\n" for second in range(60)))
    assert "no bursts are drawn in them, and --seeds changes nothing" in run(files, *FAST, "--seeds", "2").stderr


def test_seeds_that_draw_bursts_are_not_noted(files):
    assert "--seeds changes nothing" not in run(files, *FAST, "--seeds", "2").stderr


def test_a_given_size_is_kept_whatever_the_pools_bounds_are(files):
    assert rows(files, *FAST, "--against", "static=9")[1]["peak"] == 9


def test_less_than_the_bound_is_explained(files):
    said = run(files, *FAST, "--load", "30").stdout
    assert "x bound under 1: less was served in time than the SLA asks." in said


def test_no_less_than_the_bound_needs_no_word(files):
    assert "x bound under 1" not in run(files, *FAST).stdout


def test_a_report_says_which_of_many_policies_it_plots(files):
    run(files, *FAST, "--against", "all", "--html", str(files / "report.html"))
    said = "Plotted are the first 6 of 24: poolkeeper, static, schedule, hpa-waiting, hpa-load, hpa-slots."
    assert said in (files / "report.html").read_text()


def test_a_report_sets_the_cost_beside_another_scaler_and_not_beside_a_variant(files):
    run(files, *FAST, "--what-if", "minReplicas=2", "--html", str(files / "report.html"))
    tiles = (files / "report.html").read_text().partition("<table")[0]
    assert ("static " in tiles, "minReplicas=2 " in tiles) == (True, False)


def test_a_narrow_terminal_keeps_the_words_of_a_change_whole(files):
    given = ["simulate", "-f", str(files / "pool.yaml"), "--trace", str(files / "trace.csv"), *FAST]
    change = "queue.scaleDown.gracePeriod=10m"
    said = CliRunner().invoke(app, [*given, "--what-if", change], env={"COLUMNS": "80"}).stdout
    assert change in said


def test_a_closed_output_is_told_and_nothing_printed(monkeypatch):
    monkeypatch.setattr(delivery.sys, "stdout", None)
    with pytest.raises(typer.Exit), delivery.printing():
        pytest.fail("printed")


def test_nobody_who_reads_on_is_told_in_one_line(capsys):
    with pytest.raises(typer.Exit), delivery.printing():
        sys.exit(1)
    assert capsys.readouterr().err == "error: standard output: Broken pipe\n"


@pytest.mark.parametrize(
    ("replicas", "said"), [(7.456, "7.46"), (90_600.4, "90,600"), (1e300, "more than 1,000,000,000")]
)
def test_a_need_is_told_in_few_digits(replicas, said):
    assert counted(replicas) == said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no full device")
@pytest.mark.parametrize("form", ["json", "table"])
def test_a_full_output_is_told_in_one_line(files, form):
    command = [sys.executable, "-c", "from poolkeeper.cli.main import main; main()"]
    given = ["simulate", "-f", str(files / "pool.yaml"), "--trace", str(files / "trace.csv"), *FAST, "-o", form]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*command, *given], stdout=full, stderr=subprocess.PIPE, text=True, check=False)  # noqa: S603  our own
    assert (done.returncode, done.stderr.splitlines()[-1]) == (2, "error: standard output: No space left on device")
