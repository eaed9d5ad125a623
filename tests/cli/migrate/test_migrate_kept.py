"""Nothing is lost on the way: whose queue it is, when it is up, and how many there are; secrets alone stay behind."""

from io import StringIO

import pytest
from rich.console import Console
from tests.cli.migrate.bodies import PROMETHEUS, autoscaler, fates, migrated, scaled, spec_of, told

from poolkeeper.cli.migration import written
from poolkeeper.cli.migration.outcome import Fate, UnfitError
from poolkeeper.shell.servers import check_url

AMQP = "amqp://guest:s3cret@rabbit.mq:5672/video"
BERLIN = {"timezone": "Europe/Berlin", "start": "0 8 * * 1-5", "end": "0 18 * * 1-5", "desiredReplicas": "8"}
NEW_YORK = {"timezone": "America/New_York", "start": "0 22 * * 1-5", "end": "0 6 * * 2-6", "desiredReplicas": "5"}
DATED = "2026-12-01T00:00:00+00:00-2026-12-24T00:00:00+00:00"
WAITING = "vllm:num_requests_waiting"


def redis(kind="redis", **metadata):
    return {"type": kind, "metadata": {"address": "r:6379", "listName": "jobs"} | metadata}


def rabbit(**metadata):
    return {"type": "rabbitmq", "metadata": {"queueName": "q", "value": "20"} | metadata}


def cron(metadata):
    return {"type": "cron", "metadata": metadata}


def waiting(query):
    return PROMETHEUS | {"metadata": PROMETHEUS["metadata"] | {"query": query}}


def pods(labels=None, **selector):
    chosen = {"selector": ({"matchLabels": labels} if labels else {}) | selector} if labels or selector else {}
    return {"type": "Pods", "pods": {"metric": {"name": WAITING, **chosen}, "target": {"averageValue": "3"}}}


def sources(found):
    return [{name for name in one if name != "name"} for one in found["queue"]["sources"]]


def shown(found):
    """Return all that is printed."""
    console = Console(file=StringIO(), width=300, color_system=None)
    written.show(console, found)
    return " ".join(f"{console.file.getvalue()}{written.manifest([found])}{written.as_json([found])}".split())


def fates_of(found, field):
    return [note.fate for note in found.notes if note.field == field]


# Servers


def test_two_databases_of_a_redis_are_two_servers():
    found = migrated(scaled(redis(), redis(databaseIndex="3")))
    assert [(address, name) for _, address, name in found.servers] == [("r:6379", "r"), ("r:6379/3", "r-2")]
    assert [one["redis"]["server"] for one in found.body["spec"]["queue"]["sources"]] == ["r", "r-2"]


def test_a_stream_is_read_in_its_database():
    stream = {"stream": "pages", "consumerGroup": "g", "databaseIndex": 2}
    [(_, address, _)] = migrated(scaled(redis("redis-streams", **stream))).servers
    assert address == "r:6379/2"


@pytest.mark.parametrize(
    ("metadata", "url"),
    [
        ({"databaseIndex": "3"}, "url: redis://r:6379/3}"),
        ({"enableTLS": "true"}, "url: rediss://r:6379}"),
        ({"address": None, "host": "r", "port": "7000"}, "url: redis://r:7000}"),
        ({"address": "redis://:s3cret@r:6379"}, "url: redis://r:6379}"),
        (
            {"address": None, "databaseIndex": "3"},
            "database 3 at the address that the ScaledObject has from elsewhere}",
        ),
    ],
)
def test_the_redis_to_tell_the_operator_of(metadata, url):
    assert url in shown(migrated(scaled(redis(**metadata))))


@pytest.mark.parametrize("kind", ["redis-cluster", "redis-sentinel-streams"])
def test_a_cluster_is_not_said_to_be_followed(kind):
    stream = {"stream": "pages", "consumerGroup": "g"}
    found = migrated(scaled(redis(kind, address=None, addresses="a:1,b:2", **stream)))
    assert fates(found)[f"triggers[0] {kind} addresses"] == "not carried over"
    assert "url: one address instead of a:1,b:2}" in shown(found)


def test_two_addresses_in_the_environment_are_two_servers():
    found = migrated(scaled(*(redis(address=None, addressFromEnv=name) for name in ("JOBS", "PAGES"))))
    assert [(address, name) for _, address, name in found.servers] == [("$JOBS", "redis"), ("$PAGES", "redis-2")]
    assert "url: the address in the container's variable PAGES}" in shown(found)


@pytest.mark.parametrize("bad", ["many", "-1"])
def test_a_database_is_a_number(bad):
    with pytest.raises(UnfitError, match=rf"triggers\[0\] redis databaseIndex: '{bad}' must be a whole number"):
        migrated(scaled(redis(databaseIndex=bad)))


