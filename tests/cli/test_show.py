"""What explain and status print, from pages as the operator serves them."""

import re
from dataclasses import replace
from types import SimpleNamespace

import pytest
from rich.console import Console
from typer.testing import CliRunner

from builders import at, published, seen, target
from poolkeeper.api.explain import explanation
from poolkeeper.api.status import Verdict, entry, render
from poolkeeper.api.windows import explained_outlook
from poolkeeper.cli import explain, status, status_rows, status_table
from poolkeeper.cli.main import app
from poolkeeper.core.decide import decide
from poolkeeper.core.decision import Decision, Health, Share, Stage
from poolkeeper.core.forecast import Outlook
from poolkeeper.core.memory import Memory
from poolkeeper.core.model import ON_DEMAND, CapacityType, Limits, Schedule, Tier, Window
from poolkeeper.core.reasons import Reason
from poolkeeper.shell.kube_errors import NotFound


@pytest.fixture
def printed(monkeypatch):
    console = Console(width=80, record=True, highlight=False, soft_wrap=True)
    monkeypatch.setattr(explain, "console", console)
    return console.export_text


def found(waiting, second=0, memory=None, **changes):
    decision, memory = decide(published(), seen(waiting, second, **changes), memory or Memory(), at(second))
    said = render(
        Verdict(decision, 1, at(second), [entry(decision, at(second))] if decision.changes else []), {}, {}, None
    )
    page = {"namespace": "inference", "spec": {"mode": "Active"}, "status": said, "now": at(second + 75).isoformat()}
    return page | {"decision": explanation(decision, at(second))}, memory


def test_it_says_why_and_what_was(printed):
    explain.show("chat", found(1500)[0])
    text = printed()
    assert "why     QueueAbove" in text
    assert "2 -> 3" in text
    assert "was     1m15s ago: 2 -> 3" in text


def test_it_says_what_would_change_it_next(printed):
    _, memory = found(50, target=target(3))
    page, _ = found(50, 108, memory, target=target(3))
    explain.show("chat", page)
    assert "scale-down to 2 if the queue stays under 100" in printed()


def test_without_the_operator_it_shows_what_the_status_holds(printed):
    page, _ = found(1500)
    explain.show("chat", page | {"decision": None})
    text = printed()
    assert "live page cannot be reached" in text
    assert "why     QueueAbove" in text


def test_conditions_that_are_wrong_are_noted(printed):
    explain.show("chat", found(9000, target=target(8))[0])
    assert "ScalingLimited AtMaximum" in printed()


def test_a_row_is_live_where_the_operator_answers():
    page, _ = found(1500)
    pool = {"metadata": {"namespace": "a", "name": "b"}, "spec": {"mode": "Active", "minReplicas": 2, "maxReplicas": 8}}
    row = status_rows.row(pool, page["decision"])
    assert (row["queue"], row["desired"], row["reason"]) == (1500, 3, "QueueAbove")


EUROS = {"currency": "EUR", "perHour": "15.60", "monthToDate": "8123.46"}
ROW = {
    "namespace": "inference",
    "name": "chat",
    "mode": "Active",
    "queue": 1500.0,
    "desired": 3,
    "ready": 2,
    "spot": {"desired": 9, "ready": 6},
    "min": 2,
    "max": 8,
    "window": "office",
    "slo": "98.8%",
    "cost": EUROS,
    "observe": None,
    "pin": None,
    "override": None,
    "peer": None,
    "reason": "QueueAbove",
    "next": None,
}
MEASURED = {"saving": {"percent": 58}, "message": "40.0 replica-hours instead of 96.0 in 24.0 hours, 58 % less"}


@pytest.mark.parametrize("window", [None, "office"])
@pytest.mark.parametrize("spot", [None, {"desired": 9, "ready": 6}])
@pytest.mark.parametrize("cost", [None, EUROS])
def test_the_table_fits_eighty_columns(spot, window, cost):
    head, row, *_ = printed_table([ROW | {"spot": spot, "window": window, "cost": cost}], 80)
    assert (len(head) <= 80, row.startswith("inference/chat "), row.rstrip().endswith("QueueAbove")) == (True,) * 3


