from datetime import timedelta
from itertools import count

import pytest

from poolkeeper.core.lead import (
    DAMPED,
    FIRST,
    KNOWN,
    LARGEST,
    LATELY,
    LEAST,
    MARGINS,
    MOST,
    PEAK,
    STEADY,
    TREND,
    TRIALS,
    Rule,
    begun,
    best,
    bias,
    needed,
    outside,
    predict,
    study,
    tried,
)
from poolkeeper.core.load import BUCKET
from poolkeeper.core.memory import Lead, Load, Trials

LATE = 0.005
RULE = Rule(timedelta(seconds=240), LATE, timedelta(seconds=2), timedelta(minutes=5))


def load(*rates, number=None, **changes):
    known = {"rates": rates, "number": number or len(rates), "per_replica": 1.0, "works": 1.0, "requests": 1.0}
    return Load(**known | changes)


def lived(loads, known=None, late=LATE, late_share=0.0):
    """Return the lead after so much load in each bucket."""
    known, rates = known or Lead(), ()
    for number, value in zip(count(known.number + 1), loads, strict=False):
        rates = (*rates, value)[-60:]
        known = study(known, load(*rates, number=number, late_share=late_share), RULE._replace(late=late))
    return known


def test_nothing_is_predicted_where_nobody_knows_what_a_replica_can_do():
    assert study(Lead(), load(5.0, per_replica=None), RULE) == Lead()


def test_nothing_is_learned_between_two_ends_of_buckets():
    known = lived([5.0])
    assert study(known, load(9.0, number=known.number), RULE) is known


def test_nothing_is_predicted_before_the_first_bucket_has_ended():
    assert study(Lead(), load(number=1), RULE) == Lead()


def test_a_load_of_which_little_is_known_is_steady():
    assert predict([1.0, 3.0], 10) == (2.0, 2.0, 3.0)


def test_a_straight_line_is_drawn_on():
    steady, trend, _ = predict([10.0 + each for each in range(LATELY)], 5)
    assert steady == 14.5
    assert trend == pytest.approx(14.5 + DAMPED * (4.5 + 5))


def test_a_falling_line_is_followed_down_to_what_is_there_now():
    steady, trend, _ = predict([float(each) for each in range(LATELY, 0, -1)], 5)
    assert trend == pytest.approx(steady - DAMPED * 4.5)


