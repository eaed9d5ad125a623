import asyncio
import json
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from builders import BODY, at, reading, seen
from poolkeeper.api.explain import explanation
from poolkeeper.cli import check as command
from poolkeeper.cli.checks import pool as module
from poolkeeper.cli.checks import shown
from poolkeeper.cli.checks.known import template_of
from poolkeeper.cli.main import app
from poolkeeper.core.decision import Decision, Share
from poolkeeper.core.observation import PodFault
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.kube_errors import TimedOut
from poolkeeper.shell.pools import Pools

GOOD = """
apiVersion: poolkeeper.io/v1alpha1
kind: InferencePool
metadata: {name: chat}
spec:
  targetRef: {name: chat}
  minReplicas: 2
  maxReplicas: 8
"""


@pytest.fixture
def check(tmp_path):
    def run(text, *options):
        file = tmp_path / "pool.yaml"
        file.write_text(text)
        return CliRunner().invoke(app, ["check", "-f", str(file), "--offline", *options])

    return run


def test_a_good_pool_is_ok(check):
    answer = check(GOOD)
    assert (answer.exit_code, answer.output) == (0, "ipool/chat: ok\n")


def test_a_bad_field_is_named_with_what_would_be_right(check):
    answer = check(GOOD.replace("minReplicas: 2", "minReplicas: 9"))
    assert answer.exit_code == 1
    assert answer.output == "ipool/chat: wrong\n  - spec: minReplicas must not be over maxReplicas (9 is over 8)\n"


def test_a_typo_is_named(check):
    assert "spec.minReplica: no such field" in check(GOOD.replace("minReplicas: 2", "minReplica: 2")).output


def test_another_version_is_refused(check):
    assert "apiVersion: must be poolkeeper.io/v1alpha1" in check(GOOD.replace("v1alpha1", "v1")).output


def test_a_pool_needs_a_name(check):
    assert "metadata.name: missing" in check(GOOD.replace("{name: chat}", "{}", 1)).output


def test_all_pools_of_a_file_are_checked(check):
    answer = check(GOOD + "---" + GOOD.replace("{name: chat}", "{name: chat2}", 1), "-o", "json")
    assert [item["name"] for item in json.loads(answer.output)["items"]] == ["chat", "chat2"]


def owning(seconds):
    pod = f"spec: {{terminationGracePeriodSeconds: {seconds}, containers: []}}"
    return GOOD.replace("targetRef: {name: chat}", f"template: {{{pod}}}")


@pytest.mark.parametrize("seconds", [60, "null"])
def test_pods_that_end_sooner_than_they_drain_are_noted(check, seconds):
    words = f"is {seconds if seconds == 60 else 30}, less than drain.deadline of 2m"
    answer = check(owning(seconds))
    assert (answer.exit_code, words in answer.output) == (0, True)


def test_pods_that_have_the_time_to_drain_are_fine(check):
    assert check(owning(120)).output == "ipool/chat: ok\n"


@pytest.mark.parametrize("text", ["{", "kind: Pod", ""])
def test_a_file_without_a_pool_is_refused(check, text):
    assert check(text).exit_code == 2


def test_a_cluster_that_cannot_be_reached_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    file = tmp_path / "pool.yaml"
    file.write_text(GOOD)
    answer = CliRunner().invoke(app, ["check", "-f", str(file)])
    assert answer.exit_code == 2
    assert "error:" in answer.output


def test_a_wrong_file_of_brokers_is_refused(check, tmp_path):
    file = tmp_path / "brokers.yaml"
    file.write_text("default: {kind: kafka, url: 'redis://h'}")
    answer = check(GOOD, "--brokers-file", str(file))
    assert (answer.exit_code, "'redis' or 'rabbitmq'" in " ".join(answer.output.split())) == (2, True)


def test_a_pool_that_is_held_beside_itself_is_wrong(check):
    answer = check(GOOD + "  peerRef: {name: chat, minPercent: 50}")
    assert (answer.exit_code, "spec.peerRef.name: ipool/chat is this pool itself" in answer.output) == (1, True)


@pytest.mark.parametrize(("problems", "mark"), [([], "not known"), (["no"], "wrong")])
def test_what_could_not_be_asked_is_not_called_ok(capsys, problems, mark):
    shown.show({"problems": problems, "unanswered": ["why"], "notes": []}, "ipool/chat")
    out = capsys.readouterr().out.splitlines()
    assert (out[0], out[-1]) == (f"ipool/chat: {mark}", "  - why")


def test_what_could_not_be_found_out_leaves_with_two(tmp_path, monkeypatch):
    monkeypatch.setattr(command, "ask", lambda *_: None)
    monkeypatch.setattr(command, "examined", lambda _: {"name": "a", "problems": [], "unanswered": ["b"]})
    file = tmp_path / "pool.yaml"
    file.write_text(GOOD)
    assert CliRunner().invoke(app, ["check", "-f", str(file), "-o", "json"]).exit_code == 2


