"""What cannot be right is refused by its name; and each value does what it says."""

import json
from datetime import timedelta

import pytest
import yaml
from tests.charts.rendering import CHART, documents, of_kind, rendered, template

from poolkeeper.api.costs import Costs
from poolkeeper.api.costs import parse as parse_costs
from poolkeeper.api.price_book import parse as parse_prices
from poolkeeper.api.units import parse_duration
from poolkeeper.shell.brokers import RabbitBroker, RedisBroker, load_brokers
from poolkeeper.shell.servers import ServerConfig, load_servers

SCHEMA = json.loads((CHART / "values.schema.json").read_text())
WRONG = [
    ("replicas=two", "replicas"),
    ("replicas=-1", "replicas"),
    ("replica=2", "replica"),
    ("image.digest=abc", "image.digest"),
    ("image.pullPolicy=Sometimes", "image.pullPolicy"),
    ("image.tags=1", "tags"),
    ("namespaces=inference", "namespaces"),
    ("namespaces={Inference}", "namespaces.0"),
    ("namespaces={a,a}", "namespaces"),
    ("nodes.read=perhaps", "nodes.read"),
    ("crds.install=1", "crds.install"),
    ("prometheus.servers.default=http://prometheus", "prometheus.servers.default"),
    ("prometheus.servers.default.url=prometheus:9090", "prometheus.servers.default.url"),
    ("prometheus.servers.default.url=http://", "prometheus.servers.default.url"),
    ("prometheus.servers.default.url=http://me:secret@prometheus", "prometheus.servers.default.url"),
    ("prometheus.servers.default.url=http://me@prometheus/path", "prometheus.servers.default.url"),
    ("prometheus.servers.default.url=http://prometheus?token=secret", "prometheus.servers.default.url"),
    ("prometheus.servers.default.url=http://prometheus/path#part", "prometheus.servers.default.url"),
    ("prometheus.servers.default.basic.username=me", "passwordFile"),
    ("prometheus.servers.Default.url=http://prometheus", "prometheus.servers"),
    ("brokers.servers.work.kind=kafka", "brokers.servers.work.kind"),
    *(
        (f"brokers.servers.work.kind={kind},brokers.servers.work.url={url}", "brokers.servers.work.url")
        for kind, url in (
            ("redis", "redis://:secret@redis"),
            ("redis", "rediss://me:secret@redis/0"),
            ("redis", "redis://redis?password=secret"),
            ("redis", "redis://redis/work"),
            ("redis", "http://redis"),
            ("rabbitmq", "https://me:secret@rabbit"),
            ("rabbitmq", "https://rabbit/?password=secret"),
            ("rabbitmq", "redis://rabbit"),
        )
    ),
    ("costs.file.budget=1", "budget"),
    ("priceBook.name=Prices", "priceBook.name"),
    ("leaseDuration=soon", "leaseDuration"),
    ("leaseDuration=0s", "leaseDuration"),
    ("leaseDuration=0m00s", "leaseDuration"),
    ("leaseDuration=1s1s", "leaseDuration"),
    ("leaseDuration=1.5s", "leaseDuration"),
    ("logLevel=trace", "logLevel"),
    ("spread.whenUnsatisfiable=Never", "spread.whenUnsatisfiable"),
    ("extraArgs=--identity", "extraArgs"),
    ("podAnnotations.a=1", "podAnnotations.a"),
    ("networkPolicy.from=monitoring", "networkPolicy.from"),
    ("monitoring.podMonitor.interval=often", "monitoring.podMonitor.interval"),
    ("monitoring.podMonitor.interval=", "monitoring.podMonitor.interval"),
    ("serviceAccount.create=false", "serviceAccount.name"),
]


@pytest.mark.parametrize(("given", "named"), WRONG, ids=[given for given, _ in WRONG])
def test_what_cannot_be_right_is_refused_by_its_name(given, named):
    code, words = template("--set", given)
    assert (code, named in words) == (1, True), words


@pytest.mark.parametrize("url", ["redis://redis", "rediss://redis:6380/", "redis://[::1]:6379/3"])
def test_a_redis_has_an_address_and_perhaps_a_database(url):
    given = {"brokers": {"servers": {"work": {"kind": "redis", "url": url}}}}
    assert template("-f", "-", text=json.dumps(given))[0] == 0


@pytest.mark.parametrize("url", ["http://rabbit:15672", "https://rabbit/api@2"])
def test_a_rabbit_is_its_management_page(url):
    given = {"brokers": {"servers": {"work": {"kind": "rabbitmq", "url": url}}}}
    assert template("-f", "-", text=json.dumps(given))[0] == 0


@pytest.mark.parametrize("duration", ["", "30s", "1m30s", "1h", "500ms", "10s"])
def test_a_lease_lasts_as_long_as_a_duration_says(duration):
    assert template("--set", f"leaseDuration={duration}")[0] == 0


def arguments(objects):
    (deployment,) = of_kind(objects, "Deployment")
    return deployment["spec"]["template"]["spec"]["containers"][0]["args"]