@pytest.mark.parametrize(
    ("mode", "width", "below"),
    [
        ("Active", 80, "  window office, month 8123 EUR"),
        ("Observe", 80, "  window office, $/h 15.60, month 8123 EUR"),
        ("Active", 96, ""),
        ("Active", 120, ""),
    ],
)
def test_what_has_no_column_stands_below(mode, width, below):
    assert "".join(printed_table([ROW | {"mode": mode}], width)[2:]).rstrip() == below


@pytest.mark.parametrize("width", [20, 30, 40, 60, 80])
def test_nothing_is_lost_on_a_narrow_screen(width):
    text = " ".join(printed_table([ROW | {"mode": "Observe"}], width))
    words = ("inference/chat", "Observe", "1500", "6/9", "2-8", "office", "98.8%", "15.60", "8123 EUR", "QueueAbove")
    assert [word for word in words if word not in text] == []


def test_what_says_nothing_goes_before_what_does():
    head, *_ = printed_table([ROW | {"mode": "Observe", "slo": None}], 98)
    assert "SLO" not in head.split()
    assert "MONTH" in head.split()


def test_what_matters_most_is_always_there():
    head, *_ = printed_table([ROW], 58)
    assert head.split() == ["POOL", "QUEUE", "DESIRED", "READY", "MIN-MAX", "REASON"]


def test_a_name_that_has_no_room_stands_above_its_row():
    assert printed_table([ROW], 50)[1:3] == ["inference/chat", " 1500        3      2      2-8  QueueAbove"]


def printed_table(rows, width):
    console = Console(width=width, record=True)
    console.print(status_table.table(rows, width))
    return console.export_text().splitlines()


def table(*rows, width=80):
    return "\n".join(printed_table([status_rows.row(*row) for row in rows], width))


SPLIT = {"metadata": {"namespace": "a", "name": "b"}, "spec": {"mode": "Active", "minReplicas": 2, "maxReplicas": 20}}
SPLIT["spec"]["capacity"] = {"tiers": [{"name": "cheap", "type": "Spot"}, {"name": "kept", "type": "OnDemand"}]}
TOLD = {"tiers": [{"name": "cheap", "type": "Spot", "replicas": 9, "ready": 6, "desired": 9, "lost": 3}]}


def test_spot_has_a_column_where_a_pool_has_spot():
    page, _ = found(1500)
    page["decision"]["tiers"] = [{"tier": "cheap", "size": 9, "ready": 7}, {"tier": "kept", "size": 4, "ready": 4}]
    assert "7/9" in table((SPLIT, page["decision"]))


def test_spot_is_told_by_the_status_where_no_operator_answers():
    assert "6/9" in table((SPLIT | {"status": TOLD}, None))


def test_without_spot_there_is_no_column_for_it():
    assert "SPOT" not in table((SPLIT | {"spec": SPLIT["spec"] | {"capacity": None}}, None))


TIERS = (Tier("spot", CapacityType.SPOT), ON_DEMAND)
TRAIL = (Stage("demand", 10, 10, Reason.STEADY),)
SHARES = (
    Share("spot", 9, 9, 9, ready=6),
    Share("on-demand", 1, 4, 1, ready=1, reason=Reason.SPOT_RECLAIMED),
)
LOST = Health(split=Reason.SPOT_RECLAIMED, split_detail="node-7: [spot-itn]", lost=3, lost_since=at(0))


def reclaimed(second=75, shares=SHARES, health=LOST):
    """Return the page of a pool that has lost three replicas on spot at second 0."""
    decision = Decision(10, 10, 10, Reason.STEADY, ready=7, trail=TRAIL, shares=shares, health=health)
    said = render(Verdict(decision, 1, at(0), tiers=TIERS), {}, {}, None)
    page = {"namespace": "inference", "spec": {"mode": "Active"}, "status": said, "now": at(second).isoformat()}
    return page | {"decision": explanation(decision, at(0))}


def test_the_split_is_told_tier_by_tier(printed):
    explain.show("chat", reclaimed())
    assert re.search(r"^on-demand +1 -> 4 +1 +1 +SpotReclaimed", printed(), re.MULTILINE)


def test_a_tier_that_changes_for_a_reason_of_its_own_says_why(printed):
    returning = replace(SHARES[1], found=4, size=3, reason=Reason.RETURNING)
    explain.show("chat", reclaimed(shares=(SHARES[0], returning), health=Health(split=Reason.RECOVERING)))
    assert "4 -> 3  1    1      spot has been steady, and on-demand hands back" in printed()


