"""What becomes of other scalers' objects: each file as somebody read it, the arithmetic, the clock, the command."""

import difflib
import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import yaml
from tests.cli.migrate.bodies import PROMETHEUS, fates, migrated, scaled, spec_of
from tests.cli.migrate.golden import FILES, HERE, NOW, answer
from typer.testing import CliRunner

from poolkeeper.api.spec import parse_spec
from poolkeeper.cli import migrate as module
from poolkeeper.cli.check import examined
from poolkeeper.cli.main import app
from poolkeeper.cli.manifest import Loader
from poolkeeper.cli.migration import crons, objects, places
from poolkeeper.cli.migration.outcome import UnfitError
from poolkeeper.core import demand
from poolkeeper.simulate.peers.hpa import External
from poolkeeper.simulate.peers.terms import Sample, waiting

NEW_YORK, PRAGUE = ZoneInfo("America/New_York"), ZoneInfo("Europe/Prague")


def run(*options):
    return CliRunner().invoke(app, ["migrate", *map(str, options)], env={"COLUMNS": "100"})


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_is_said_is_what_somebody_read(file):
    kept, now = file.with_suffix(".out").read_text().splitlines(), answer(file).splitlines()
    assert not [*difflib.unified_diff(kept, now, "kept", "now", lineterm="")]


@pytest.mark.parametrize("file", [file for file in FILES if file.stem != "unfit"], ids=lambda file: file.stem)
def test_every_pool_passes_check(file):
    bodies = yaml.load_all(run("-f", file).stdout, Loader)
    assert not [problem for body in bodies for problem in examined(body)["problems"]]


def test_a_target_turns_round_where_the_autoscaler_does():
    queue = parse_spec(spec_of(scaled(PROMETHEUS))).to_core().queue

    def theirs(size, depth):
        seen = type("Seen", (), {"size": size, "ready": size})()
        return External(waiting, 10.0).proposal(seen, Sample(depth, 0, 0))

    def ours(size, depth):
        if demand.is_long(queue, depth, size, size):
            return 1
        return -1 if size > 1 and depth < demand.below(queue, size - 1) else 0

    apart = [
        (size, depth)
        for size in range(1, 9)
        for depth in range(1, 100)
        if abs(depth / (10 * size) - 1) > 0.101 and (theirs(size, depth) > size) is not (ours(size, depth) > 0)
    ]
    assert not apart
    assert all(theirs(size, depth) < size for size in range(2, 9) for depth in range(90) if ours(size, depth) < 0)


def test_a_query_with_another_target_is_multiplied():
    other = PROMETHEUS | {"metadata": PROMETHEUS["metadata"] | {"query": "load", "threshold": "40"}}
    queue = spec_of(scaled(PROMETHEUS, other))["queue"]
    assert (queue["combine"], queue["scaleUp"]["above"]) == ("Max", 10)
    assert [one["prometheus"]["query"] for one in queue["sources"]] == ["depth", "(load) * 0.25"]


def test_a_target_for_the_whole_pool_is_one_here():
    queue = spec_of(scaled(PROMETHEUS | {"metricType": "Value"}))["queue"]
    assert (queue["thresholdsPer"], queue["scaleUp"]["above"], queue["scaleDown"]["below"]) == ("Pool", 10, 5)


def test_both_kinds_of_targets_cannot_stand_in_one_pool():
    found = migrated(scaled(PROMETHEUS, PROMETHEUS | {"name": "total", "metricType": "Value"}))
    assert fates(found)["triggers[1] prometheus"] == "not carried over"


@pytest.mark.parametrize(
    ("behavior", "expected"),
    [
        ({"behavior": "static"}, {"after": "45s", "behavior": "AtLeast", "replicas": 4}),
        ({"behavior": "currentReplicas"}, {"after": "45s"}),
        ({"behavior": "currentReplicasIfLower"}, {"after": "45s"}),
    ],
)
def test_a_fallback_never_takes_anything_away(behavior, expected):
    fallback = {"failureThreshold": 3, "replicas": 4} | behavior
    assert spec_of(scaled(PROMETHEUS, fallback=fallback))["queue"]["onOutage"] == expected


def test_zero_without_anybody_who_knows_the_queue_is_one():
    cpu = {"type": "cpu", "metadata": {"value": "70"}}
    found = migrated(scaled(cpu, minReplicaCount=0))
    assert (found.body["spec"]["minReplicas"], fates(found)["minReplicaCount"]) == (1, "not carried over")