@pytest.mark.parametrize(
    ("host", "url"),
    [
        (AMQP, "http://rabbit.mq:15672"),
        ("amqps://guest:s3cret@rabbit.mq/", "https://rabbit.mq:15671"),
        ("http://guest:s3cret@rabbit.mq:8080/base/video", "http://rabbit.mq:8080/base"),
        ("https://guest:s3/cr#et@rabbit.mq/", "https://rabbit.mq"),
    ],
)
def test_a_rabbit_is_told_by_its_management_url(host, url):
    [(_, address, _)] = migrated(scaled(rabbit(host=host))).servers
    assert (address, check_url(address)) == (url, url)


@pytest.mark.parametrize(
    ("metadata", "vhost"),
    [
        ({"host": AMQP}, "video"),
        ({"host": AMQP, "vhostName": "other"}, "other"),
        ({"host": "http://rabbit.mq:15672/base/video"}, "video"),
        ({"host": "amqp://rabbit.mq/%2Fvideo"}, "/video"),
        ({"host": "amqp://rabbit.mq:5672"}, None),
        ({"host": "http://rabbit.mq:15672//"}, None),
    ],
)
def test_a_vhost_is_where_keda_looks_for_it(metadata, vhost):
    [source] = spec_of(scaled(rabbit(**metadata)))["queue"]["sources"]
    assert source["rabbitMq"].get("vhost") == vhost


def test_a_vhost_in_the_environment_is_asked_for():
    found = migrated(scaled(rabbit(hostFromEnv="RABBIT")))
    assert fates(found)["triggers[0] rabbitmq host"] == "not carried over"
    assert "url: the address in the container's variable RABBIT}" in shown(found)


@pytest.mark.parametrize(
    "trigger",
    [
        rabbit(host=AMQP),
        rabbit(host="http://guest:s3cret@rabbit:15672"),
        redis(address="redis://guest:s3cret@r:6379"),
        PROMETHEUS
        | {"metadata": PROMETHEUS["metadata"] | {"serverAddress": "http://guest:s3cret@p:9090?token=s3cret"}},
    ],
)
def test_no_password_is_printed(trigger):
    said = shown(migrated(scaled(trigger)))
    assert ("s3cret" in said, "guest" in said) == (False, False)
    assert "secrets belong to the operator's own files" in said


# When it is up


@pytest.mark.parametrize("annotation", [{"downtime": "always"}, {"uptime": "Never"}])
def test_what_is_kept_down_is_no_pool(annotation):
    [(name, value)] = annotation.items()
    with pytest.raises(UnfitError, match=f"downscaler/{name}: {value} keeps it down"):
        migrated(told(**annotation))


def test_a_dated_time_alone_is_not_carried_over():
    found = migrated(told(uptime=DATED))
    assert fates_of(found, "downscaler/uptime") == [Fate.LEFT]
    assert "schedule" not in found.body["spec"]


@pytest.mark.parametrize("other", ["Sat-Sat 10:00-12:00 UTC", DATED])
def test_no_uptime_that_was_left_out_is_cut(other):
    found = migrated(told(uptime=f"Mon-Fri 07:30-20:30 Europe/Berlin, {other}"))
    [window] = found.body["spec"]["schedule"]["windows"]
    assert ("outside" in found.body["spec"]["schedule"], "maxReplicas" in window) == (False, False)
    assert any("outside: {minReplicas: 0" in one.words for one in found.notes if one.fate is Fate.LEFT)


def test_what_became_windows_is_told_apart_from_what_did_not():
    found = migrated(told(uptime=f"Mon-Fri 07:30-20:30 Europe/Berlin, {DATED}"))
    said = {one.fate: one.words for one in found.notes if one.field == "downscaler/uptime"}
    assert ("2026" in said[Fate.CARRIED], "2026-12-01" in said[Fate.LEFT]) == (False, True)


def test_a_downtime_that_was_left_out_cuts_nothing_outside():
    found = spec_of(told(uptime="Mon-Fri 07:30-20:30 Europe/Berlin", downtime=DATED))
    assert found["schedule"]["outside"] == {"minReplicas": 0, "maxReplicas": 0, "force": True}


def test_floors_in_several_zones_are_no_caps():
    found = migrated(scaled(cron(NEW_YORK), cron(BERLIN), minReplicaCount=1))
    schedule = found.body["spec"]["schedule"]
    assert ("outside" in schedule, [one.get("maxReplicas") for one in schedule["windows"]]) == (False, [None])
    assert any("no cap" in one.words for one in found.notes if one.fate is Fate.LEFT)


def test_zero_outside_of_the_windows_needs_the_windows():
    found = migrated(scaled(cron(NEW_YORK), cron(BERLIN), minReplicaCount=0))
    assert fates(found)["minReplicaCount"] == "not carried over"


