"""Every rule by promtool: it can be read, it fires when it should, and not when it should not."""

import re
import subprocess
from functools import cache

import pytest
import yaml
from tests.monitoring.rule_cases import ALERTS, EARLY, RECORDS, Trial, alert_trials, record_trial

from controlplane.assets import PROMTOOL, ensure
from monitoring.rules import RULES
from reference import PAGES

GROUPS = yaml.safe_load(RULES.read_text())["groups"]
ALL = [rule for group in GROUPS for rule in group["rules"]]
ALERTING = {rule["alert"]: rule for rule in ALL if "alert" in rule}
COMMANDS = re.findall(r"^## `poolkeeper ([\w ]+)`", PAGES["cli.md"](), re.MULTILINE)

DAYS = {"30h", "60h"}
"""Every rule at each minute of them takes minutes, and what days tell changes by the hour."""

needs_promtool = pytest.mark.cluster


@cache
def promtool():
    return ensure([PROMTOOL])[PROMTOOL]


def run(*arguments):
    argv = [promtool(), *arguments]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)  # noqa: S603  Debian's promtool
    return (done.returncode, "" if done.returncode == 0 else done.stdout + done.stderr)


@pytest.fixture
def attempt(tmp_path):
    """Put trials to promtool; return its exit code and its words."""

    def act(*trials):
        file = tmp_path / "trials.yaml"
        tests = [trial.written for trial in trials]
        often = "15m" if any(trial.at in DAYS for trial in trials) else "1m"
        file.write_text(yaml.safe_dump({"rule_files": [str(RULES)], "evaluation_interval": often, "tests": tests}))
        return run("test", "rules", str(file))

    return act


@needs_promtool
def test_the_rules_can_be_read():
    assert run("check", "rules", str(RULES)) == (0, "")


def test_every_rule_is_tried():
    assert set(ALERTS) | set(RECORDS) == {rule.get("alert") or rule["record"] for rule in ALL}


@needs_promtool
@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_fires_when_it_should_and_not_when_it_should_not(attempt, name):
    assert attempt(*alert_trials(name)) == (0, "")


@needs_promtool
@pytest.mark.parametrize("name", RECORDS)
def test_a_recording_rule_says_what_it_should(attempt, name):
    assert attempt(record_trial(name)) == (0, "")


@needs_promtool
def test_the_first_days_of_a_month_say_nothing_of_its_end(attempt):
    name = 'count(ALERTS{alertname="PoolkeeperBudgetExpectedOver",alertstate="firing"}) or vector(0)'
    assert attempt(Trial(EARLY, name, "30h", 0)) == (0, "")


@needs_promtool
def test_a_trial_can_fail(attempt):
    assert attempt(Trial({}, "vector(1)", "1m", 2))[0] == 1


@pytest.mark.parametrize("name", ALERTING)
def test_an_alert_says_what_is_wrong_and_what_to_do(name):
    rule = ALERTING[name]
    assert rule["labels"]["severity"] in {"info", "warning", "critical"}
    assert all(rule["annotations"][word].strip() for word in ("summary", "description", "runbook"))


@pytest.mark.parametrize("name", ALERTING)
def test_a_runbooks_commands_exist(name):
    said = re.findall(
        r"`poolkeeper ([a-z]+(?: (?:show|check|import|reconcile))?)", ALERTING[name]["annotations"]["runbook"]
    )
    assert set(said) <= set(COMMANDS)


def test_every_metric_of_the_rules_exists():
    metrics = set(re.findall(r"^\| `(\w+)`", PAGES["metrics.md"](), re.MULTILINE))
    named = {name for rule in ALL for name in re.findall(r"\bpoolkeeper_\w+", rule["expr"])}
    assert {name.removesuffix("_bucket") for name in named} <= metrics