def test_no_shrink_while_shrinking_is_paused():
    queue = spec_of(scaled(PROMETHEUS, annotations={"autoscaling.keda.sh/paused-scale-down": "true"}))["queue"]
    assert queue["scaleDown"]["below"] == 0


def test_an_autoscaler_of_kedas_own_is_none_of_the_users():
    own = {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler"}
    own |= {"metadata": {"name": "keda-hpa-chat", "ownerReferences": [{"kind": "ScaledObject"}]}}
    own |= {"spec": {"scaleTargetRef": {"kind": "Deployment", "name": "chat"}, "maxReplicas": 8}}
    assert migrated(scaled(PROMETHEUS), own).origin == "scaledobject/chat"


# The clock: KEDA's trigger beside our window, lived for a year


def lived(start, end, place, now=NOW):
    """Return when one of the two alone is in force, in hours."""
    found = crons.apart(start, end, place, now)
    return [
        (f"{one.begin.astimezone(place):%d %b %H:%M}", (one.end - one.begin).total_seconds() / 3600) for one in found
    ]


def test_office_hours_are_the_same_all_year():
    assert lived("0 8 * * 1-5", "0 18 * * 1-5", NEW_YORK) == []


def test_a_start_in_the_gap_of_spring_leaves_keda_open_for_a_day():
    assert lived("30 2 * * *", "0 8 * * *", NEW_YORK) == [("07 Mar 08:00", 18.0)]


def test_an_end_in_the_gap_of_spring_never_opens_keda():
    assert lived("0 22 * * *", "30 2 * * *", NEW_YORK) == [("07 Mar 22:00", 4.0)]


def test_an_hour_that_is_there_twice_opens_keda_twice():
    assert lived("30 1 * * *", "45 1 * * *", NEW_YORK) == [("01 Nov 01:30", 0.25)]


def test_ends_without_starts_keep_keda_open():
    first = lived("0 22 * * Fri", "10 22 * * *", PRAGUE, datetime(2026, 1, 10, 12, tzinfo=UTC))[0]
    assert first == ("10 Jan 13:00", 5 * 24 + 9 + 1 / 6)


def test_what_fires_every_minute_is_not_held_against_it():
    assert crons.apart("* * * * *", "0 8 * * *", NEW_YORK, NOW) == []


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("0 8 * * *", "30 18 * * *", {"from": "08:00", "to": "18:30"}),
        ("0 8 * * 1-5", "0 18 * * 1-5", {"days": "Mon-Fri", "from": "08:00", "to": "18:00"}),
        ("0 8 * * sat,0", "0 18 * * sat,0", {"days": "Sat,Sun", "from": "08:00", "to": "18:00"}),
        ("0 22 * * *", "0 6 * * *", {"start": "0 22 * * *", "end": "0 6 * * *"}),
        ("0 8 * * 1#2", "0 9 * * 1#2", {"start": "0 8 * * 1#2", "end": "0 9 * * 1#2"}),
    ],
)
def test_crons_become_days_and_hours_where_these_say_the_same(start, end, expected):
    assert crons.times(start, end) == expected


# Servers


def test_the_only_server_of_its_kind_is_the_default():
    assert places.named([("prometheus", "http://p:9090"), ("redis", "r:6379")]) == {
        ("prometheus", "http://p:9090"): "default",
        ("redis", "r:6379"): "default",
    }


def test_several_servers_are_called_by_their_hosts():
    found = places.named([("redis", "queue.a:6379"), ("redis", "queue.b:6379"), ("rabbitmq", "")])
    assert list(found.values()) == ["queue", "queue-2", "rabbitmq"]


# What cannot be


@pytest.mark.parametrize(
    ("trigger", "words"),
    [
        (PROMETHEUS | {"metadata": {"query": "x", "threshold": "many"}}, "threshold: 'many' must be a number over 0"),
        ({"type": "cron", "metadata": {"start": "0 8 * * *", "end": "0 9 * * *"}}, "desiredReplicas: '' must be"),
    ],
)
def test_a_bad_field_is_named(trigger, words):
    with pytest.raises(UnfitError, match=words):
        migrated(scaled(trigger))


def test_a_bad_target_of_an_autoscaler_is_named():
    metric = {"type": "External", "external": {"metric": {"name": "m"}, "target": {"averageValue": "x"}}}
    spec = {"scaleTargetRef": {"kind": "Deployment", "name": "chat"}, "maxReplicas": 3, "metrics": [metric]}
    with pytest.raises(UnfitError, match=r"metrics\[0\] External target: 'x' is no quantity"):
        migrated({"kind": "HorizontalPodAutoscaler", "metadata": {"name": "chat"}, "spec": spec})