def test_one_zone_still_caps():
    schedule = spec_of(scaled(cron(BERLIN), minReplicaCount=1))["schedule"]
    assert schedule["outside"] == {"minReplicas": 1, "maxReplicas": 1}


# Whose queue it is


@pytest.mark.parametrize(
    "labels",
    [
        "",
        "{}",
        '{namespace="inference"}',
        '{namespace="inference", pod=~"chat-.*"}',
        "{pod=~'chat-.+', deployment=\"chat\",}",
    ],
)
def test_a_query_of_this_very_workload_is_asked_of_its_pods(labels):
    assert sources(spec_of(scaled(waiting(f"sum({WAITING}{labels})")))) == [{"pods"}]


@pytest.mark.parametrize(
    "labels",
    [
        '{namespace="prod",job="other"}',
        '{namespace!="inference"}',
        '{model_name="llama"}',
        '{pod=~"other-.*"}',
        '{namespace=~"inf.*"}',
    ],
)
def test_a_query_of_others_stays_a_query(labels):
    query = f"sum({WAITING}{labels})"
    [source] = spec_of(scaled(waiting(query)))["queue"]["sources"]
    assert source["prometheus"] == {"server": "default", "query": query}


def test_a_query_of_others_says_why_the_pods_are_not_asked():
    found = migrated(scaled(waiting(f'sum({WAITING}{{job="other"}})')))
    assert any("its labels may name others" in one.words for one in found.notes)


def test_the_namespace_may_be_the_commands():
    body = scaled(waiting(f'sum({WAITING}{{namespace="inference"}})'))
    del body["metadata"]["namespace"]
    assert sources(spec_of(body)) == [{"pods"}]


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (pods(), "pods"),
        (pods({"namespace": "inference"}), "pods"),
        (pods({"model_name": "llama"}), "prometheus"),
        (pods(matchExpressions=[{"key": "a", "operator": "In", "values": ["b"]}]), "prometheus"),
    ],
)
def test_a_selector_of_an_autoscaler_is_kept(metric, expected):
    assert sources(spec_of(autoscaler(metric))) == [{expected}]


def test_expressions_that_are_left_out_are_said():
    found = migrated(autoscaler(pods(matchExpressions=[{"key": "a", "operator": "Exists"}])))
    assert fates(found)["metrics[0] Pods selector.matchExpressions"] == "not carried over"


# Numbers


def test_a_cooldown_of_nothing_is_one():
    queue = spec_of(scaled(PROMETHEUS, minReplicaCount=0, cooldownPeriod=0))["queue"]
    assert queue["scaleDown"]["idleAfter"] == "0s"


POLICY = {"type": "Pods", "value": 1, "periodSeconds": 60}
OLD = {"type": "Pods", "pods": {"metricName": "q", "targetAverageValue": 3}}


def behaving(**policy):
    return {"behavior": {"scaleUp": {"policies": [{k: v for k, v in (POLICY | policy).items() if v is not None}]}}}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (scaled(PROMETHEUS, fallback={"replicas": 3}), "fallback.failureThreshold: it is missing; a whole number"),
        (scaled(PROMETHEUS, fallback={"failureThreshold": 3}), "fallback.replicas: it is missing"),
        (scaled(PROMETHEUS, maxReplicaCount="${MAX}"), r"maxReplicaCount: '\${MAX}' must be a whole number"),
        (scaled(PROMETHEUS, minReplicaCount=0, cooldownPeriod="5m"), "cooldownPeriod: '5m' must be a whole number"),
        (autoscaler(OLD), r"metrics\[0\] Pods metric.name: it is missing; autoscaling/v2 has it"),
        (autoscaler({"type": "Object", "object": {}}), r"metrics\[0\] Object metric.name: it is missing"),
        (autoscaler({"type": "External", "external": {}}), r"metrics\[0\] External metric.name: it is missing"),
        (autoscaler(**behaving(value=None)), r"behavior.scaleUp.policies\[0\].value: it is missing"),
        (autoscaler(**behaving(periodSeconds="1m")), r"policies\[0\].periodSeconds: '1m' must be a whole number"),
        (autoscaler(**behaving(type="Pod")), r"policies\[0\].type: 'Pod' must be Pods or Percent"),
        (
            autoscaler(behavior={"scaleDown": {"stabilizationWindowSeconds": "5m"}}),
            "behavior.scaleDown.stabilizationWindowSeconds: '5m' must be a whole number",
        ),
        (scaled(cron(BERLIN | {"timezone": "Foo/Bar"})), r"triggers\[0\] cron timezone: 'Foo/Bar' is no IANA"),
    ],
)
def test_a_field_that_is_not_as_it_should_be_is_named(body, words):
    with pytest.raises(UnfitError, match=words):
        migrated(body)
