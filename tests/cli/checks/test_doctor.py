"""What the doctor goes by, what it prints, and how it ends."""

from types import SimpleNamespace

import pytest
from tests.cli.checks.cluster_parts import NOW, known, seen
from tests.cli.checks.test_cluster import operator
from typer.testing import CliRunner

from builders import BODY, reading
from poolkeeper.cli import check
from poolkeeper.cli.checks import doctor, look, shown
from poolkeeper.cli.checks.finding import note, wrong
from poolkeeper.cli.checks.look import Asked
from poolkeeper.cli.checks.pool import absent, remedy
from poolkeeper.cli.checks.proxied import ProxiedPages
from poolkeeper.cli.main import app
from poolkeeper.core.model import SecretKey, Transport
from poolkeeper.core.observation import PodFault
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.answer import MetricError
from poolkeeper.shell.kube_errors import Forbidden, NotFound
from poolkeeper.shell.pools import Pools
from poolkeeper.shell.queues.endpoints import Endpoint
from poolkeeper.shell.servers import load_servers
from poolkeeper.shell.views import PodView

GIVEN = Asked(load_servers(["mine=http://m"], None), None)
NONE = Asked((), None)
POD = PodView("inference", "chat-1", "u1", NOW)
METRICS = Endpoint(8000, "/metrics")


def deployed(*args):
    return known(operators=(operator(args=args),))


def test_servers_that_were_given_count():
    assert doctor.heard(deployed("--prometheus", "theirs=http://t"), GIVEN) == GIVEN


def test_without_any_the_operators_own_are_asked():
    found = doctor.heard(deployed("--prometheus", "theirs=http://t"), NONE)
    assert ([one.name for one in found.servers], found.overheard) == (["theirs"], True)


@pytest.mark.parametrize("args", [(), ("--prometheus", "nothing")])
def test_without_a_deployment_that_names_some_there_are_none(args):
    assert doctor.heard(deployed(*args), NONE) == NONE


def elsewhere(asked, found, status=None, source=None):
    """Return the sources that only the operator can ask."""
    spec = BODY["spec"] | ({"queue": {"sources": [source]}} if source else {})
    pool = Pools().take(BODY | {"spec": spec, "status": status or {}})
    return dict(look.elsewhere(pool, asked, [found]))


EDGE = {"name": "edge", "prometheus": {"server": "main", "metric": "q", "selector": {"app": "chat"}}}
UNKNOWN = reading(None, fault=Reason.METRIC_UNKNOWN_SERVER)
REFUSED = reading(None, fault=Reason.METRIC_REFUSED)


def test_a_prometheus_that_nobody_gave_is_asked_by_the_operator_alone():
    assert elsewhere(NONE, UNKNOWN, source=EDGE) == {"edge": "give --prometheus main=URL as the operator has it"}


@pytest.mark.parametrize(
    ("asked", "found", "count"),
    [(GIVEN, UNKNOWN, 0), (GIVEN, REFUSED, 0), (GIVEN._replace(overheard=True), REFUSED, 1)],
    ids=["another was given", "it was given", "the operator has it"],
)
def test_a_prometheus_that_cannot_be_reached(asked, found, count):
    assert len(elsewhere(asked, found, source=EDGE)) == count


SILENT = reading(None, source="pods", faults=(PodFault("u1", Reason.METRIC_TIMEOUT, "no way"),))
SERVED = {"conditions": [{"type": "MetricsAvailable", "status": "True"}]}


@pytest.mark.parametrize(("status", "count"), [(SERVED, 1), ({}, 0)])
def test_pods_that_the_operator_reads_need_not_be_in_reach(status, count):
    assert len(elsewhere(NONE, SILENT, status)) == count


class Server:
    """An API server that passes requests on to pods, or does not."""

    def __init__(self, error=None):
        self.error, self.paths = error, []

    async def page(self, path):
        self.paths.append(path)
        if self.error:
            raise self.error
        return b"up 1"


@pytest.mark.parametrize(("tls", "scheme"), [(False, ""), (True, "https:")])
async def test_a_page_comes_through_the_api_server(tls, scheme):
    server = Server()
    assert await ProxiedPages(server).read(POD, METRICS, Transport(tls=tls)) == b"up 1"
    assert server.paths == [f"/api/v1/namespaces/inference/pods/{scheme}chat-1:8000/proxy/metrics"]


