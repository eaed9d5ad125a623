"""Every query of the dashboard, and of the rules, has data in a real Prometheus that scraped the operator's page."""

import json
import re
import subprocess
import time  # noqa: TID251  it waits for a program
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest
import yaml
from tests.monitoring.lived import Page

from controlplane.assets import PROMETHEUS, ensure
from controlplane.network import free_ports
from monitoring.panels import ROWS
from monitoring.rules import RULES

# One Prometheus serves all of them.
pytestmark = [pytest.mark.cluster, pytest.mark.xdist_group("monitoring")]

HOST = "127.0.0.1"
PATIENCE = timedelta(minutes=1).total_seconds()
CHOSEN = {"$namespace": "inference", "$pool": ".*", "$currency": "USD", "$label": "team"}
PANELS = {panel.title: panel for row in ROWS.values() for panel in row}
EXPRESSIONS = {
    rule.get("alert") or rule["record"]: rule["expr"]
    for group in yaml.safe_load(RULES.read_text())["groups"]
    for rule in group["rules"]
}
ELSEWHERE = {"PoolkeeperDown", "PoolkeeperNoLeader", "PoolkeeperTwoLeaders", "PoolkeeperLabelsOverwritten"}
"""Alerts on what a page cannot show while all others of its alerts hold."""
BY_DATE = {"PoolkeeperBudgetExpectedOver", "PoolkeeperBudgetNearlyUsed", "PoolkeeperTeamBudgetExpectedOver"}
"""Alerts that a used-up budget, or the day of the month, silences."""
SELECTOR = re.compile(r'poolkeeper_\w+(?:\{[^}]*"\})?')


class Asked:
    """A Prometheus to put queries to."""

    def __init__(self, port):
        self.url = f"http://{HOST}:{port}/api/v1/query?"

    def query(self, expression):
        with urlopen(self.url + urlencode({"query": expression}), timeout=10) as answer:  # noqa: S310  our own Prometheus
            return json.load(answer)["data"]["result"]

    def has(self, expression):
        try:
            return bool(self.query(expression))
        except OSError:
            return False


@contextmanager
def served(page) -> Iterator[int]:
    """Serve the page; yield its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", page.telemetry.content_type)
            self.end_headers()
            self.wfile.write(page.read())

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer((HOST, 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def configuration(port):
    scrape = {"job_name": "poolkeeper", "honor_labels": True, "static_configs": [{"targets": [f"{HOST}:{port}"]}]}
    pace = dict.fromkeys(("scrape_interval", "scrape_timeout", "evaluation_interval"), "500ms")
    return yaml.safe_dump({"global": pace, "rule_files": [str(RULES)], "scrape_configs": [scrape]})


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory):
    """A Prometheus with our rules, that has scraped the page a few times."""
    home = tmp_path_factory.mktemp("prometheus")
    port = free_ports(HOST, ("prometheus",))["prometheus"]
    with served(Page()) as page:
        (home / "prometheus.yml").write_text(configuration(page))
        argv = [
            ensure([PROMETHEUS])[PROMETHEUS],
            f"--config.file={home}/prometheus.yml",
            f"--storage.tsdb.path={home}/data",
            f"--web.listen-address={HOST}:{port}",
        ]
        running = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603  Debian's
        asked = Asked(port)
        until = time.monotonic() + PATIENCE
        while not asked.has("count_over_time(poolkeeper_leader[5m]) > 4"):
            assert time.monotonic() < until, "Prometheus scrapes nothing"
            time.sleep(0.1)
        yield asked
        running.terminate()
        running.wait()


def chosen(expression):
    for name, value in CHOSEN.items():
        expression = expression.replace(name, value)
    return expression


@pytest.mark.parametrize("title", PANELS)
def test_every_query_of_a_panel_has_data(prometheus, title):
    found = {query.expression: prometheus.query(chosen(query.expression)) for query in PANELS[title].queries}
    assert not [expression for expression, data in found.items() if not data]


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_what_a_rule_looks_at_is_on_the_page(prometheus, name):
    selectors = [one for one in SELECTOR.findall(EXPRESSIONS[name]) if "exported_namespace" not in one]
    assert not [one for one in selectors if not prometheus.query(one)]


@pytest.mark.parametrize("name", sorted(set(EXPRESSIONS) - ELSEWHERE - BY_DATE))
def test_a_rule_gives_data_where_there_is_trouble(prometheus, name):
    assert prometheus.query(EXPRESSIONS[name])


@pytest.mark.parametrize("name", sorted(ELSEWHERE))
def test_an_alert_on_the_operator_itself_is_silent_while_one_leads(prometheus, name):
    assert prometheus.query(EXPRESSIONS[name]) == []


def test_a_query_of_nothing_has_no_data(prometheus):
    assert not prometheus.has("poolkeeper_nothing")
