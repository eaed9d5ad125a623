"""What Prometheus and Grafana get of us is what it is made from."""

import json
import re

import pytest
import yaml

from monitoring import FILES
from monitoring.rules import HOME, RULES


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_what_it_is_made_from(name):
    assert (HOME / name).read_text() == FILES[name](), "run `make crds`"


def test_the_rules_are_the_same_for_prometheus_and_for_its_operator():
    resource = yaml.safe_load((HOME / "prometheus-rule.yaml").read_text())
    assert resource["spec"] == yaml.safe_load(RULES.read_text())


def test_what_kustomize_names_is_there():
    kustomization = yaml.safe_load((HOME / "kustomization.yaml").read_text())
    (generated,) = kustomization["configMapGenerator"]
    named = [*kustomization["resources"], *(file.partition("=")[2] for file in generated["files"])]
    assert all((HOME / name).exists() for name in named)


def test_no_two_panels_stand_on_each_other():
    boxes = [panel["gridPos"] for panel in json.loads((HOME / "dashboard.json").read_text())["panels"]]
    cells = [
        (x, y)
        for box in boxes
        for x in range(box["x"], box["x"] + box["w"])
        for y in range(box["y"], box["y"] + box["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def test_no_two_panels_have_one_number():
    numbers = [panel["id"] for panel in json.loads((HOME / "dashboard.json").read_text())["panels"]]
    assert len(numbers) == len(set(numbers))


def test_the_page_on_watching_has_every_alert():
    page = (HOME.parents[1] / "docs" / "how-to" / "watch-spending.md").read_text()
    alerts = re.findall(r"- alert: (\w+)", RULES.read_text())
    assert not [name for name in alerts if f"`{name}`" not in page]
