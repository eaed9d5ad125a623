"""Every alert has its runbook, and the commands in them work as written."""

import pytest
import yaml
from tests.docs.conftest import NAMESPACE
from tests.docs.pages import DOCS, ROOT, anchors

PAGE = DOCS / "runbooks.md"
RULES = yaml.safe_load((ROOT / "manifests/monitoring/rules.yaml").read_text())
ALERTS = {rule["alert"]: rule for group in RULES["groups"] for rule in group["rules"] if "alert" in rule}
POOL = {
    "apiVersion": "poolkeeper.io/v1alpha1",
    "kind": "InferencePool",
    "metadata": {"name": "chat", "namespace": NAMESPACE},
    "spec": {
        "targetRef": {"name": "chat"},
        "minReplicas": 2,
        "maxReplicas": 8,
        "cost": {"pricePerGPUHour": {"on-demand": "3.00"}, "budget": {"monthly": "15000", "enforce": "HoldScaleUp"}},
    },
}


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_leads_to_its_runbook(name):
    page, _, anchor = ALERTS[name]["annotations"]["runbook_url"].rpartition("/")[2].partition("#")
    assert (page, anchor) == ("runbooks.html", name.lower())
    assert anchor in anchors(PAGE)


@pytest.mark.cluster
@pytest.mark.timeout(900)
def test_the_commands_of_the_runbooks_work(furnished, operator, open_console):
    furnished.kubectl("apply", "-f", "-", input=yaml.safe_dump(POOL))
    furnished.kubectl("wait", "ipool/chat", "-n", NAMESPACE, "--for=condition=Ready", "--timeout=90s")
    open_console(furnished, POOLKEEPER_OPERATOR=operator).follow(PAGE)