def file_of(case, name):
    (found,) = [one for one in rendered(case) if one["metadata"]["name"] == name]
    ((_, text),) = found["data"].items()
    return text


def written(tmp_path, text):
    path = tmp_path / "file.yaml"
    path.write_text(text)
    return path


def test_the_operator_reads_the_prometheus_servers(tmp_path):
    text = file_of("configured", "poolkeeper-prometheus")
    assert {one.name for one in load_servers([], written(tmp_path, text))} == {"default", "central"}


def test_the_operator_reads_the_brokers(tmp_path):
    text = file_of("configured", "poolkeeper-brokers")
    assert [one.name for one in load_brokers(written(tmp_path, text))] == ["work"]


def test_the_operator_reads_the_costs():
    assert [one.name for one in parse_costs(file_of("configured", "poolkeeper-costs"), "costs").budgets] == ["search"]


def test_the_operator_reads_the_price_book():
    assert len(parse_prices(file_of("configured", "list-prices"), "prices").rows) == 1


def test_a_price_book_may_begin_with_anything():
    made = documents(template("-f", "-", text=json.dumps({"priceBook": {"csv": "\t  # ours: all\n a,b"}}))[1])
    (book,) = [one for one in of_kind(made, "ConfigMap") if one["metadata"]["name"] == "poolkeeper-prices"]
    assert book["data"]["prices.csv"] == "\t  # ours: all\n a,b"


def test_a_price_book_of_another_name_may_be_read_by_it():
    (role,) = [
        one for one in rendered("configured") if one["metadata"]["name"] == "poolkeeper-money" and "rules" in one
    ]
    names = [name for rule in role["rules"] for name in rule.get("resourceNames", ())]
    assert names == ["list-prices", "list-prices-accepted"]


def test_the_lease_lasts_as_long_as_is_said():
    (given,) = [one for one in arguments(rendered("configured")) if one.startswith("--lease-duration=")]
    assert parse_duration(given.partition("=")[2]) == timedelta(seconds=30)


def test_files_out_of_secrets_are_where_the_operator_looks():
    paths = [one.partition("=")[2] for one in arguments(rendered("secrets")) if "=" in one]
    kinds = ("brokers", "costs", "prometheus")
    assert paths == [f"/etc/poolkeeper/{kind}/{kind}.yaml" for kind in kinds]


def test_a_change_of_a_file_rolls_the_pods():
    made = [template("--set", f"prometheus.servers.default.url=http://{name}")[1] for name in ("one", "two")]
    marks = {
        one["spec"]["template"]["metadata"]["annotations"]["checksum/files"]
        for text in made
        for one in of_kind(documents(text), "Deployment")
    }
    assert len(marks) == 2


def test_a_digest_goes_before_a_tag():
    (deployment,) = of_kind(rendered("placed"), "Deployment")
    image = deployment["spec"]["template"]["spec"]["containers"][0]["image"]
    assert image.startswith("registry.example.com/platform/poolkeeper@sha256:0123")


def test_held_to_namespaces_it_has_no_right_anywhere_else_but_to_look_at_nodes():
    roles = of_kind(rendered("namespaced"), "ClusterRole")
    own = [rule for one in roles if not one["metadata"]["name"].endswith(("-view", "-edit")) for rule in one["rules"]]
    assert own == [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["list", "watch"]}]


def test_without_what_is_the_clusters_it_installs_nothing_outside_of_its_namespaces():
    places = {one["metadata"].get("namespace", "") for one in rendered("blind")}
    assert places == {"poolkeeper", "inference"}


def test_it_is_told_its_namespaces():
    told = [one for one in arguments(rendered("namespaced")) if one.startswith("--namespace=")]
    assert told == ["--namespace=inference", "--namespace=batch"]


def test_egress_is_held_back_only_on_request():
    policies = [of_kind(rendered(case), "NetworkPolicy")[0]["spec"] for case in ("default", "guarded")]
    assert [one["policyTypes"] for one in policies] == [["Ingress"], ["Ingress", "Egress"]]


def test_only_the_pages_port_may_be_reached():
    (policy,) = of_kind(rendered("default"), "NetworkPolicy")
    assert policy["spec"]["ingress"] == [{"ports": [{"protocol": "TCP", "port": "http"}]}]


def fields(model):
    return {field.alias or name for name, field in model.model_fields.items()} - {"name"}


def test_the_schema_knows_every_field_of_a_prometheus_server():
    assert set(SCHEMA["definitions"]["prometheusServer"]["properties"]) == fields(ServerConfig)


@pytest.mark.parametrize("model", [RedisBroker, RabbitBroker])
def test_the_schema_knows_every_field_of_a_broker(model):
    assert set(SCHEMA["definitions"]["broker"]["properties"]) == fields(model)


def test_the_schema_knows_every_part_of_the_costs():
    assert set(SCHEMA["properties"]["costs"]["properties"]["file"]["properties"]) == fields(Costs)


def test_the_schema_and_the_values_have_the_same_keys():
    assert set(SCHEMA["properties"]) - {"global"} == set(yaml.safe_load((CHART / "values.yaml").read_text()))
