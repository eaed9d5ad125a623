"""`poolkeeper schedule` on files, and on a pool as a cluster stores it."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
import typer
from typer.testing import CliRunner

from builders import BODY, published
from poolkeeper.api.units import format_instant
from poolkeeper.cli import schedule as module
from poolkeeper.cli.connection import console
from poolkeeper.cli.main import app
from poolkeeper.core.memory import Memory, Starts, Tiers
from poolkeeper.core.model import Schedule

PLAIN = """
apiVersion: poolkeeper.io/v1alpha1
kind: InferencePool
metadata: {name: chat}
spec:
  targetRef: {name: chat}
  minReplicas: 2
  maxReplicas: 8
"""
OFFICE = """
  schedule:
    timezone: America/New_York
    windows:
    - {name: office, days: Mon-Fri, from: "08:00", to: "18:00", minReplicas: 4}
    outside: {percent: 10}
"""
GOOD = PLAIN + OFFICE
SATURDAY = "2026-03-07T17:00:00Z"
EARLY = "2026-03-09T11:55:00Z"
WORK = "2026-03-09T15:00:00Z"
STORED = BODY | {
    "spec": BODY["spec"]
    | {
        "schedule": {
            "timezone": "America/New_York",
            "windows": [{"name": "office", "days": "Mon-Fri", "from": "08:00", "to": "18:00", "minReplicas": 4}],
            "outside": {"percent": 10},
        }
    }
}
STARTS = {"template": "t1", "durations": ["3m", "3m", "4m"]}


@pytest.fixture
def run(tmp_path):
    def schedule(text, *options):
        file = tmp_path / "pool.yaml"
        file.write_text(text)
        return CliRunner().invoke(app, ["schedule", "-f", str(file), *options], env={"COLUMNS": "300"})

    return schedule


@pytest.fixture
def as_json(run):
    def schedule(text, at, *options):
        return json.loads(run(text, "--at", at, "-o", "json", *options).output)

    return schedule


def first_line(answer, word):
    """Return the line of the heading that begins with a word."""
    return next(line for line in answer.output.splitlines() if line.startswith(word))


def test_json_tells_what_is_in_force_and_what_comes(as_json):
    assert as_json(GOOD, SATURDAY, "--days", "3") == {
        "in_force": None,
        "min": 1,
        "max": 1,
        "lead": None,
        "next": [
            {"at": "2026-03-09T12:00:00Z", "window": "office", "edge": "start"},
            {"at": "2026-03-09T22:00:00Z", "window": "office", "edge": "end"},
            {"at": "2026-03-10T12:00:00Z", "window": "office", "edge": "start"},
        ],
    }


def test_json_tells_the_window_in_force(as_json):
    found = as_json(GOOD, WORK)
    assert (found["in_force"], found["min"], found["max"]) == ("office", 4, 8)


def test_json_tells_the_coming_window_whose_floor_counts_already(as_json):
    found = as_json(GOOD, EARLY)
    assert (found["in_force"], found["lead"], found["min"], found["max"]) == (None, "office", 4, 4)


def test_json_covers_two_weeks_unless_told_otherwise(as_json):
    assert len(as_json(GOOD, SATURDAY)["next"]) == 20


def test_json_has_the_first_transition_where_the_days_have_none(as_json):
    assert [one["at"] for one in as_json(GOOD, SATURDAY, "--days", "1")["next"]] == ["2026-03-09T12:00:00Z"]


def test_json_of_a_pool_without_a_schedule_is_its_own_bounds(as_json):
    assert as_json(PLAIN, SATURDAY) == {"in_force": None, "min": 2, "max": 8, "lead": None, "next": []}


def test_an_instant_of_any_zone_is_understood(as_json):
    assert as_json(GOOD, "2026-03-09T07:55:00-04:00") == as_json(GOOD, EARLY)


def test_json_of_several_pools_has_their_names(as_json):
    found = as_json(GOOD + "---" + PLAIN.replace("{name: chat}", "{name: chat2}", 1), WORK)
    assert [(one["name"], one["min"]) for one in found["items"]] == [("chat", 4), ("chat2", 2)]


def test_several_pools_are_all_shown(run):
    answer = run(GOOD + "---" + PLAIN.replace("{name: chat}", "{name: chat2}", 1), "--at", WORK)
    assert ("ipool/chat on" in answer.output, "ipool/chat2 on" in answer.output) == (True, True)


def test_the_time_is_told_on_the_pools_clock_and_in_utc(run):
    words = "ipool/chat on Mon 9 Mar 11:00 EDT (2026-03-09T15:00:00Z), America/New_York"
    assert run(GOOD, "--at", WORK).output.splitlines()[0] == words


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (SATURDAY, "in force  no window: 1 replica"),
        (EARLY, "in force  no window: 4 replicas"),
        (WORK, "in force  office: 4 to 8 replicas"),
    ],
)
def test_the_bounds_in_force_are_told(run, at, words):
    assert first_line(run(GOOD, "--at", at), "in force") == words


def test_the_coming_window_is_told(run):
    words = "coming    office on Mon 9 Mar 08:00 EDT (2026-03-09T12:00:00Z): 4 to 8 replicas"
    assert first_line(run(GOOD, "--at", SATURDAY), "coming") == words


def test_when_pre_warming_begins_is_told(run):
    words = "pre-warm  from Mon 9 Mar 07:50 EDT (2026-03-09T11:50:00Z), for office"
    assert first_line(run(GOOD, "--at", SATURDAY), "pre-warm") == words


def test_pre_warming_that_has_begun_is_told_and_the_next_one_too(run):
    told = [line for line in run(GOOD, "--at", EARLY).output.splitlines() if line.startswith("pre-warm")]
    assert told == [
        "pre-warm  now, for office on Mon 9 Mar 08:00 EDT (2026-03-09T12:00:00Z)",
        "pre-warm  from Tue 10 Mar 07:50 EDT (2026-03-10T11:50:00Z), for office",
    ]


def test_pre_warming_that_goes_on_is_not_told_twice(run):
    peak = '    - {name: peak, days: Mon-Fri, from: "08:05", to: "09:00", minReplicas: 6}\n    outside:'
    told = run(GOOD.replace("    outside:", peak), "--at", EARLY.replace(":55:", ":56:")).output
    assert "pre-warm  from Tue 10 Mar 07:50 EDT" in told


def test_pre_warming_is_told_though_it_begins_after_the_days(run):
    answer = run(GOOD, "--at", "2026-03-09T12:00:00Z", "--days", "1")
    assert first_line(answer, "pre-warm").startswith("pre-warm  from Tue 10 Mar 07:50 EDT")


def test_days_without_pre_warming_are_counted(run):
    flat = GOOD.replace(", minReplicas: 4}", ", minReplicas: 1}")
    assert first_line(run(flat, "--at", SATURDAY), "pre-warm") == "pre-warm  no more in the next 14 days"


def test_a_window_far_away_is_told_all_the_same(run):
    assert first_line(run(GOOD, "--at", SATURDAY, "--days", "1"), "coming").startswith("coming    office on Mon 9 Mar")


def test_weeks_in_which_windows_only_end_say_so(run):
    launch = GOOD.replace('days: Mon-Fri, from: "08:00", to: "18:00"', 'start: "0 9 9 3 *", end: "0 21 9 3 *"')
    assert first_line(run(launch, "--at", WORK), "coming") == "coming    no window starts in the next 14 days"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD, "lead      10m (leadTime auto: the default, until 3 starts are measured)"),
        (
            GOOD + "  startup: {timeout: 4m}",
            "lead      4m (leadTime auto: startup.timeout, until 3 starts are measured)",
        ),
        (GOOD + "    leadTime: 20m", "lead      20m (as leadTime says)"),
    ],
)
def test_the_lead_time_says_where_it_comes_from(run, text, words):
    assert first_line(run(text, "--at", SATURDAY), "lead") == words


def test_the_calendar_marks_the_day_of_the_clock_change(run):
    output = run(GOOD, "--at", SATURDAY).output
    assert (" 7    8*   9" in output, "clocks go forward at 02:00, to 03:00" in output) == (True, True)


def test_the_calendar_has_the_hour_of_now(run):
    assert first_line(run(GOOD, "--at", WORK, "--days", "2"), "11:00") == "11:00<███4 ███4"


def test_changes_are_listed_in_both_zones_with_what_holds_then(run):
    listed = [line.split() for line in run(GOOD, "--at", WORK, "--days", "1").output.splitlines()[-3:]]
    assert listed == [
        ["Mon", "9", "Mar", "18:00", "EDT", "2026-03-09T22:00:00Z", "office", "end", "1", "-"],
        ["Tue", "10", "Mar", "07:50", "EDT", "2026-03-10T11:50:00Z", "office", "pre-warm", "4", "-"],
        ["Tue", "10", "Mar", "08:00", "EDT", "2026-03-10T12:00:00Z", "office", "start", "4", "to", "8", "office"],
    ]


def test_many_transitions_are_listed_in_json_alone(run):
    hourly = GOOD.replace('days: Mon-Fri, from: "08:00", to: "18:00"', 'start: "0 * * * *", end: "30 * * * *"')
    assert (
        run(hourly, "--at", SATURDAY, "--days", "3").output.splitlines()[-1]
        == "and 116 more: -o json has all transitions"
    )


def test_a_pool_without_a_schedule_says_so(run):
    assert run(PLAIN, "--at", SATURDAY).output.splitlines()[1] == "no schedule: 2 to 8 replicas at any time"


def test_a_schedule_without_windows_has_no_transitions(run):
    text = PLAIN + "  schedule: {outside: {maxReplicas: 4}}"
    assert run(text, "--at", SATURDAY).output.splitlines()[-1] == "no window ever starts or ends"


def test_everything_fits_eighty_columns(run, monkeypatch):
    monkeypatch.setattr(console, "_width", 80)
    assert max(len(line) for line in run(GOOD, "--at", EARLY).output.splitlines()) <= 80


def test_without_a_time_it_is_this_machines_now(run, tmp_path):
    shown = run(GOOD).output.splitlines()[0].partition("(")[2].partition(")")[0]
    written = datetime.fromtimestamp((tmp_path / "pool.yaml").stat().st_mtime, UTC)
    assert abs(datetime.fromisoformat(shown) - written) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--at", "soon"], "'soon' is no instant; write it as in 2026-03-08T07:30:00Z"),
        (["--at", "soon"], "Invalid value for --at"),
        (["--at", "2026-03-08T07:30:00"], "is no instant"),
        (["--at", "9999-03-08T07:30:00Z"], "is not between the years 1970 and 2999"),
        (["--days", "0"], "--days"),
        (["chat"], "give either a pool's name or -f FILE"),
    ],
)
def test_a_bad_option_says_what_would_be_right(run, options, words):
    answer = run(GOOD, *options)
    assert (answer.exit_code, words in answer.output) == (2, True)


def test_neither_name_nor_file_is_refused():
    assert CliRunner().invoke(app, ["schedule"]).exit_code == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD.replace("America/New_York", "Mars/Olympus"), "Mars/Olympus"),
        (GOOD.replace("minReplicas: 2", "minReplicas: 9"), "minReplicas must not be over maxReplicas"),
        (GOOD.replace("v1alpha1", "v1"), "apiVersion: must be"),
        ("kind: Pod", "holds no InferencePool"),
    ],
)
def test_a_file_that_is_wrong_says_what_and_leaves_with_two(run, text, words):
    answer = run(text)
    assert (answer.exit_code, words in answer.output) == (2, True)


def test_a_cluster_that_cannot_be_reached_is_said(tmp_path):
    answer = CliRunner().invoke(app, ["schedule", "chat", "--kubeconfig", str(tmp_path / "none")])
    assert (answer.exit_code, "error:" in answer.output) == (2, True)


def test_its_help_teaches():
    assert "poolkeeper schedule -f" in CliRunner().invoke(app, ["schedule", "--help"], env={"COLUMNS": "300"}).output


class StoredPool:
    """A cluster that holds one pool: the path asked for, and the time it is there."""

    access = SimpleNamespace(namespace="inference")
    clock = SimpleNamespace(now=lambda: datetime(2026, 3, 9, 15, 0, 0, 999, tzinfo=UTC))

    def __init__(self, body):
        self.body = body

    async def get(self, path, into):
        self.path = path
        return into(self.body)


async def found(body=STORED, place=(None, "chat"), moment=None):
    return await module.from_cluster(StoredPool(body), place, moment)


async def test_in_the_cluster_it_is_the_clusters_now():
    assert format_instant((await found()).now) == WORK


async def test_a_given_instant_goes_before_the_clusters():
    moment = datetime(2026, 3, 7, tzinfo=UTC)
    assert (await found(moment=moment)).now == moment


@pytest.mark.parametrize(("namespace", "where"), [(None, "inference"), ("other", "other")])
async def test_the_pool_is_sought_in_the_namespace_that_was_given(namespace, where):
    kube = StoredPool(STORED)
    await module.from_cluster(kube, (namespace, "chat"), None)
    assert kube.path == f"/apis/poolkeeper.io/v1alpha1/namespaces/{where}/inferencepools/chat"


async def test_measured_starts_give_the_lead_time():
    one = await found(STORED | {"status": {"memory": {"starts": STARTS}}})
    assert (one.lead_time, one.learned) == (
        timedelta(minutes=4, seconds=3),
        "leadTime auto: the 95th percentile of 3 measured starts",
    )


async def test_a_pool_without_measured_starts_has_the_default():
    assert (await found()).lead_time == timedelta(minutes=10)


async def test_the_slower_tier_gives_the_lead_time():
    slow = {"template": "t2", "durations": ["8m", "8m", "9m"]}
    one = await found(STORED | {"status": {"memory": {"starts": STARTS, "tiers": {"starts": {"spot": slow}}}}})
    assert one.lead_time == timedelta(minutes=9, seconds=3)


async def test_a_spec_that_cannot_be_read_falls_back_to_the_last_good_one():
    broken = STORED | {"spec": {"minReplicas": 9}, "status": {"acceptedSpec": STORED["spec"]}}
    assert (await found(broken)).spec.max_replicas == 8


async def test_a_spec_that_cannot_be_read_is_told(capsys):
    await found(STORED | {"spec": {"minReplicas": 9}, "status": {"acceptedSpec": STORED["spec"]}})
    said = capsys.readouterr().err
    assert ("InvalidSpec: spec.maxReplicas" in said, "last good spec stays in force" in said) == (True, True)


async def test_a_spec_that_never_could_be_read_is_refused(capsys):
    with pytest.raises(typer.Exit) as left:
        await found(STORED | {"spec": {"targetRef": {"name": "chat"}, "minReplicas": 9, "maxReplicas": 8}})
    assert (left.value.exit_code, "minReplicas must not be over" in capsys.readouterr().err) == (2, True)


def test_too_few_starts_measure_nothing():
    memory = Memory(tiers=Tiers(starts={"spot": Starts(durations=(timedelta(minutes=1),) * 2)}))
    one = module.subject("chat", published(schedule=Schedule()), memory, datetime(2026, 3, 7, tzinfo=UTC))
    assert one.learned == "leadTime auto: the default, until 3 starts are measured"
