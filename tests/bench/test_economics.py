"""Who competes in the economics, what is said of ours tuned, and what the tables and the file have."""

from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal

import economics
import economics_tuned
import pytest
from economics import Asked
from economics_pool import ALL, ON_SPOT, SCALES, Scale, ours, pool, raw, rivals, scene, spec
from economics_table import MARKED, Place, ahead, line, lines, record, verdicts
from economics_tuned import TUNED, Tuned, half, question, tuned

from builders import START
from poolkeeper.api.spec import parse_spec
from poolkeeper.core.arrivals import Arrival
from poolkeeper.simulate.peers import PEERS
from poolkeeper.simulate.study import OURS, Row
from poolkeeper.simulate.trace import Trace
from poolkeeper.simulate.tune import Judged
from poolkeeper.simulate.tune import Tuned as Answer
from poolkeeper.simulate.tune_lives import Part

MINUTE = timedelta(minutes=1)
SCALE = Scale("made", 8)
TRACE = Trace(START, 10 * MINUTE, (Arrival(600.0, 1155, 211),) * 7)
ASKED = question(SCALE, 4 * MINUTE, TRACE, 3)
STEP = {"queue.scaleUp.step": 2}
FOUND = Tuned({**raw(SCALE), "minReplicas": 2}, {"minReplicas": 2}, 30 * MINUTE, 70 * MINUTE, 3, kept=True)


def row(policy=OURS, inside=0.999, hours=110.0) -> Row:
    """Return a row that tells of what a test is about; everything else in it is nothing."""
    bounds = {"bound_replica_hours": 100.0, "bound_with_startup_replica_hours": 105.0}
    told = {"policy": policy, "replica_hours": hours, "cost": Decimal(3), "in_sla": inside, **bounds}
    return Row(**dict.fromkeys((one.name for one in fields(Row)), 0) | told)


def place(*rows, **more) -> Place:
    return Place(SCALE, timedelta(seconds=240), (rows,), **more)


def judged(**changes) -> Judged:
    part = Part(1.0, 1.0, 100.0, 100.0)
    return Judged(changes, part, part, (1.0, 1.0))


class Workers:
    """Who remembers what is to be played, and plays nothing."""

    def map(self, _, fields):
        self.fields = fields
        return [(row(),) for _ in fields]


@pytest.fixture
def workers():
    return Workers()


@pytest.fixture
def search(monkeypatch):
    """Let the search find a winner, or none."""

    def act(winner):
        answer = Answer(judged(), [], winner, 3)
        monkeypatch.setattr(economics_tuned, "tune", lambda *_: answer)
        return tuned(ASKED, TRACE)

    return act


def test_pool_as_it_is_written_is_the_default():
    assert parse_spec(raw(SCALE)).to_core() == spec(SCALE)


def test_pool_may_have_a_quarter_more_than_the_peak_needs():
    assert [one.most for one in SCALES if one.name == "servegen_m_small"] == [10, 50]


def test_trace_of_seconds_is_drawn_by_the_second():
    assert scene(replace(TRACE, width=timedelta(seconds=1)), SCALE).step == timedelta(seconds=1)


def test_trace_of_minutes_is_drawn_in_steps_of_five_seconds():
    assert scene(TRACE, SCALE).step == timedelta(seconds=5)


def test_everybody_competes_but_who_buys_on_spot():
    assert {one.policy for one in rivals(ALL)} == set(PEERS) - ON_SPOT


def test_peers_that_are_named_compete_in_the_order_of_all():
    assert [one.policy for one in rivals("keda,hpa-load")] == ["hpa-load", "keda"]


@pytest.mark.parametrize("name", ["kede", "skyserve-spot", OURS])
def test_peer_that_is_none_is_told_with_those_that_there_are(name):
    with pytest.raises(ValueError, match=f"no peer is called {name}; there are static,"):
        rivals(f"keda,{name}")


def test_no_peers_may_be_named():
    assert rivals("") == ()


def test_half_of_a_trace_is_whole_bins():
    assert half(TRACE) == 30 * MINUTE


def test_search_draws_other_bursts_than_anybody_is_played_with(workers):
    economics.place(SCALE, 4 * MINUTE, Asked((), 3, 0), workers)
    assert ASKED.days.seed not in {field.seed for field in workers.fields}


def test_same_bursts_are_played_by_everybody(workers):
    economics.place(SCALE, 4 * MINUTE, Asked(rivals("keda"), 2, 0), workers)
    assert [[one.policy for one in field.entrants] for field in workers.fields] == [[OURS, "keda"]] * 2


