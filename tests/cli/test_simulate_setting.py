"""What simulate makes of spot, nodes, start-up times and faults of metrics."""

import gzip
import json
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from poolkeeper.cli.main import app
from poolkeeper.cli.simulate_setting import startup

POOL = """
apiVersion: poolkeeper.io/v1alpha1
kind: InferencePool
metadata: {name: chat, namespace: inference}
spec:
  targetRef: {name: chat}
  minReplicas: 2
  maxReplicas: 4
  capacity: {tiers: [{name: spot, type: Spot}, {name: on-demand, type: OnDemand}]}
  cost: {gpusPerReplica: 2, pricePerGPUHour: {on-demand: "3.00", spot: "1.00"}}
"""
BARE = POOL.replace("  capacity: {tiers: [{name: spot, type: Spot}, {name: on-demand, type: OnDemand}]}\n", "").replace(
    ', spot: "1.00"', ""
)
TRACE = "second,requests\n" + "".join(f"{number * 60},120\n" for number in range(60))
STOCK = "second,zone,available\n0,here,4\n0,there,4\n1200,here,0\n2400,here,4\n3600,there,4\n"
PRICES = "second,zone,price\n0,here,1.00\n1800,here,2.00\n"
FAST = ["--startup", "60s"]


@pytest.fixture
def files(tmp_path, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 1)  # other processes are tested in tests/simulate/test_fleets.py
    monkeypatch.chdir(tmp_path)
    for name, text in (("pool.yaml", POOL), ("trace.csv", TRACE), ("stock.csv", STOCK), ("prices.csv", PRICES)):
        (tmp_path / name).write_text(text)
    return tmp_path


def run(*arguments, columns="240"):
    given = ["simulate", "-f", "pool.yaml", "--trace", "trace.csv", *FAST, *arguments]
    return CliRunner().invoke(app, given, env={"COLUMNS": columns})


def answer(*arguments):
    done = run("-o", "json", *arguments)
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def row(*arguments):
    return answer(*arguments)["rows"][0]


def said(*arguments):
    return run("-o", "json", *arguments).stderr


def refused(*arguments):
    done = run(*arguments)
    assert done.exit_code == 2, done.output
    return " ".join(done.stderr.replace("│", " ").split())


def test_a_row_tells_the_hours_and_the_cost_of_each_tier(files):
    found = row()
    assert found["cost_by_tier"]["spot"] == pytest.approx(2 * found["by_tier"]["spot"], abs=0.01)


def test_a_peer_has_what_it_wants_on_demand(files):
    static = answer()["rows"][1]
    assert (static["by_tier"]["spot"], static["cost_by_tier"]["on-demand"]) == (0, static["cost"])


def test_where_spot_runs_out_it_is_reclaimed(files):
    assert row("--spot", "stock.csv:here")["reclaims"] > 0


def test_zones_add_up(files):
    assert row("--spot", "stock.csv:here,there")["reclaims"] == 0


def test_a_packed_file_is_read(files):
    (files / "stock.csv.gz").write_bytes(gzip.compress(STOCK.encode()))
    assert row("--spot", "stock.csv.gz:here")["reclaims"] > 0


def test_a_file_whose_name_has_a_colon_is_a_file(files):
    (files / "a:b.csv").write_text("second,available\n0,0\n")
    assert row("--spot", "a:b.csv")["by_tier"]["spot"] == 0


def test_reclaims_come_by_chance(files):
    assert row("--reclaims", "100")["reclaims"] > 0


def test_prices_change_over_time(files):
    assert row("--spot-prices", "prices.csv")["cost_by_tier"]["spot"] > row()["cost_by_tier"]["spot"]


def test_the_price_of_a_file_is_that_of_a_gpu(files):
    first = answer("--spot-prices", "prices.csv")["context"]["prices"]["spot"]
    assert float(first) == 2


def test_a_replica_waits_for_its_node(files):
    assert (
        row("--spot", "stock.csv:here", "--node-wait", "5m")["available"] < row("--spot", "stock.csv:here")["available"]
    )


def test_seeds_have_their_own_tiers(files):
    assert [one["by_tier"].keys() for one in row("--seeds", "2")["seeds"]] == [{"spot", "on-demand"}] * 2


def test_start_up_times_are_told_by_two_quantiles():
    found = startup("p50=2m,p95=5m")
    assert (found.seconds(0.5), round(found.seconds(0.95))) == (pytest.approx(120), 300)


def test_one_start_up_time_is_always_the_same():
    assert (startup("4m").median, startup("4m").sigma) == (timedelta(minutes=4), 0)


def test_the_context_says_how_to_get_it_again(files):
    found = answer("--seed", "3", "--peak-replicas", "3", "--spot", "stock.csv:here", "--silence", "2m-3m")["context"]
    assert found.pop("version")
    assert found == {
        "trace": "trace.csv",
        "seed": 3,
        "seeds": 1,
        "step": 5.0,
        "peak_replicas": 3.0,
        "startup": 60.0,
        "sla": 2.0,
        "engine": {"slots": 64, "prefill": 8000.0, "decode": 40.0, "half": 64.0, "cache": 400000.0},
        "prices": {"spot": "2.00", "on-demand": "6.00"},
        "options": {"--startup": "60s", "--spot": "stock.csv:here", "--silence": "2m-3m"},
    }


