"""The mean of what was seen lately."""

from collections import deque
from datetime import timedelta


class Mean:
    """The mean of the values of a window; of a shorter history, its whole."""

    def __init__(self, window: timedelta) -> None:
        self.window = window.total_seconds()
        self.values = deque[tuple[float, float]]()
        self.total = 0.0

    def add(self, now: float, value: float) -> float:
        """Put in a value seen at an instant, and return the mean."""
        self.values.append((now, value))
        self.total += value
        while self.values[0][0] <= now - self.window:
            self.total -= self.values.popleft()[1]
        return max(0.0, self.total) / len(self.values)
