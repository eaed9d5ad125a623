import json

from chaos import evidence
from chaos.evidence import Sight, Span, Step


def test_a_write_bears_who_sent_it_and_when(line):
    found = evidence.write(line(1000.0, "seat-b", 998.5))
    assert (found.seat, found.sent, found.at, found.resource) == ("seat-b", 998.5, 1000.0, "deployments/scale")


def test_a_write_without_a_stamp_is_somebody_elses(line):
    found = evidence.write(line(1000.0, ""))
    assert (found.seat, found.sent) == ("", 1000.0)


def test_a_line_that_was_cut_short_is_none(line, tmp_path):
    log = tmp_path / "audit.log"
    log.write_text(json.dumps(line()) + "\n" + json.dumps(line())[:50])
    assert len(evidence.read(log)) == 1


def test_what_was_put_away_is_read_first(line, tmp_path):
    for name, at in (("audit-2026-11-23T03-00-00.000.log", 1000.0), ("audit.log", 2000.0)):
        (tmp_path / name).write_text(json.dumps(line(at)) + "\n")
    assert [one.at for one in evidence.read(tmp_path / "audit.log")] == [1000.0, 2000.0]


def test_what_others_write_to_other_things_is_passed_over(line, tmp_path):
    (tmp_path / "audit.log").write_text(json.dumps(line(seat="", objectRef={"resource": "pods"})) + "\n")
    assert evidence.read(tmp_path / "audit.log") == []


def test_reads_and_discovery_are_no_writes(line, tmp_path):
    log = tmp_path / "audit.log"
    log.write_text("".join(json.dumps(one) + "\n" for one in (line(verb="list"), line(objectRef={}))))
    assert evidence.read(log) == []


def test_sizes_are_in_the_order_of_the_api_server(line):
    def scaled(version, size):
        return evidence.write(
            line(responseObject={"metadata": {"resourceVersion": version}, "spec": {"replicas": size}})
        )

    found = evidence.steps([scaled("10", 4), scaled("9", 3)])["chat"]
    assert [(step.before, step.after) for step in found] == [(0, 3), (3, 4)]


def test_a_scale_that_says_no_size_is_at_zero(line):
    made = {"metadata": {"resourceVersion": "9"}, "spec": {}}
    found = evidence.steps([evidence.write(line()), evidence.write(line(responseObject=made))])["chat"]
    assert (found[-1].before, found[-1].after) == (3, 0)


def test_a_write_that_was_refused_changed_nothing(line):
    assert evidence.steps([evidence.write(line(responseStatus={"code": 409}))]) == {}


def test_a_size_that_the_log_has_not_is_the_watchs(line):
    sights = [Sight("chat", 8, 1001.0, 5, ours=True)]
    found = evidence.steps([evidence.write(line())], sights)["chat"]
    assert found[-1] == Step(8, "chat", 1001.0, 3, 5, evidence.UNKNOWN)


def test_a_size_that_both_have_is_one_change(line):
    sights = [Sight("chat", 7, 1001.0, 3, ours=True), Sight("chat", 9, 1002.0, 3, ours=True)]
    assert [step.seat for step in evidence.steps([evidence.write(line())], sights)["chat"]] == ["seat-a"]


def test_a_span_that_ends_before_it_begins_has_no_length():
    assert Span(5, 10).within(Span(12, 20)).seconds == 0
