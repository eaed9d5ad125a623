import pytest
from mutants import Mutant, Share, draw, read, shares

RESULTS = """
    poolkeeper.core.grace.x_advance__mutmut_1: killed
    poolkeeper.core.grace.xǁGraceǁended__mutmut_12: survived
    poolkeeper.core.plan.x_steps__mutmut_3: not checked
"""


def mutants(module: str, *verdicts: str) -> list[Mutant]:
    return [Mutant(f"poolkeeper.core.{module}.x_act__mutmut_{at}", module, one) for at, one in enumerate(verdicts)]


def test_each_line_of_the_results_is_a_mutant():
    assert [(one.module, one.verdict) for one in read(RESULTS)] == [
        ("grace", "killed"),
        ("grace", "survived"),
        ("plan", "not checked"),
    ]


def test_what_fails_or_never_ends_is_found_and_what_was_not_tried_does_not_count():
    mixed = mutants("grace", "killed", "timeout", "survived", "no tests", "not checked")
    assert shares(mixed) == {"grace": Share(4, 2)}


def test_the_module_with_the_least_share_comes_first():
    assert list(shares([*mutants("plan", "killed"), *mutants("grace", "survived")])) == ["grace", "plan"]


@pytest.mark.parametrize(("share", "drawn"), [(0.1, {"plan": 1, "grace": 4}), (1.0, {"plan": 3, "grace": 40})])
def test_the_share_is_drawn_of_each_module_and_one_at_least(share, drawn):
    chosen = draw([*mutants("plan", *["killed"] * 3), *mutants("grace", *["killed"] * 40)], share, 1)
    assert {module: one.tried for module, one in shares(chosen).items()} == drawn


def test_the_same_seed_draws_the_same():
    all_of_them = mutants("grace", *["killed"] * 40)
    assert draw(all_of_them, 0.2, 7) == draw(all_of_them, 0.2, 7) != draw(all_of_them, 0.2, 8)


def test_a_line_of_the_table_says_how_many_of_how_many():
    assert Share(40, 38).line("grace") == "grace               38 of    40    95.0 %"
