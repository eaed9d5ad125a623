from types import SimpleNamespace

from reaction import WINDOW, Outcome, Rise, gather, moments

from rig.record import Change

NAMES = ["a", "b", "c"]


def grown(**changes):
    return SimpleNamespace(namespace="direct-0", change=changes.get)


def test_same_seed_gives_the_same_moments():
    assert moments(NAMES, 7) == moments(NAMES, 7)


def test_other_seed_gives_other_moments():
    assert moments(NAMES, 7) != moments(NAMES, 8)


def test_each_queue_rises_once_within_the_window_in_order():
    planned = moments(NAMES, 7)
    assert sorted(name for _, name in planned) == NAMES
    assert [at for at, _ in planned] == sorted(at for at, _ in planned if 0 <= at <= WINDOW)


def test_moments_are_spread_evenly_over_the_scrapes_cycle():
    phases = sorted(at % 5 for at, _ in moments([f"pool-{index}" for index in range(20)], 7))
    assert [int(phase / 0.25) for phase in phases] == list(range(20))


def test_latency_is_from_the_spike_to_the_change():
    outcome = Outcome()
    gather(grown(a=Change(10.5, 3)), {"a": Rise(9.9, 10.0)}, outcome)
    assert (outcome.latencies, outcome.silent) == ([0.5], [])


def test_pool_that_never_reacted_is_named_and_has_no_latency():
    outcome = Outcome()
    gather(grown(a=Change(10.5, 3)), {"a": Rise(9.9, 10.0), "b": Rise(10.9, 11.0)}, outcome)
    assert (outcome.latencies, outcome.silent) == ([0.5], ["direct-0/b"])


def test_size_that_moved_before_its_spike_is_no_reaction():
    outcome = Outcome()
    gather(grown(a=Change(9.0, 3)), {"a": Rise(9.9, 10.0)}, outcome)
    assert (outcome.latencies, outcome.silent) == ([], ["direct-0/a"])


def test_smaller_size_is_no_reaction():
    outcome = Outcome()
    gather(grown(a=Change(10.5, 1)), {"a": Rise(9.9, 10.0)}, outcome)
    assert outcome.silent == ["direct-0/a"]