def test_what_is_lost_is_told_with_its_time_and_once(printed):
    explain.show("chat", reclaimed())
    text = printed()
    assert "split   3 lost for 1m15s; SpotReclaimed: spot replicas" in text
    assert "SplitReady" not in text


def test_what_the_reason_says_already_is_not_said_again(printed):
    page = reclaimed()
    page["decision"] |= {"reason": "SpotReclaimed"}
    explain.show("chat", page)
    assert "split   3 lost for 1m15s; SpotReclaimed\n" in printed()


def test_a_tier_that_stays_has_nothing_to_say(printed):
    explain.show("chat", reclaimed(health=Health(split=Reason.AS_EXPECTED)))
    assert "AsExpected" not in printed()


def test_a_providers_brackets_are_no_markup(printed):
    explain.show("chat", reclaimed())
    assert "node-7: [spot-itn]" in printed()


@pytest.mark.parametrize(
    ("health", "words"),
    [
        (Health(split=Reason.AS_EXPECTED), "split   as it should be"),
        (Health(split=Reason.RECOVERING), "split   Recovering: on-demand holds"),
        (Health(split=Reason.SPOT_SHORT, lost=1), "split   1 lost; SpotShort: spot cannot"),
    ],
)
def test_the_split_says_how_it_stands(printed, health, words):
    explain.show("chat", reclaimed(health=health))
    assert words in printed()


def test_a_frozen_pool_shows_its_tiers_as_they_are(printed):
    explain.show("chat", reclaimed(health=Health()))
    text = printed()
    assert "split  " not in text
    assert re.search(r"^spot +9 +9 +6", text, re.MULTILINE)


def test_who_goes_first_is_told_by_name(printed):
    victims = tuple(f"chat-spot-{number}" for number in range(7))
    explain.show("chat", reclaimed(shares=(replace(SHARES[0], victims=victims), SHARES[1])))
    assert "chat-spot-3, chat-spot-4 and 2 more of spot" in printed()


def test_without_the_operator_the_split_is_told_at_a_glance(printed):
    explain.show("chat", reclaimed() | {"decision": None})
    assert "split   spot 6/9 (3 lost), on-demand 1/4 (+3)" in printed()


class Kube:
    """Says which path it was asked for first."""

    access = SimpleNamespace(namespace="inference")

    async def get(self, path, **_):
        raise NotFound(path, status=404)


async def test_the_namespace_is_the_contexts_as_with_kubectl():
    with pytest.raises(NotFound, match="/namespaces/inference/"):
        await explain.gather(Kube(), None, "chat", None)


def test_brackets_in_somebody_elses_words_are_no_markup(printed):
    page, _ = found(1500)
    page["decision"]["because"] = "refused [errno 111] [/x]"
    explain.show("chat", page)
    assert "refused [errno 111] [/x]" in printed()


OFFICE_HOURS = {"name": "office", "days": "Mon-Fri", "from": "08:00", "to": "18:00", "minReplicas": 4}
SCHEDULE = {"timezone": "America/New_York", "windows": [OFFICE_HOURS], "outside": {"percent": 10}}
TIMED = {"targetRef": {"name": "chat"}, "mode": "Active", "minReplicas": 2, "maxReplicas": 8, "schedule": SCHEDULE}
OFFICE = Window("office", "0 8 * * Mon-Fri", "0 18 * * Mon-Fri", Limits(floor=4))
CLOCK = published(schedule=Schedule((OFFICE,), "America/New_York", outside=Limits(1, 1)))


def windowed(second, spec=CLOCK, **changes):
    """Return the page of a pool so many seconds after 7:00 in New York, a Monday in winter."""
    decision, _ = decide(spec, seen(500, second), Memory(), at(second))
    said = render(Verdict(decision, 1, at(second), scheduled=True), {}, {}, None)
    page = {"namespace": "inference", "spec": TIMED, "now": at(second).isoformat()}
    return page | {"status": said, "decision": explanation(decision, at(second))} | changes


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (
            7200,
            "window  office, 4 to 8 replicas; from Mon 2 Mar 18:00 EST (23:00Z) none: 1 replica\nlead    10m (auto)\n",
        ),
        (
            -3600,
            (
                "window  none, 1 replica; from Mon 2 Mar 08:00 EST (13:00Z) office: 4 to 8 replicas\n"
                "lead    10m (auto); pre-warming from Mon 2 Mar 07:50 EST (12:50Z)\n"
            ),
        ),
        (
            3300,
            (
                "window  none, 4 replicas; from Mon 2 Mar 08:00 EST (13:00Z) office: 4 to 8 replicas\n"
                "lead    10m (auto); pre-warming for office, in force from Mon 2 Mar 08:00 EST (13:00Z)\n"
            ),
        ),
    ],
)
def test_the_window_is_told_on_its_own_wall_and_in_utc(printed, second, words):
    explain.show("chat", windowed(second))
    assert words in printed()