def test_noise_is_no_trend():
    steady, trend, _ = predict([5.0, 6.0] * (LATELY // 2), 10)
    assert trend == pytest.approx(steady)


def test_a_trend_goes_no_further_than_twice_the_load():
    steady, trend, _ = predict([0.0] * (LATELY - 1) + [10.0], 1000)
    assert trend == MOST * steady


def test_the_need_has_the_first_margin_until_something_is_known():
    known = lived([5.0] * LATELY)
    found = needed(known, load(5.0), 0, 0)
    assert (found.margin, found.now, found.replicas) == (TRIALS[FIRST][1], pytest.approx(5.3), 6)


def test_a_queue_needs_what_works_it_off_in_a_minute():
    known = lived([5.0] * LATELY)
    assert needed(known, load(5.0), 120, 0).now == pytest.approx(5.3 + 2)


def test_what_is_on_the_way_works_the_queue_off_too():
    assert needed(lived([5.0] * LATELY), load(5.0), 120, coming=1).now == pytest.approx(5.3 + 1)


def test_nothing_is_needed_that_nobody_knows():
    assert needed(Lead(), load(5.0), 0, 0) is None
    assert needed(lived([5.0]), load(5.0), None, 0) is None
    assert needed(lived([5.0]), load(5.0, requests=0.0), 0, 0) is None
    assert needed(lived([5.0]), load(5.0, per_replica=None), 0, 0) is None


def test_the_largest_need_of_the_grace_period_holds():
    known = lived([5.0] * LATELY + [9.0] * LATELY + [5.0] * 8)
    assert needed(known, load(5.0), 0, 0).shrink > 8


def test_a_need_of_longer_ago_does_not():
    known = lived([9.0] * LATELY + [5.0] * 40)
    assert needed(known, load(5.0), 0, 0).shrink < 6


def test_predictions_wait_for_their_time():
    known = lived([5.0] * 3)
    assert [number - place for place, (number, _) in enumerate(known.waiting, 1)] == [10, 10, 10]
    assert known.trials == Trials()


def test_a_steady_load_teaches_that_little_margin_is_needed():
    known = lived([5.5] * 3000)
    assert TRIALS[known.chosen][1] <= 1.06


def test_a_load_that_jumps_teaches_a_larger_margin():
    jumps = ([5.0] * 40 + [8.0] * 12) * 40
    kind, margin = TRIALS[lived(jumps).chosen]
    assert kind == PEAK or margin >= 1.3


def test_a_pool_whose_promise_is_weaker_takes_less():
    jumps = ([5.0] * 40 + [8.0] * 12) * 40
    strict, weak = (lived(jumps, late=late).chosen for late in (0.001, 0.2))
    assert TRIALS[weak][1] < TRIALS[strict][1]


def test_what_is_late_counts_by_how_much_of_it_was():
    assert [outside(0, 10, 20), outside(20, 30, 20), outside(0, 40, 20), outside(40, 0, 10)] == [0, 1, 0.5, 0.75]


def test_a_trial_that_is_too_small_gathers_a_backlog():
    trials = tried(Lead(), (4.0, 4.0, 4.0), 6.0, RULE).trials
    small = TRIALS.index((STEADY, 1.0))
    assert trials.backlog[small] == pytest.approx(2 * BUCKET.total_seconds())


def test_a_trial_that_is_large_enough_works_it_off():
    trials = begun(LATE)._replace(backlog=(30.0,) * len(TRIALS))
    lived = tried(Lead(trials=trials, total=1.0), (4.0, 4.0, 4.0), 3.0, RULE)
    assert lived.trials.backlog[TRIALS.index((STEADY, 1.0))] == 0


def test_what_a_pool_begins_with_trusts_its_first_margin():
    trials = begun(LATE)
    assert best(trials, LARGEST * KNOWN * LATE, FIRST) == FIRST


def test_the_cheapest_that_is_late_seldom_enough_counts():
    trials = Trials(late=(1.0, 0.1, 0.0), size=(10.0, 12.0, 15.0))
    assert best(trials, 0.5, 2) == 1


def test_another_must_be_clearly_cheaper():
    trials = Trials(late=(0.0, 0.0), size=(12.0, 11.95))
    assert best(trials, 0.5, 0) == 0


def test_if_all_are_late_the_one_that_is_least_counts():
    trials = Trials(late=(3.0, 2.0), size=(1.0, 9.0))
    assert best(trials, 0.5, 0) == 1


def test_each_prediction_has_each_margin():
    assert TRIALS[len(MARGINS)] == (TREND, MARGINS[0])


def test_trials_that_were_later_than_the_pool_are_given_more():
    assert bias(Lead(expected=10.0, late=2.0), LATE) == pytest.approx((10 + 1.2) / (2 + 1.2))


@pytest.mark.parametrize(("expected", "late", "factor"), [(100, 0, LARGEST), (0, 100, LEAST), (0, 0, 1)])
def test_a_correction_has_its_limits(expected, late, factor):
    assert bias(Lead(expected=expected, late=late), LATE) == factor


def test_a_pool_that_is_really_late_takes_more():
    jumps = ([5.0] * 40 + [6.5] * 6 + [5.0] * 40 + [7.5] * 2 + [5.0] * 40 + [9.0]) * 20
    punctual, late = (lived(jumps, late_share=share).chosen for share in (0.0, 0.1))
    assert TRIALS[late][1] > TRIALS[punctual][1]


def test_nothing_is_needed_after_a_long_time_without_a_look():
    assert needed(lived([5.0] * 3), load(), 0, 0) is None
