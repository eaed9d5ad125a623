"""What tune prints, and what it refuses."""

import json
from datetime import timedelta

import pytest
import yaml
from typer.testing import CliRunner

from builders import START
from poolkeeper.api.spec import parse_spec
from poolkeeper.cli import tune as module
from poolkeeper.cli import tune_windows
from poolkeeper.cli.main import app
from poolkeeper.cli.tune_options import Last, held_out, percent
from poolkeeper.core.arrivals import Arrival
from poolkeeper.simulate import tune_search
from poolkeeper.simulate.trace import Trace
from poolkeeper.simulate.tune import Judged, Tuned
from poolkeeper.simulate.tune_lives import Part

POOL = """
apiVersion: poolkeeper.io/v1alpha1
kind: InferencePool
metadata: {name: chat, namespace: inference, uid: abc, labels: {team: a}}
spec:
  targetRef: {name: chat}
  minReplicas: 1
  maxReplicas: 4
  queue: {scaleUp: {above: 4, step: 2}}
  cost: {gpusPerReplica: 1, pricePerGPUHour: {on-demand: "1.50"}}
"""
TRACE = "second,requests,prompt_tokens,output_tokens\n" + "".join(
    f"{number * 60},{count},{count * 1000},{count * 200}\n" for number, count in enumerate((120, 240, 480, 240) * 3)
)
FAST = ["--startup", "60s", "--trials", "6", "--step", "20s"]
TODAY = Judged({}, Part(100.0, 50.0, 1000.0, 998.0), Part(40.0, 20.0, 400.0, 400.0), (40.0, 16.0))
BETTER = Judged(
    {"queue.scaleUp.above": 8, "queue.scaleDown.maxUtilizationPercent": 85, "lead": "Disabled"},
    Part(90.0, 45.0, 1000.0, 999.0),
    Part(30.0, 15.0, 400.0, 399.0),
    (40.0, 16.0),
)


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 1)  # other processes are tested in tests/simulate/test_tune_lives.py
    (tmp_path / "pool.yaml").write_text(POOL)
    (tmp_path / "trace.csv").write_text(TRACE)
    return tmp_path


@pytest.fixture
def found(files, monkeypatch):
    """The search is played: it finds one pool that is better than today's."""
    monkeypatch.setattr(module.engine, "tune", lambda *_: Tuned(TODAY, [BETTER], BETTER, 60))
    return files


def run(files, *arguments):
    given = ["tune", "-f", str(files / "pool.yaml"), "--trace", str(files / "trace.csv"), *arguments]
    return CliRunner().invoke(app, given, env={"COLUMNS": "240"})


def refused(files, *arguments):
    done = run(files, *arguments)
    assert done.exit_code == 2, done.output
    return " ".join(done.stderr.replace("│", " ").split())


def test_a_pool_is_tuned(files):
    done = run(files, *FAST, "-o", "json")
    assert json.loads(done.stdout)["today"]["held_out"]["cost_over_bound"] >= 1


def test_a_seed_finds_the_same_again(files):
    assert run(files, *FAST, "-o", "json").stdout == run(files, *FAST, "-o", "json").stdout


def test_todays_pool_and_the_frontier_stand_in_a_table(found):
    lines = run(found).stdout.splitlines()
    assert lines[0] == "chat: 60 specs lived on 0.133 hours, the best judged on the last 0.0667 hours"
    assert lines[2].split() == ["100", "1.250", "99.80", "%", "40.00", "1.250", "100.00", "%", "today's", "pool"]
    assert lines[3].split()[:9] == [">", "90.00", "1.125", "99.90", "%", "30.00", "0.938", "99.75", "%"]


def test_what_is_set_stands_beside_its_figures(found):
    assert "scaleUp.above 8, scaleDown.maxUtilizationPercent 85, lead Disabled" in run(found).stdout