def test_without_the_operator_the_window_is_told_by_the_status(printed):
    explain.show("chat", windowed(3300, decision=None))
    assert "office: 4 to 8 replicas\nlead    pre-warming for office\n" in printed()


def test_a_lead_time_that_was_given_is_told_as_such(printed):
    given = TIMED | {"schedule": SCHEDULE | {"leadTime": "10m"}}
    explain.show("chat", windowed(7200, spec=CLOCK) | {"spec": given})
    assert "lead    10m (given)" in printed()


WORDS = "spec.schedule.timezone: 'Mars/Base' is no IANA time zone"


def refused(second=7200, **changes):
    """Return such a page where the newest spec is refused and an older one holds."""
    page = windowed(second) | {"spec": TIMED | {"mode": "Paused", "schedule": SCHEDULE | {"timezone": "Mars/Base"}}}
    wrong = {"type": "ScalingActive", "status": "False", "reason": "InvalidSpec", "message": WORDS}
    page["status"] |= {"reason": "InvalidSpec", "acceptedSpec": TIMED, "conditions": [wrong]}
    return page | changes


def test_the_last_good_spec_counts_where_the_newest_is_refused(printed):
    explain.show("chat", refused())
    text = printed()
    assert ("inference, Active" in text, "18:00 EST" in text) == (True, True)


@pytest.mark.parametrize("changes", [{}, {"decision": None}])
def test_a_refused_spec_is_told_at_the_top_and_once(printed, changes):
    explain.show("chat", refused(**changes))
    text = printed()
    told = f"spec    InvalidSpec: {WORDS}; the last good spec stays in force"
    assert (text.splitlines()[1], text.count("InvalidSpec")) == (told, 1)


def test_a_first_spec_that_is_refused_does_nothing(printed):
    page = refused(decision=None)
    del page["status"]["acceptedSpec"]
    explain.show("chat", page)
    assert "; there was no good one before, so nothing is done" in printed()


def test_a_refused_spec_is_the_reason_in_the_table():
    page = refused()
    row = status_rows.row(
        {"metadata": SPLIT["metadata"], "spec": page["spec"], "status": page["status"]}, page["decision"]
    )
    assert (row["reason"], row["mode"]) == ("InvalidSpec", "Active")


def test_long_lines_are_wrapped_beside_their_label_in_a_terminal(monkeypatch):
    console = Console(width=80, record=True, highlight=False, soft_wrap=True, force_terminal=True)
    monkeypatch.setattr(explain, "console", console)
    explain.show("chat", refused())
    lines = console.export_text().splitlines()
    assert (max(map(len, lines)) <= 80, lines[2].startswith(" " * 8)) == (True, True)


def test_without_a_schedule_there_is_no_window(printed):
    explain.show("chat", found(1500)[0])
    assert "window  " not in printed()


@pytest.mark.parametrize(
    ("outlook", "words"),
    [
        (Outlook(5), "learned a floor of 5\n"),
        (
            Outlook(0, Reason.METRIC_EMPTY, "3 of 28 days"),
            "learned no floor; MetricEmpty: the answer holds no such series (3 of 28 days)\n",
        ),
    ],
)
def test_the_floor_that_was_learned_is_told(printed, outlook, words):
    page = windowed(7200)
    page["decision"]["forecast"] = explained_outlook(outlook)
    explain.show("chat", page)
    assert words in printed()


DUE = "2026-03-02T13:00:00Z"
WORK = {"workLeft": 1200, "late": 0, "reason": "Batch"}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (WORK, "work    1200 jobs left\n"),
        (
            WORK | {"late": 7, "dueAt": DUE, "mustRunFrom": DUE, "jobTime": "30s"},
            f"work    1200 jobs left, 7 of them late, due {DUE}, must run from {DUE}; a job takes 30s\n",
        ),
    ],
)
def test_work_that_can_wait_is_told(printed, told, words):
    page = found(1500)[0]
    page["decision"]["batch"] = told
    explain.show("chat", page)
    assert words in printed()


