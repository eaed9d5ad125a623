"""One replica: continuous batching with a limit of slots, exact between events.

The model, and what it leaves out:

- Requests wait in one first-come-first-served queue and start when a slot is free and the KV cache has room for all the
  tokens they will ever hold, so nothing is ever preempted. One that is larger than the whole cache runs alone.
- Prompts are prefilled in the order of their start, one after the other, at `prefill_rate` tokens a second for the
  whole replica. The end of the prefill gives the first token.
- All that decode go at the same rate each, `decode_rate / (1 + batch / half_batch)`: at a batch of `half_batch` each is
  half as fast as alone. That prefill also slows decoding (chunked prefill shares a step) is left out.

As all decode at the same rate, one number, the tokens that each has had since the replica began (`pace`), says when the
next is done; a heap holds at which pace each ends. So a step costs no more than the events in it.
"""

import heapq
from collections import deque
from dataclasses import dataclass
from itertools import count
from math import inf

from fleet.measures import Measures
from fleet.request import Request


@dataclass(frozen=True, slots=True)
class Profile:
    """What one replica can do; rates are tokens a second.

    The preset is assumed, not measured: about a 70B model in 8-bit on the GPUs of one replica. 64 slots
    (`max_num_seqs`), 8,000 prompt tokens a second, 40 output tokens a second for a request alone and 20 each for 64 of
    them (1,280 in all), and a KV cache of 400,000 tokens. With azure2023_conv's mean request (1,155 in, 211 out) that
    is 6 requests a second.
    """

    slots: int = 64
    prefill_rate: float = 8000.0
    decode_rate: float = 40.0
    half_batch: float = 64.0
    cache_tokens: int = 400_000

    def pace(self, batch: int) -> float:
        """Tokens a second that each of `batch` requests gets while they decode together."""
        return self.decode_rate / (1 + batch / self.half_batch)


class Replica:
    """A pretend engine; its measures die with it."""

    def __init__(self, profile: Profile, now: float) -> None:
        self.profile = profile
        self.measures = Measures()
        self.waiting: deque[Request] = deque()
        self._now = now
        self._pace = 0.0
        self._prefilled_at = now
        self._prefilling: deque[tuple[float, Request]] = deque()
        self._decoding: list[tuple[float, int, Request]] = []
        self._joined = 0.0
        self._reserved = 0
        self._prompts = 0
        self._numbers = count()

    @property
    def running(self) -> int:
        """Requests that hold a slot."""
        return len(self._prefilling) + len(self._decoding)

    @property
    def load(self) -> int:
        """Requests that are here, waiting or running: what a least-loaded router compares."""
        return len(self.waiting) + self.running

    @property
    def cache_use(self) -> float:
        """The share of the KV cache in use, 0 to 1: prompts of the running and what they have been given since."""
        given = self._pace * len(self._decoding) - self._joined
        return min(1.0, (self._prompts + max(0.0, given)) / self.profile.cache_tokens)

    def requests(self) -> list[Request]:
        """All that is here, in order: running, then waiting."""
        running = [each for _, each in self._prefilling] + [each for _, _, each in sorted(self._decoding)]
        return [*running, *self.waiting]

    def submit(self, request: Request, now: float) -> None:
        """Take `request` in at `now`, which must not lie before the last step."""
        self.advance(now)
        request.queued = now
        self.waiting.append(request)
        self._start_next()

    def advance(self, now: float) -> list[Request]:
        """Let time pass until `now`, event by event; returns what finished, in order."""
        finished: list[Request] = []
        while (at := self._next_event()) <= now:
            self._pass_until(at)
            self._settle(finished)
            self._start_next()
        self._pass_until(now)
        return finished

    def _next_event(self) -> float:
        prefilled = self._prefilling[0][0] if self._prefilling else inf
        return min(prefilled, self._next_end())

    def _next_end(self) -> float:
        if not self._decoding:
            return inf
        left = max(0.0, self._decoding[0][0] - self._pace)
        return self._now + left / self.profile.pace(len(self._decoding))

    def _pass_until(self, now: float) -> None:
        batch = len(self._decoding)
        if batch:
            tokens = (now - self._now) * self.profile.pace(batch)
            self._pace += tokens
            self.measures.generated += tokens * batch
        self._now = max(self._now, now)

    def _settle(self, finished: list[Request]) -> None:
        while self._prefilling and self._prefilling[0][0] <= self._now:
            self._first_token(self._prefilling.popleft()[1], finished)
        # A remainder too small to move the clock would never end; a millionth of a token is nothing to anybody.
        while self._decoding and self._decoding[0][0] <= self._pace + 1e-6:
            joined_until, _, request = heapq.heappop(self._decoding)
            self._joined -= joined_until - (request.output_tokens - 1)
            self._finish(request, finished)

    def _first_token(self, request: Request, finished: list[Request]) -> None:
        request.first_token = self._now
        self.measures.first_token(request)
        if request.output_tokens <= 1:
            self._finish(request, finished)
            return
        self._joined += self._pace
        end = self._pace + request.output_tokens - 1
        heapq.heappush(self._decoding, (end, next(self._numbers), request))

    def _finish(self, request: Request, finished: list[Request]) -> None:
        request.finished = self._now
        self._reserved -= request.tokens
        self._prompts -= request.prompt_tokens
        self.measures.finish(request)
        finished.append(request)

    def _start_next(self) -> None:
        while self.waiting and self.running < self.profile.slots and self._has_room(self.waiting[0]):
            self._start(self.waiting.popleft())

    def _has_room(self, request: Request) -> bool:
        return not self.running or self._reserved + request.tokens <= self.profile.cache_tokens

    def _start(self, request: Request) -> None:
        request.started = self._now
        self._reserved += request.tokens
        self._prompts += request.prompt_tokens
        begin = max(self._now, self._prefilled_at)
        self._prefilled_at = begin + request.prompt_tokens / self.profile.prefill_rate
        self._prefilling.append((self._prefilled_at, request))