def test_a_narrow_terminal_breaks_what_is_set_at_commas_only(found):
    given = ["tune", "-f", str(found / "pool.yaml"), "--trace", str(found / "trace.csv")]
    lines = CliRunner().invoke(app, given, env={"COLUMNS": "80"}).stdout.splitlines()
    place = lines.index("0: today's pool")
    assert lines[place + 1 : place + 3] == [
        "1: scaleUp.above 8, scaleDown.maxUtilizationPercent 85, lead Disabled",
        "x bound under 1: less was served in time than the SLA asks.",
    ]


def test_traffic_beyond_the_pool_is_refused(found):
    assert "too much to live; lower --peak-replicas" in refused(found, "--peak-replicas", "1e9")


def test_a_pool_that_is_too_small_is_noted(found):
    assert "the busiest minutes need 9 replicas and maxReplicas is 4" in run(found, "--peak-replicas", "9").stderr


def test_the_saving_stands_beside_the_share_inside(found):
    words = "on the days held out -25.0 % of cost against today's pool, with 99.75 % inside instead of 100.00 %"
    assert words in run(found).stdout


def test_the_yaml_is_the_pool_with_what_wins(found):
    body = yaml.safe_load(run(found, "-o", "yaml").stdout)
    assert body["metadata"] == {"name": "chat", "namespace": "inference", "labels": {"team": "a"}}
    assert body["spec"] == yaml.safe_load(POOL)["spec"] | {
        "queue": {"scaleUp": {"above": 8, "step": 2}, "scaleDown": {"maxUtilizationPercent": 85}},
        "lead": "Disabled",
    }


def test_the_yaml_says_why_and_what_in_comments(found):
    said = run(found, "-o", "yaml").stdout
    assert said.startswith("# The cheapest with 99.50 % inside on both parts")
    assert "# queue.scaleUp.above: 8\n" in said


def test_the_yaml_is_valid(found):
    (found / "tuned.yaml").write_text(run(found, "-o", "yaml").stdout)
    done = CliRunner().invoke(app, ["check", "--offline", "-f", str(found / "tuned.yaml")])
    assert done.exit_code == 0, done.output


def test_json_has_the_winner_and_the_pool(found):
    said = json.loads(run(found, "-o", "json").stdout)
    assert said["winner"]["changes"] == dict(BETTER.changes)
    assert said["pool"]["spec"]["lead"] == "Disabled"
    assert said["winner"]["held_out"] == {
        "cost": 30.0,
        "replica_hours": 15.0,
        "cost_over_bound": 0.9375,
        "in_sla": 0.9975,
    }


@pytest.mark.parametrize(
    ("winner", "said"),
    [
        (TODAY, "Nothing to change: no other spec had 99.50 % inside on both parts and cost less on both."),
        (None, "Nothing to change: no spec had 99.50 % inside on both the days searched and those held out."),
    ],
)
def test_where_todays_pool_stays_it_is_said_and_no_pool_is_printed(found, monkeypatch, winner, said):
    monkeypatch.setattr(module.engine, "tune", lambda *_: Tuned(TODAY, [BETTER], winner, 60))
    words = run(found).stdout
    assert (said in words, "apiVersion" in words) == (True, False)


@pytest.mark.parametrize(
    ("slo", "given", "objective"), [("", [], 0.995), ("99.9", [], 0.999), ("99.9", ["--objective", "98"], 0.98)]
)
def test_the_objective_is_what_is_given_else_the_pools_else_that_of_lead(found, slo, given, objective):
    if slo:
        (found / "pool.yaml").write_text(f"{POOL}  slo: {{queueTime: 2s, objectivePercent: {slo}}}\n")
    assert json.loads(run(found, *given, "-o", "json").stdout)["objective"] == pytest.approx(objective)


def test_specs_are_lived_in_the_setting_that_is_given(files, monkeypatch):
    asked = []
    monkeypatch.setattr(module.engine, "tune", lambda question, *_: asked.append(question) or Tuned(TODAY, [], None, 1))
    run(files, *FAST, "--reclaims", "2", "--node-wait", "90s")
    setting = asked[0].days.pool.setting
    assert (setting.stock.reclaims * 24, setting.node_wait) == (pytest.approx(2), timedelta(seconds=90))