@pytest.mark.parametrize(("options", "place"), [(["-n", "nons"], "nons"), ([], "any namespace")])
def test_where_no_pools_are_that_is_said(monkeypatch, options, place):
    monkeypatch.setattr(status, "ask", lambda *_: ([], True))
    assert CliRunner().invoke(app, ["status", *options]).output == f"no pools in {place}\n"


def test_the_window_has_a_column_where_one_is_in_force():
    page = windowed(7200)
    shown = table((SPLIT, page["decision"]))
    assert ("WINDOW" in shown, "office" in shown, "4-8" in shown) == (True, True, True)


def test_the_window_is_told_by_the_status_where_no_operator_answers():
    assert "office" in table((SPLIT | {"status": windowed(7200)["status"]}, None))


def test_without_a_window_in_force_there_is_no_column_for_it():
    assert "WINDOW" not in table((SPLIT, windowed(-3600)["decision"]))


@pytest.mark.parametrize(
    ("currency", "month", "told"),
    [("USD", "8123.46", "8123\n"), ("EUR", "8123.46", "8123 EUR"), ("USD", "0.20", "0.20")],
)
def test_money_has_columns_where_it_is_counted(currency, month, told):
    cost = {"perHour": "15.60", "monthToDate": month, "currency": currency}
    shown = table((SPLIT | {"status": {"cost": cost}}, None))
    assert ("$/H" in shown, "15.60" in shown, told in f"{shown}\n") == (True, True, True)


def test_without_money_there_are_no_columns_for_it():
    assert "$/H" not in table((SPLIT, None))


def test_the_table_has_what_observe_would_save():
    lines = [line.split() for line in printed_table([ROW | {"mode": "Observe", "observe": MEASURED}], 120)[:2]]
    assert "58%" in lines[1]
    assert "SAVES" in lines[0]


@pytest.mark.parametrize("measured", [MEASURED | {"until": "2026-03-02T12:00:00Z"}, {"saving": {}}])
def test_what_is_over_or_unknown_saves_nothing(measured):
    head, *_ = printed_table([ROW | {"observe": measured}], 160)
    assert "SAVES" not in head


def test_explain_tells_what_observe_has_measured(printed):
    page, _ = found(1500)
    explain.show("chat", page | {"decision": page["decision"] | {"observe": MEASURED}})
    assert "observe 40.0 replica-hours instead of 96.0 in 24.0 hours, 58 % less" in printed()


def test_explain_tells_what_observe_had_measured_before(printed):
    page, _ = found(1500)
    status = page["status"] | {"observe": MEASURED | {"until": "2026-03-02T12:00:00Z"}}
    explain.show("chat", page | {"decision": None, "status": status})
    assert "before  40.0 replica-hours" in printed()


PINNED = {"replicas": 6, "until": "2026-03-02T16:00:00Z", "counts": True}
OVERRIDDEN = {"summary": "minReplicas 6", "until": "2026-03-02T14:00:00Z"}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({}, ""),
        ({"pin": PINNED}, "pin 6 until 2026-03-02T16:00:00Z"),
        ({"pin": PINNED | {"counts": False}}, "pin 6 is over"),
        ({"override": OVERRIDDEN}, "minReplicas 6 until 2026-03-02T14:00:00Z"),
        ({"override": {"summary": "refused: garbage"}}, "refused: garbage"),
        (
            {"pin": PINNED | {"counts": False}, "peer": {"summary": "2-16 beside decode 8"}},
            "pin 6 is over; 2-16 beside decode 8",
        ),
    ],
)
def test_what_people_and_peers_ask_of_a_pool_is_in_its_row(asked, words):
    assert status_table.cells(ROW | asked)["HELD"] == words


@pytest.mark.parametrize(
    ("state", "kind"), [("True", "Pinned"), ("False", "Pinned"), ("False", "Overridden"), ("True", "Autoscaled")]
)
def test_what_was_asked_of_a_pool_is_noted_whether_it_counts_or_not(printed, state, kind):
    said = {"type": kind, "status": state, "reason": "Because", "message": "so"}
    explain.troubles({"conditions": [said]})
    assert f"{kind} Because: so" in printed()
