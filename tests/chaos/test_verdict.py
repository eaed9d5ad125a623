from chaos.evidence import Wrong
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