@pytest.mark.parametrize(
    ("error", "transport"),
    [(Forbidden("no", status=403), Transport()), (None, Transport(token=SecretKey("a", "b")))],
    ids=["refused", "behind a token"],
)
async def test_a_page_that_the_api_server_cannot_give(error, transport):
    with pytest.raises(MetricError):
        await ProxiedPages(Server(error)).read(POD, METRICS, transport)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["chat-v2", "embed"], "there is chat-v2"),
        (["zz"], "there is zz"),
        ([], "there is no Deployment at all"),
    ],
)
def test_a_target_that_is_not_there_is_told_with_those_that_are(names, words):
    pool = Pools().take(BODY)
    items = {("inference", name): None for name in names} | {("other", "chat"): None}
    cluster = SimpleNamespace(workloads={pool.kind: SimpleNamespace(items=items)})
    assert absent(pool, cluster) == f"spec.targetRef.name: deployment/chat does not exist in inference; {words}"


@pytest.mark.parametrize(
    ("found", "words"),
    [(SILENT, ""), (UNKNOWN, "; give the operator --prometheus NAME=URL, or name one that it has in server")],
)
def test_what_would_be_right_is_told_where_the_fault_says_so(found, words):
    assert remedy(found) == words


def part(*findings, name="chat"):
    made = doctor.blank(name, "inference")
    doctor.take(made, findings)
    return made


BROKEN, KNOWN = wrong("quota", "too small", "it stops", "kubectl edit quota"), note("pin", "stands")


def test_a_finding_is_printed_with_its_reason_and_its_fix(capsys):
    shown.show(part(BROKEN, KNOWN), "ipool/chat")
    out = capsys.readouterr().out.splitlines()
    assert out == [
        "ipool/chat: wrong",
        "  - quota: too small",
        "      why: it stops",
        "      fix: kubectl edit quota",
        "  pin: stands",
    ]


def test_the_counts_stand_at_the_end(capsys):
    shown.show_all({"cluster": part(name="cluster"), "items": [part(BROKEN), part(KNOWN)]})
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "2 pools: 1 ok, 1 wrong, 0 not known; 1 problem, 0 not found out, 1 note"


def test_words_are_laid_out_under_the_first_line():
    found = list(shown.laid_out("word " * 20, "  - ", 60))
    assert (len(found), {line[:4] for line in found}, max(map(len, found)) <= 60) == (2, {"  - ", "    "}, True)


@pytest.mark.parametrize(("findings", "code"), [((KNOWN,), 0), ((BROKEN,), 1)])
def test_how_it_ends(monkeypatch, findings, code):
    told = {"cluster": part(name="cluster"), "items": [part(*findings)]}
    monkeypatch.setattr(check, "ask", lambda *_: told)
    assert CliRunner().invoke(app, ["check"]).exit_code == code


def test_without_a_file_there_is_nothing_to_check_offline():
    answer = CliRunner().invoke(app, ["check", "--offline"], env={"COLUMNS": "200"})
    assert (answer.exit_code, "give it with -f" in answer.output) == (2, True)


def test_a_pool_whose_spec_cannot_be_read_needs_no_rights():
    good = seen().pool
    assert len(doctor.seen_of(known(), [good, good | {"spec": {}}], "inference")) == 1


@pytest.mark.parametrize(("namespace", "words"), [("typo", "no pools in typo;"), (None, "no pools in any namespace;")])
def test_where_there_are_no_pools_that_is_said(capsys, namespace, words):
    shown.show_all({"cluster": part(name="cluster"), "items": []}, namespace)
    assert capsys.readouterr().out.splitlines()[-1].startswith(words)


class FewRights:
    """An API server that shows the pools of one namespace, and no more."""

    clock = SimpleNamespace(now=lambda: NOW)

    async def list(self, path, **_):
        if "poolkeeper.io" in path:
            return ()
        raise Forbidden("forbidden", status=403)

    async def get(self, *_, **__):
        raise NotFound("not found", status=404)


async def test_few_rights_are_no_fault_of_the_operators():
    told = await doctor.examine_all(FewRights(), doctor.Places("typo"), NONE)
    assert [one for one in told["cluster"]["unanswered"] if one.startswith("rights")]


async def test_a_namespace_that_does_not_exist_is_found():
    told = await doctor.examine_all(FewRights(), doctor.Places("typo"), NONE)
    assert told["cluster"]["problems"] == ["namespace typo: does not exist"]
