from demo import chart


def shown(*samples, count=4, end=240):
    return chart.columns(samples, count, end)


def test_a_pod_shows_what_it_does(sample):
    rows = chart.replicas(shown(sample(0, desired=3, ready=2, pods=4), count=1), 4)
    assert rows == [chart.LEAVING, chart.LOADING, chart.READY, chart.READY]


def test_a_column_has_the_size_at_its_end(sample):
    assert chart.replicas(shown(sample(0), sample(50, desired=3, ready=3), count=1), 3) == [chart.READY] * 3


def test_a_column_has_the_longest_queue_in_it(sample):
    assert chart.longest(shown(sample(0), sample(10, queue=40.0), sample(50), count=1)) == 40


def test_a_gap_between_two_looks_is_filled(sample):
    assert chart.replicas(shown(sample(0), sample(239)), 1) == [chart.READY * 4]


def test_what_is_to_come_is_empty(sample):
    assert chart.replicas(shown(sample(0), sample(100)), 1) == [chart.READY * 2 + "  "]


def test_the_longest_queue_fills_all_rows(sample):
    assert chart.queue(shown(sample(0, queue=80.0), count=1), 2) == ["█", "█"]


def test_a_short_queue_is_still_seen(sample):
    bars = chart.queue(shown(sample(0, queue=1.0), sample(130, queue=1000.0), count=2), 2)
    assert [row[0] for row in bars] == [" ", "▁"]


def test_an_unknown_queue_is_not_an_empty_one(sample):
    assert chart.queue(shown(sample(0, queue=None), sample(130), count=2), 1) == [" _"]


def test_the_axis_has_a_tick_every_ten_minutes():
    assert chart.axis(21) == "0         10        2"
