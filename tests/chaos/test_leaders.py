"""Leaders: who held the lease when; every write by another is found."""

import pytest

from chaos import leaders
from chaos.evidence import Span
from chaos.leaders import Hold, Life

SEATS = ("seat-a", "seat-b")
LIVES = [Life(seat, 990, 2000) for seat in SEATS]


def renewal(writes, at, holder, version):
    spec = {"holderIdentity": f"{holder}_0123" if holder else "", "leaseDurationSeconds": 15}
    made = {"metadata": {"resourceVersion": str(version)}, "spec": spec}
    return writes("leases", made, at, seat=holder or "seat-a", name="poolkeeper")


@pytest.fixture
def renewals(writes):
    """a holds it from 1000 to 1017, b from 1020 on."""
    return leaders.holds(
        [renewal(writes, 1000, "seat-a", 1), renewal(writes, 1002, "seat-a", 2), renewal(writes, 1020, "seat-b", 3)],
        SEATS,
    )


def hold(at, seat):
    return Hold(at, seat, at + 15, at)


def scaled(writes, at, seat, sent=None):
    return writes("deployments/scale", {}, at, seat=seat, sent=sent)


def test_a_lease_is_held_until_its_end_or_the_next(renewals):
    assert [span for _, span in leaders.reigns(renewals)] == [Span(1000, 1002), Span(1002, 1017), Span(1020, 1035)]


def test_a_write_by_who_holds_the_lease_is_right(writes, renewals):
    assert leaders.check([scaled(writes, 1010, "seat-a"), scaled(writes, 1021, "seat-b")], renewals, LIVES) == ([], 0)


def test_a_write_by_the_standby_is_found(writes, renewals):
    found, _ = leaders.check([scaled(writes, 1010, "seat-b")], renewals, LIVES)
    assert [wrong.words for wrong in found] == ["seat-b: patch deployments/scale"]


def test_a_write_after_the_lease_was_over_is_found(writes, renewals):
    assert len(leaders.check([scaled(writes, 1019, "seat-a")], renewals, LIVES)[0]) == 1


def test_a_write_after_another_took_the_lease_is_found(writes, renewals):
    assert len(leaders.check([scaled(writes, 1022, "seat-a")], renewals, LIVES)[0]) == 1


def test_what_was_under_way_is_counted_apart(writes, renewals):
    assert leaders.check([scaled(writes, 1022, "seat-a", sent=1016)], renewals, LIVES) == ([], 1)


def test_a_lease_that_was_handed_back_has_no_holder(writes):
    found = leaders.holds([renewal(writes, 1000, "seat-a", 1), renewal(writes, 1005, "", 2)], SEATS)
    assert len(leaders.check([scaled(writes, 1006, "seat-a")], found, LIVES)[0]) == 1


RESTARTED = [Life("seat-a", 990, 1003), Life("seat-a", 1006, 2000)]


def test_a_write_by_the_next_process_of_a_seat_before_its_own_renewal_is_found(writes):
    found, _ = leaders.check([scaled(writes, 1009, "seat-a")], [hold(1000, "seat-a")], RESTARTED)
    assert [wrong.at for wrong in found] == [1008.9]


def test_a_write_by_the_next_process_of_a_seat_after_its_own_renewal_is_right(writes):
    renewals = [hold(1000, "seat-a"), hold(1008, "seat-a")]
    assert leaders.check([scaled(writes, 1009, "seat-a")], renewals, RESTARTED) == ([], 0)


def test_a_renewal_that_is_on_its_way_when_its_process_ends_is_not_the_next_ones(writes):
    renewals = [hold(1000, "seat-a"), Hold(1007, "seat-a", 1022, 1002.9)]
    assert len(leaders.check([scaled(writes, 1009, "seat-a")], renewals, RESTARTED)[0]) == 1


def test_a_write_just_before_the_first_renewal_is_found(writes, renewals):
    assert len(leaders.check([scaled(writes, 1000, "seat-a")], renewals, LIVES)[0]) == 1


def test_what_was_on_its_way_when_its_process_ended_is_right(writes):
    assert leaders.check([scaled(writes, 1004, "seat-a", sent=1002)], [hold(1000, "seat-a")], RESTARTED) == ([], 0)


def test_a_write_of_a_process_that_nobody_started_is_found(writes, renewals):
    assert len(leaders.check([scaled(writes, 1010, "seat-a")], renewals, [])[0]) == 1


def test_the_lease_s_own_writes_are_no_trespass(writes, renewals):
    assert leaders.check([renewal(writes, 1019, "seat-b", 9)], renewals, LIVES) == ([], 0)


def test_a_term_ends_with_its_process():
    renewals = [hold(at, "seat-a") for at in (1000, 1002, 1010, 1012)]
    lives = [Life("seat-a", 990, 1003), Life("seat-a", 1005, 1013)]
    assert leaders.tenures(renewals, lives) == [("seat-a", Span(1000, 1003)), ("seat-a", Span(1010, 1013))]


def test_a_term_is_parted_by_another_s():
    renewals = [hold(1000, "seat-a"), hold(1020, "seat-b"), hold(1040, "seat-a")]
    lives = [Life("seat-a", 990, 2000)]
    assert [span for _, span in leaders.tenures(renewals, lives)] == [Span(1000, 1015), Span(1040, 1055)]


def test_a_leader_is_heard_until_its_last_renewal():
    renewals = [hold(1000, "seat-a"), hold(1002, "seat-a"), hold(1030, "seat-b"), hold(1032, "seat-b")]
    assert leaders.heard(renewals, [Life("seat-a", 990, 1012), Life("seat-b", 990, 1031)]) == [
        Span(1000, 1002),
        Span(1030, 1030),
    ]
