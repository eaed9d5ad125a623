from datetime import UTC, datetime, timedelta

import pytest
from soak_bounds import Order, Orders, Sized, wrong_by_pool, wrong_sizes

SUNDAY = datetime(2027, 2, 28, 1, tzinfo=UTC)
MONDAY = SUNDAY + timedelta(days=1, hours=9)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
MOST = Order(SUNDAY - HOUR, "most", 6)


def orders(*more: Order) -> Orders:
    return Orders("UTC", [MOST, *more])


def sizes(*found: int, begin: datetime = SUNDAY, pause: timedelta = 10 * MINUTE) -> list[Sized]:
    return [Sized(begin + number * pause, size) for number, size in enumerate(found)]


def order(kind: str, size: int = 0, at: datetime = SUNDAY) -> Order:
    return Order(at, kind, size)


LOWERED, PIN = order("most", 4), order("pin", 3)
SPOILT = order("spoil")


@pytest.mark.parametrize(
    ("found", "given"),
    [
        (sizes(2, 6, 5, 4), []),
        (sizes(9), []),
        (sizes(9, 8, 7), []),
        (sizes(6, 5, 4), [LOWERED]),
        (sizes(2, 6, pause=5 * MINUTE / 60), [LOWERED]),
        (sizes(2, 5), [LOWERED, order("most", 5, SUNDAY + 9 * MINUTE)]),
        (sizes(6, 3), [PIN]),
        (sizes(6, 3, 6, pause=3 * HOUR), [PIN]),
        (sizes(2, 1, begin=MONDAY - 2 * HOUR), []),
        (sizes(2, 6), [order("most", 4, SUNDAY + MINUTE), order("spoil")]),
        (sizes(3, 2, pause=3 * HOUR), [order("override")]),
        (sizes(3, 2), [order("override", at=SUNDAY + MINUTE), order("spoil")]),
        (sizes(6, 2, 6), [order("pin", 2), order("pin", 6, SUNDAY + 15 * MINUTE)]),
    ],
)
def test_what_the_bounds_of_its_time_allow_is_right(found, given):
    assert wrong_sizes(found, orders(*given)) == []


@pytest.mark.parametrize(
    ("found", "given"),
    [
        (sizes(2, 7), []),
        (sizes(9, 10), []),
        (sizes(1, 0), []),
        (sizes(4, 5), [LOWERED]),
        (sizes(6, 4), []),
        (sizes(6, 5, 4, pause=4 * MINUTE), []),
        (sizes(2, 4), [PIN]),
        (sizes(4, 2), [PIN]),
        (sizes(3, 2), [order("override")]),
        (sizes(2, 1, begin=MONDAY), []),
        (sizes(2, 7), [SPOILT]),
        (sizes(1, 0), [SPOILT]),
        (sizes(2, 6), [order("spoil"), order("mend", at=SUNDAY + MINUTE), order("most", 4, SUNDAY + 2 * MINUTE)]),
    ],
)
def test_what_they_do_not_is_wrong(found, given):
    assert len(wrong_sizes(found, orders(*given))) == 1


HALVES = sizes(2, 1, begin=SUNDAY + MINUTE)


@pytest.mark.parametrize(
    ("kept", "spot", "wrongs"),
    [
        (HALVES, sizes(2, 4), 0),
        (sizes(1, 4, 1), sizes(5, 2), 0),
        (HALVES, sizes(7), 1),
        (sizes(1, 0), sizes(3), 1),
        (sizes(1, 7), sizes(3), 1),
    ],
)
def test_halves_are_held_to_the_bounds_each_and_together(kept, spot, wrongs):
    assert len(wrong_sizes(kept, orders(), spot)) == wrongs


def test_both_halves_together_are_no_fewer_than_the_floor():
    found = wrong_sizes(sizes(1), orders(order("override")), sizes(2, 1, begin=SUNDAY + MINUTE))
    assert found == [f"{SUNDAY + 11 * MINUTE} 3 to 2, below 3"]


def test_a_pool_of_which_all_was_right_is_not_told():
    found = {"right": sizes(2, 3), "wrong": sizes(2, 9), "spot": sizes(1), "spot-spot": sizes(9)}
    assert list(wrong_by_pool(found, {name: orders() for name in ("right", "wrong", "spot")})) == ["wrong", "spot"]
