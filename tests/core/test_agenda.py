from math import inf

from poolkeeper.core.agenda import Agenda


def test_what_comes_first_happens_first():
    agenda, seen = Agenda(), []
    for second in (3.0, 1.0, 2.0):
        agenda.add(second, seen.append)
    for _ in range(3):
        agenda.turn()
    assert seen == [1.0, 2.0, 3.0]


def test_of_equals_the_first_one_put_in_happens_first():
    agenda, seen = Agenda(), []
    for name in "abc":
        agenda.add(1.0, lambda _, name=name: seen.append(name))
    for _ in range(3):
        agenda.turn()
    assert seen == ["a", "b", "c"]


def test_what_happens_never_is_left_out():
    agenda = Agenda()
    agenda.add(inf, lambda _: None)
    assert agenda.next == inf


def test_the_next_is_known():
    agenda = Agenda()
    agenda.add(5.0, lambda _: 7.0)
    assert (agenda.next, agenda.turn(), agenda.next) == (5.0, 7.0, inf)