def test_a_pool_without_spot_is_told_that_reclaims_mean_nothing(found):
    assert "chat: has no spot tier, so nothing comes of --reclaims" in run(found, *FAST, "--reclaims", "2").stderr


def test_without_optuna_one_line_says_what_to_install(files, monkeypatch):
    monkeypatch.setattr(tune_search, "find_spec", lambda _: None)
    assert refused(files) == "error: tune needs optuna: pip install 'poolkeeper[tune]'"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--held-out", "soon"], "--held-out: 'soon' is no part of the trace; write it as in 30% or 2d"),
        (["--held-out", "100%"], "--held-out: '100%' is no part of the trace; write it as in 30% or 2d"),
        (["--held-out", "9d"], "--held-out: of 12 bins of 0:01:00 it would hold 12960 out"),
        (["--objective", "some"], "--objective: 'some' is no percentage over 0 and up to 100"),
        (["--objective", "101"], "--objective: '101' is no percentage over 0 and up to 100"),
        (["--step", "10ms"], "--step: '10ms' must be"),
        (["--startup", "soon"], "--startup: 'soon' is no duration"),
        (["--prometheus", "http://here:9090"], "give --prometheus or --trace, not both"),
    ],
)
def test_what_is_wrong_is_told_with_its_option(files, given, said):
    assert said in refused(files, *given)


def test_several_pools_are_refused(files):
    (files / "pool.yaml").write_text(f"{POOL}---{POOL.replace('chat', 'code')}")
    assert "holds 2 pools; give one pool in a file" in refused(files)


def test_a_silent_trace_is_refused(files):
    (files / "trace.csv").write_text("second,requests\n0,0\n60,0\n")
    assert "a trace without a request has nothing to live" in refused(files)


@pytest.mark.parametrize(
    ("text", "last"),
    [
        ("2d", Last(timedelta(days=2))),
        ("36h", Last(timedelta(hours=36))),
        ("0.25", Last(share=0.25)),
        ("30%", Last(share=0.3)),
    ],
)
def test_what_is_held_out_is_days_a_duration_or_a_share(text, last):
    assert held_out(text) == last


@pytest.mark.parametrize(("last", "minutes"), [(Last(share=0.25), 9), (Last(timedelta(minutes=5)), 7)])
def test_the_rest_is_searched_in_whole_bins(last, minutes):
    trace = Trace(START, timedelta(minutes=1), (Arrival(1.0, 1, 1),) * 12)
    assert last.searched(trace) == timedelta(minutes=minutes)


def test_a_percentage_is_a_share():
    assert (percent("99.5"), percent("99%"), percent("100")) == (0.995, 0.99, 1.0)


def weeks(days):
    """A trace of office hours: four replicas' work from 08:00 to 18:00 UTC on weekdays, else a tenth of it."""
    busy = [one % 7 < 5 and 8 <= hour < 18 for one in range(days) for hour in range(24)]
    return Trace(START, timedelta(hours=1), tuple(Arrival(72_000.0 if one else 7_200.0, 1155, 211) for one in busy))


def days_of(files, trace, **changes):
    given = module.Given(startup=timedelta(minutes=15))
    pool = module.only(files / "pool.yaml", given)[1]
    return module.Searched(pool, module.scene_options.scene(None, None, "20s", None), 7, len(trace.bins) * trace.width)


def test_windows_are_those_that_recommend_proposes(files):
    trace = weeks(21)
    schedule = tune_windows.proposed(yaml.safe_load(POOL), trace, days_of(files, trace), lambda *_: None)
    raw = yaml.safe_load(POOL)["spec"] | {"schedule": schedule}
    assert parse_spec(raw).to_core().schedule.windows


def test_too_few_days_tell_of_no_windows(files):
    trace = weeks(2)
    assert tune_windows.proposed(yaml.safe_load(POOL), trace, days_of(files, trace), lambda *_: None) is None
