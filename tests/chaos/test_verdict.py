from collections import Counter

from chaos.evidence import Wrong
from chaos.money import Account, Line
from chaos.verdict import Verdict, lines


def test_each_wrong_is_counted_where_it_belongs():
    kinds = ("no valid grace", "told twice", "money counted twice", "write by a non-leader", "not right again")
    found = Verdict([Wrong(kind, "chat", 0.0, "") for kind in kinds]).content()
    counted = ("wrong scales", "events told twice", "double counts", "writes by non-leaders", "not right again in time")
    assert [found[name] for name in counted] == [1] * 5


def test_how_long_the_return_took_is_told_over_all_faults():
    found = Verdict(returns={"cut": [1.0, 9.0], "away": [4.0]}).content()
    assert (found["seconds until right again, median"], found["seconds until right again, max"]) == (4.0, 9.0)


def test_a_run_without_faults_has_no_times():
    assert Verdict().content()["seconds until right again, max"] is None


def test_every_wrong_is_told_to_people():
    wrong = Wrong("told twice", "chat", 5.0, "2 -> 3")
    assert lines(Verdict([wrong]).content(), [wrong])[-1] == "WRONG told twice: chat at 5.0: 2 -> 3"


def test_where_nothing_was_judged_a_run_proves_nothing():
    found = Verdict(judged={"falls held against one": 0, "splits seen at rest": 3}).unjudged(9.0)
    assert [(wrong.what, wrong.name) for wrong in found] == [("nothing judged", "falls held against one")]


def test_a_storm_that_hit_nothing_proves_nothing():
    found = Verdict(faults=Counter({"hang": 1, "cut": 1, "pages": 1}), hits=Counter({"cut": 7})).unjudged(9.0)
    assert [wrong.name for wrong in found] == ["requests hit by hang"]


def test_what_there_was_to_judge_by_is_told_to_people():
    told = lines(Verdict(judged={"falls held against one": 12}).content(), [])
    assert told[-1].split() == ["falls", "held", "against", "one", "12"]


def test_money_too_much_of_one_hides_nothing_that_another_lacks():
    known = [Line("chat", "spot", Account(100, 9, 5), 107), Line("code", "spot", Account(100, 8, 6), 97)]
    found = Verdict(money=known).content()
    names = ("too many", "too many that are stated", "too few", "too few that are stated", "lost", "counted twice")
    assert [found[f"cents {name}"] for name in names] == [7, 17, 3, 11, 0, 0]