def test_tuned_competes_beside_the_default(workers, monkeypatch):
    monkeypatch.setattr(economics, "searched", lambda *_: FOUND)
    economics.place(SCALE, 4 * MINUTE, Asked((), 1, 3), workers)
    assert [one.policy for one in workers.fields[0].entrants] == [OURS, TUNED]


def test_search_sees_the_first_half_and_is_to_keep_the_aim():
    assert (ASKED.days.searched, ASKED.objective) == (half(TRACE), 0.995)


def test_search_begins_at_the_default():
    assert ASKED.days.pool == pool(SCALE, 4 * MINUTE, [ours(SCALE)])


def test_winner_is_the_spec_that_competes(search):
    assert search(judged(**STEP)).entrant.spec.queue.up.step == 2


def test_without_a_winner_the_default_competes(search):
    assert search(None).entrant.spec == spec(SCALE)


def test_without_a_winner_it_is_said_so(search):
    assert search(None).told.endswith("none has 99.5% inside on both halves, so it is the default")


def test_default_that_wins_is_told_to_stay(search):
    assert search(judged()).told.endswith("3 specs tried: the default stays")


def test_days_and_changes_are_told():
    assert FOUND.told == "tuned on the first 30 minutes of 70 minutes, 3 specs tried: minReplicas 2"


def test_days_are_told_as_days():
    long = replace(FOUND, searched=timedelta(days=3.5), whole=timedelta(days=7))
    assert long.told.startswith("tuned on the first 3.5 days of 7 days,")


def test_tuned_and_default_are_marked_in_the_table():
    assert [line([row(name)]).split("  ")[0] for name in MARKED] == ["poolkeeper <", "poolkeeper tuned <"]


def test_line_has_the_mean_and_the_spread_of_seeds():
    shown = line([row(inside=0.99), row(inside=1.0, hours=130.0)])
    assert shown.split()[2:6] == ["99.500%", "99.000%-100.000%", "1.200", "1.100-1.300"]


def test_table_begins_with_the_most_inside():
    shown = list(lines(place(row(inside=0.9), row("keda", 0.99), row("hpa-load", 0.95))))
    assert [one.split()[0] for one in shown[2:]] == ["keda", "hpa-load", "poolkeeper"]


def test_table_ends_with_what_was_tuned():
    assert list(lines(place(row(), row(TUNED), tuned=FOUND)))[-1] == FOUND.told


def test_peer_that_is_as_good_and_no_dearer_is_ahead():
    assert ahead(place(row(), row("keda"), row("hpa-load", hours=111.0)).policies, OURS) == ["keda"]


def test_peer_with_less_inside_is_not_ahead():
    assert not ahead(place(row(), row("keda", 0.99, 50.0)).policies, OURS)


def test_ours_tuned_is_no_peer():
    assert not ahead(place(row(), row(TUNED, 1.0, 100.0)).policies, OURS)


def test_verdict_is_told_of_both():
    told = list(verdicts(place(row(hours=120.0), row(TUNED, hours=105.0), tuned=FOUND)))
    assert [one.split("; ")[1] for one in told] == ["aim missed", "aim met"]


def test_verdict_without_a_search_is_told_of_the_default_alone():
    assert [one.split(", ")[1].split(":")[0] for one in verdicts(place(row()))] == [OURS]


def test_file_has_the_spec_beside_the_row_that_was_tuned():
    default, best = record(place(row(), row(TUNED), tuned=FOUND))
    assert (best["spec"]["minReplicas"], "spec" in default) == (2, False)


def test_file_has_the_days_of_the_search():
    days = record(place(row(TUNED), tuned=FOUND))[0]["tuned_on"]
    assert days == {"first_seconds": 1800.0, "of_seconds": 4200.0}


def test_file_has_where_a_row_was_played():
    told = record(place(row()))[0]
    assert [told[name] for name in ("trace", "startup", "peak_replicas", "cost")] == ["made", 240, 8, 3.0]


def test_peers_are_all_unless_named():
    assert economics.options().parse_args([]).peers == rivals(ALL)


def test_unknown_peer_is_refused_in_one_line(capsys):
    with pytest.raises(SystemExit):
        economics.options().parse_args(["--peers", "kede"])
    assert "no peer is called kede" in capsys.readouterr().err


@pytest.mark.parametrize("given", [["--trials", "-1"], ["--seeds", "0"], ["--trials", "x"]])
def test_counts_that_are_none_are_refused(given):
    with pytest.raises(SystemExit):
        economics.options().parse_args(given)


def test_no_trials_leave_the_row_out():
    assert economics.options().parse_args(["--trials", "0"]).trials == 0