def test_what_pools_differ_in_is_told_of_each(files):
    (files / "pool.yaml").write_text(f"{POOL}---{POOL.replace('chat', 'code')}  slo: {{queueTime: 5s}}\n")
    assert answer()["context"]["sla"] == {"chat": 2.0, "code": 5.0}


def test_people_see_what_each_tier_cost_and_how_steady_it_was(files):
    heading = run("--spot", "stock.csv:here").stdout.splitlines()[1].split("  ")
    assert {"spot", "on-demand", "available", "reclaims"} <= {one.strip() for one in heading}


def test_a_pool_without_spot_has_no_such_columns(files):
    (files / "pool.yaml").write_text(BARE)
    assert "reclaims" not in run().stdout


def test_people_see_what_it_rests_on(files):
    text = " ".join(run("--reclaims", "4", "--startup", "p50=1m,p95=3m").stdout.split())
    assert "bursts of seed 7, --reclaims 4; a replica starts in 1m in the median and has" in text


def test_a_report_shows_what_was_ready_and_what_spot_cost(files):
    run("--spot", "stock.csv:here", "--html", "report.html")
    page = (files / "report.html").read_text()
    assert all(words in page for words in ("<span>spot + on-demand</span>", 'class="trend ready"', "of the time 2 or"))


def test_a_report_of_one_tier_needs_none_of_it(files):
    (files / "pool.yaml").write_text(BARE)
    run("--html", "report.html")
    assert 'class="trend ready"' not in (files / "report.html").read_text()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            [],
            "spot was taken to be there whenever it is asked for, and never to be reclaimed: --spot and --reclaims say",
        ),
        (["--reclaims", "2"], "spot was taken to be there whenever it is asked for: --spot says otherwise"),
        (["--metric-delay", "15s"], "chat: figures of its pods that are older than 10s are stale"),
        (["--silence", "2h-3h"], "--silence: the traffic ends after 1 hours, so that of 2h-3h is never lived"),
    ],
)
def test_what_may_surprise_is_noted(files, given, words):
    assert words in said(*given)


def test_a_market_that_is_given_needs_no_word(files):
    assert "spot" not in said("--spot", "stock.csv:there")


def test_a_market_that_ends_early_is_noted(files):
    (files / "trace.csv").write_text("second,requests\n" + "".join(f"{number * 600},600\n" for number in range(20)))
    assert "note: --spot: the file ends 0.667 hours after the start, the traffic 3.33 hours" in said(
        "--spot", "stock.csv:here"
    )


def test_a_pool_without_spot_is_told_that_its_options_mean_nothing(files):
    (files / "pool.yaml").write_text(BARE)
    words = "chat: has no spot tier, so nothing comes of --spot and --reclaims; capacity.tiers gives it one"
    assert words in said("--spot", "stock.csv:here", "--reclaims", "2")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["--spot", "none.csv"], "--spot: none.csv: No such file or directory"),
        (["--spot", "stock.csv"], "--spot: stock.csv has 2 zones; say which, as in stock.csv:here: here, there"),
        (["--spot", "stock.csv:her"], "--spot: 'her' is none of here, there; did you mean here?"),
        (["--spot", "prices.csv"], "--spot: prices.csv: no column available: a trace begins with second,available"),
        (["--spot", "bare.csv:here"], "--spot: bare.csv names no zones: give it without here"),
        (["--spot", "half.csv"], "--spot: half.csv: second 0: available is 1.5, which is no whole number"),
        (["--spot-prices", "dear.csv:a,b"], "--spot-prices: 'dear.csv:a,b' names 2 zones; a price is that of one"),
        (["--spot-prices", "free.csv"], "--spot-prices: free.csv: second 0: price is 0, which is no price"),
        (["--spot-prices", "prices.csv", "--spot-price", "1"], "give --spot-price or --spot-prices, not both"),
        (["--reclaims", "0"], "--reclaims: '0' is no number over 0"),
        (["--reclaims", "1e6"], "--reclaims: 1e6 a replica and day are more than 1,000"),
        (["--node-wait", "soon"], "--node-wait: 'soon' is no duration"),
        (["--metric-delay", "0s"], "--metric-delay: '0s' must be over 0"),
        (["--silence", "2h"], "--silence: '2h' is no silence; write it as in 2h-2h10m"),
        (["--silence", "2h-1h"], "--silence: '2h-1h' ends before it has begun"),
        (["--startup", "p50=1m"], "--startup: 'p50=1m' must have p50 and a p95 that is no less"),
        (["--startup", "p50=5m,p95=1m"], "--startup: 'p50=5m,p95=1m' must have p50 and a p95 that is no less"),
        (["--startup", "p50=1m,p99=2m"], "--startup: 'p99=2m' is no quantile of start-up times; write it as in 4m, or"),
    ],
)
def test_what_is_wrong_is_told_with_its_option(files, given, words):
    (files / "bare.csv").write_text("second,available\n0,4\n")
    (files / "half.csv").write_text("second,available\n0,1.5\n")
    (files / "free.csv").write_text("second,price\n0,0\n")
    (files / "dear.csv").write_text("second,zone,price\n0,a,1\n0,b,2\n")
    assert words in refused(*given)