def judged(sight):
    finding = module.examined(BODY | {"apiVersion": "poolkeeper.io/v1alpha1"})
    module.judge(Pools().take(BODY), sight, at(0), finding)
    return finding


def told(capsys, **share):
    """Return what is printed of a decision that finds two replicas on one tier."""
    decision = Decision(
        2, 2, 2, Reason.STEADY, shares=(Share(**{"tier": "spot", "found": 2, "size": 2, "due": 2} | share),)
    )
    part = {"problems": [], "unanswered": [], "notes": [], "decision": explanation(decision, at(0))}
    shown.show(part, "ipool/chat")
    return capsys.readouterr().out.splitlines()[-1]


def test_what_would_stay_is_said(capsys):
    assert told(capsys).startswith("  now: 2 -> 2: the queue is between")


def test_a_tier_that_would_move_is_said(capsys):
    assert told(capsys, size=3).startswith("  now: spot 2 -> 3: the queue is between")


def test_a_target_that_is_being_pinned_is_fine():
    sight = seen(unsplit=Reason.SIBLING_MISSING, unsplit_detail="the on-demand half is being pinned")
    assert judged(sight)["problems"] == []


def test_a_queue_that_was_never_there_is_wrong():
    (problem,) = judged(seen(readings=(reading(0, vanishes="list 'jbos'"),)))["problems"]
    assert problem.startswith("source edge: MetricEmpty: list 'jbos' is not there, and never was")


def test_a_target_that_cannot_be_split_is_wrong():
    sight = seen(unsplit=Reason.TARGET_NOT_PINNED, unsplit_detail="put this into Git")
    finding = judged(sight)
    words = "spec.capacity: the target does not require on-demand nodes, so it is not split: put this into Git"
    assert finding["problems"] == [words]


@pytest.mark.parametrize(
    "spec",
    [
        {"template": {"spec": 1}},
        {"leaderWorkerTemplate": {"leaderTemplate": {"spec": 1}, "workerTemplate": {"spec": 2}}},
        {"leaderWorkerTemplate": {"workerTemplate": {"spec": 1}}},
    ],
    ids=["one", "of leaders", "of all in a group"],
)
def test_the_template_that_counts_is_that_of_who_serves(spec):
    assert template_of(spec) == {"spec": 1}


def test_a_workload_that_takes_its_template_from_another_has_none():
    assert template_of({"workloadRef": {}}) == {}


async def test_a_kind_that_may_not_be_listed_is_named_after_a_while(monkeypatch):
    monkeypatch.setattr(module, "PATIENCE", 0.01)
    kinds = {kind: SimpleNamespace(is_synced=kind == "pods") for kind in ("pods", "deployments")}
    cluster = SimpleNamespace(synced=asyncio.Event().wait, reflectors=kinds, problems=lambda: ["forbidden"])
    with pytest.raises(TimedOut, match=r"^deployments could not be listed within 0\.01 s: forbidden$"):
        await module.filled(cluster)


def test_a_server_that_is_no_name_and_address_is_refused(check):
    answer = check(GOOD, "--prometheus", "foo")
    assert (answer.exit_code, "--prometheus wants NAME=URL" in answer.output) == (2, True)


def test_servers_come_from_a_file_too(check, tmp_path):
    file = tmp_path / "servers.yaml"
    file.write_text("default: {url: http://prometheus:9090}")
    answer = check(GOOD, "--prometheus-file", str(file), "--prometheus", "default=http://other:9090")
    assert (answer.exit_code, "default is given twice" in answer.output) == (2, True)


def test_what_a_pool_of_its_name_remembers_is_looked_at_and_nothing_else_of_its_status():
    pools = Pools()
    kept = {"memory": {"asked": 4}, "acceptedSpec": BODY["spec"]}
    pools.take({**BODY, "status": kept})
    made = module.as_stored(dict(BODY), pools, SimpleNamespace(clock=None))
    assert made["status"] == {"memory": {"asked": 4}}


OFFICE = """
  schedule:
    windows: [{name: office, from: "08:00", to: "18:00", minReplicas: 4}]
"""


def test_the_next_transitions_of_a_schedule_are_noted(check):
    found = check(GOOD.rstrip() + OFFICE).output.splitlines()[1:]
    assert [line.split()[:2] for line in found] == [["window", "office"]] * 3


def test_pods_of_which_none_answers_are_told_with_the_first_one_s_fault():
    silent = reading(None, faults=(PodFault("a", Reason.METRIC_REFUSED, "no route"),))
    assert module.told(silent) == "source edge: 0 of 1 pods answer (MetricRefused: no route)"


def test_what_is_piped_in_is_checked():
    answer = CliRunner().invoke(app, ["check", "-f", "-", "--offline"], input=GOOD)
    assert answer.output == "ipool/chat: ok\n"