# The command


def test_yaml_goes_out_and_notes_go_beside_it():
    done = run("-f", HERE / "keda-vllm.yaml")
    assert (done.exit_code, yaml.safe_load(done.stdout)["spec"]["mode"]) == (0, "Observe")
    assert "kubectl annotate scaledobject/chat -n inference autoscaling.keda.sh/paused=true" in done.stderr


def test_json_has_pools_notes_and_steps():
    [item] = json.loads(run("-f", HERE / "keda-vllm.yaml", "-o", "json").stdout)["items"]
    assert (item["from"], item["pool"]["metadata"]["name"], len(item["steps"])) == ("scaledobject/chat", "chat", 5)


def test_what_is_no_pool_is_said_and_the_rest_printed(tmp_path):
    file = tmp_path / "both.yaml"
    file.write_text((HERE / "unfit.yaml").read_text() + "---\n" + (HERE / "keda-vllm.yaml").read_text())
    done = run("-f", file)
    assert (done.exit_code, "kind: InferencePool" in done.stdout) == (1, True)
    assert "Service cannot be a pool's target" in done.stderr


def test_a_file_is_never_written_over(tmp_path):
    out = tmp_path / "chat.yaml"
    out.write_text("mine")
    done = run("-f", HERE / "keda-vllm.yaml", "--out", out)
    assert (done.exit_code, out.read_text()) == (2, "mine")
    assert "--force writes over it" in done.stderr
    assert run("-f", HERE / "keda-vllm.yaml", "--out", out, "--force").exit_code == 0
    assert "kind: InferencePool" in out.read_text()


@pytest.mark.parametrize("options", [[], ["hpa/chat", "--all"], ["-f", "none.yaml"]])
def test_what_means_nothing_is_refused(options):
    assert run(*options).exit_code == 2


def test_a_name_says_its_kind():
    with pytest.raises(module.typer.BadParameter, match="write it as KIND/NAME"):
        module.named([], "chat", "inference")


def test_a_name_that_is_not_there_says_which_are():
    with pytest.raises(module.typer.BadParameter, match="there are: scaledobject/chat"):
        module.named([scaled(PROMETHEUS)], "so/chatt", "inference")


# On the same traffic


@pytest.fixture
def hour(tmp_path):
    """An hour with a busy quarter."""
    file = tmp_path / "hour.csv"
    rows = [f"{second},{40 if 1200 <= second < 2100 else 10},{second and 1000},200" for second in range(0, 3600, 60)]
    file.write_text("\n".join(["second,requests,prompt_tokens,output_tokens", *rows]))
    return file


@pytest.mark.parametrize("name", ["keda-vllm", "keda-cron", "hpa"])
def test_the_original_and_the_pool_live_the_same_traffic(hour, name):
    done = run("-f", HERE / f"{name}.yaml", "--replay", hour, "--peak-replicas", "4", "-o", "json")
    lives = [item["replay"] for item in json.loads(done.stdout)["items"] if "replay" in item]
    assert all(len(life["rows"]) == 2 and life["rows"][0]["replicaHours"] > 0 for life in lives)
    assert "4 replicas" in lives[0]["notes"][-1]


def test_what_only_the_clock_of_another_sizes_is_not_replayed(hour):
    done = run("-f", HERE / "downscaler.yaml", "--replay", hour)
    assert (done.exit_code, "on the same traffic" in done.stderr) == (0, False)


def test_jobs_are_said_to_be_no_pools():
    done = run("-f", HERE / "unfit.yaml")
    assert (done.exit_code, "error: scaledjob/nightly: a pool scales what stays" in done.stderr) == (1, True)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"kind": "ScaledObject", "metadata": {}}, "a ScaledObject has no metadata.name"),
        ({"kind": "ScaledObject", "metadata": {"name": "a"}, "spec": {}}, "ScaledObject a has no spec.scaleTargetRef"),
        (scaled({"metadata": {}}), "one of spec.triggers has no type"),
    ],
)
def test_what_an_object_lacks_is_named(tmp_path, body, words):
    file = tmp_path / "bad.yaml"
    file.write_text(json.dumps(body))
    with pytest.raises(module.typer.BadParameter, match=words):
        objects.read(file)


def test_a_field_of_another_shape_is_no_crash(tmp_path):
    file = tmp_path / "bad.yaml"
    file.write_text(json.dumps(scaled(PROMETHEUS, advanced=["many"])))
    done = run("-f", file)
    assert (done.exit_code, "error: deployment/chat: one of its fields is not" in done.stderr) == (1, True)
