"""A report with the rights of its own manifests: it reads the ledger, and nothing else."""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

import ledger_weeks
from poolkeeper.api.price_book import COLUMNS
from poolkeeper.cli.main import app

pytestmark = pytest.mark.cluster

MANIFESTS = Path(__file__).parents[2] / "manifests" / "report" / "webhook"
LATE = "2026-09-28"
"""A day on which the first weeks of the ledger are over, by whatever clock this runs."""
HOME, NAME = "poolkeeper-report-test", "poolkeeper-report"
(JOB,) = yaml.safe_load_all((MANIFESTS / "cron-job.yaml").read_text())
CONTAINER = JOB["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]


@pytest.fixture(scope="module")
def account(cluster):
    """The kubeconfig of the job's account, beside a ledger."""
    cluster.kubectl("create", "namespace", HOME)
    for file in ("service-account.yaml", "role.yaml"):
        text = (MANIFESTS / file).read_text().replace("namespace: poolkeeper", f"namespace: {HOME}")
        cluster.kubectl("apply", "-n", HOME, "-f", "-", input=text)
    ledger = {"apiVersion": "v1", "kind": "List", "items": ledger_weeks.configmaps()}
    cluster.kubectl("create", "-n", HOME, "-f", "-", input=json.dumps(ledger))
    yield cluster.service_account_kubeconfig(HOME, NAME)
    cluster.kubectl("delete", "namespace", HOME, "--wait=false")


def report(account, *options):
    place = ("--kubeconfig", str(account), "--operator-namespace", HOME)
    return CliRunner().invoke(app, ["report", *place, "--week", "--at", LATE, *options])


def test_the_jobs_rights_are_enough_for_the_ledger(account):
    answer = report(account, "-o", "markdown")
    assert (answer.exit_code, "| search |" in answer.output) == (0, True)


def test_what_the_job_may_not_read_is_left_out_and_said(account):
    assert "Shares inside the SLO and budgets are left out" in report(account, "-o", "markdown").output


def test_who_may_read_more_is_told_more(cluster, crd, account):
    book = f"{','.join(COLUMNS)}\n*,*,*,,H100,on-demand,3.00,USD,2020-10-30,list\n"
    cluster.kubectl("create", "configmap", "poolkeeper-prices", "-n", HOME, f"--from-literal=prices.csv={book}")
    told = report(cluster.kubeconfig, "-o", "markdown").output
    assert "The newest price came into effect" in told
    assert "left out" not in told


def test_the_job_may_read_the_ledger_and_do_nothing_else(cluster, account):
    said = cluster.kubectl("auth", "can-i", "--list", "-n", HOME, "--as", f"system:serviceaccount:{HOME}:{NAME}")
    rights = [line.split() for line in said.splitlines()[1:] if not line.startswith((" ", "selfsubject"))]
    assert {(what, verbs) for what, *_, verbs in rights} == {("configmaps", "[list]"), ("configmaps", "[get]")}


@pytest.mark.parametrize("kind", ["webhook", "volume"])
def test_the_manifests_are_what_the_api_server_takes(cluster, account, kind):
    made = cluster.kubectl("kustomize", str(MANIFESTS.parent / kind)).replace(
        "namespace: poolkeeper", f"namespace: {HOME}"
    )
    assert "cronjob.batch/poolkeeper-report" in cluster.kubectl("apply", "--dry-run=server", "-f", "-", input=made)


def test_the_jobs_options_are_the_commands_own():
    options = [word.partition("=")[0] for word in CONTAINER["args"] if word.startswith("--")]
    told = CliRunner().invoke(app, ["report", "--help"], env={"COLUMNS": "200"}).output
    assert all(option in told for option in options)
