"""The queue and the batches of a pool: a fluid that flows exactly within a step.

    arrivals --> waiting --> prefill --> decode --> finished
                    |        (--- in the slots ---)
                    +--> a request starts when a slot, and room in the KV cache, is free

The model, and what it leaves out:

- The ready replicas are one: what waits stands in one queue, as before a gateway, and what runs is spread evenly.
- Within a step the arrivals and the number of replicas are even. Prefill works off prompts at its rate; of those that
  decode an even share ends at any time (lengths as good as memoryless), so they relax exponentially to what the inflow
  keeps up. The pace of a batch is the one in the middle of the step.
- While more waits than starts, the slots are full: it starts what ends. A step in which the queue comes into being or
  ends is cut where it does (`core/waits.py`), so that waits do not depend on the length of the steps.
- Requests of different lengths mix: the waiting, the prefilling and the decoding each have their mean.
- The slots that prompts hold while they are read are left out where decode is the narrow place: against single
  requests a full pool is some percent too fast (`tests/core/test_serving.py` prints by how much).
"""

from collections.abc import Iterable
from math import exp, inf, log
from typing import NamedTuple

from poolkeeper.core.arrivals import Arrival
from poolkeeper.core.engine import Engine
from poolkeeper.core.waits import Waits

LEAST = 1e-9
"""Requests, tokens or seconds that are as good as nothing."""
PIECES = 6
"""So often at most a step is cut where its queue comes into being or ends."""
STILL, MOVING = 0.99, 1.01
"""A batch that changes by less in a step has the same pace all along."""
SHORTEST = 1e-3
"""The share of what is left of a step that a piece has at least."""


class Flow(NamedTuple):
    """What a stretch comes to: so many come out of prefill, decode in the end (of them `stayed` did before), ended."""

    inflow: float
    decoding: float
    stayed: float
    ended: float


class Serving:
    """What waits and runs on the ready replicas of a pool; requests may be fractions.

    `started` and `finished` requests, `prompt_tokens` read and `generation_tokens` given count since the beginning.
    `prompt` and `output` are the mean tokens of what starts.
    """

    __slots__ = (
        "clock", "decode_output", "decoding", "engine", "finished", "generation_tokens", "output",
        "prefill_output", "prefill_prompt", "prefilling", "prompt", "prompt_tokens", "started", "waits",
    )  # fmt: skip

    def __init__(self, engine: Engine, sla: float = 2.0) -> None:
        self.engine, self.waits, self.clock = engine, Waits(sla), 0.0
        self.prompt = self.output = self.decode_output = 0.0
        self.prefilling = self.prefill_prompt = self.prefill_output = self.decoding = 0.0
        self.started = self.finished = 0.0
        self.prompt_tokens = self.generation_tokens = 0.0

    @property
    def running(self) -> float:
        """The requests in the slots."""
        return self.prefilling + self.decoding

    def kv_usage(self, ready: int) -> float:
        """Return the share of the KV caches in use: the prompts, and half of the output as a mean over time."""
        tokens = self.running * self.prompt + self.decoding * self.decode_output / 2
        return min(1.0, tokens / (ready * self.engine.cache_tokens)) if ready else 0.0

    def capacity(self, ready: int) -> float:
        """Return the requests a second that so many replicas serve of what came last; 0 before the first."""
        return ready * self.engine.capacity(self.prompt, self.output) if self.output else 0.0

    def advance(self, arrival: Arrival, ready: int, seconds: float) -> None:
        """Let requests come and be served for so long."""
        count = arrival.requests
        if self.glide((arrival,), ready, seconds):
            return
        if count:
            self._mix(arrival)
        if ready and self.output:
            self._serve(count / seconds, ready, seconds)
            return
        if count:
            self.waits.arrive(self.clock, self.clock + seconds, count)
        self.clock += seconds

    def glide(self, arrivals: Iterable[Arrival], ready: int, seconds: float) -> int:
        """Let requests come, step by step, while nothing waits or is read; returns for how many steps.

        It ends before the first step without slots and prefill enough. The same as `_mix` and `_freely`, and cheaper:
        most steps of most pools are of this kind, and a month has half a million of them. So all names are local.
        """
        waits, engine, steps = self.waits, self.engine, 0
        if not ready or waits.waiting or self.prefilling:
            return 0
        readable, width = ready * engine.prefill_rate * seconds, ready * engine.half_batch
        slots, cache, power = ready * engine.slots, ready * engine.cache_tokens, engine.decode_rate * width
        begin, before, prompt, output = self.decoding, self.decode_output, self.prompt, self.output
        for count, prompt_each, output_each in arrivals:
            if count:
                read = prompt + (max(LEAST, prompt_each) - prompt)
                given = output + (max(LEAST, output_each) - output)
            else:
                read, given = prompt, output
            if not given or count * read > readable:
                break
            mean = given if begin <= LEAST and count else before
            entering, pull = count / seconds, power / mean
            rate = pull / (width + begin)
            left = exp(-rate * seconds)
            end = entering / rate * (1.0 - left) + begin * left
            if not STILL < end / (begin + LEAST) < MOVING:
                rate = pull / (width + (begin + end) / 2.0)
                left = exp(-rate * seconds)
                end = entering / rate * (1.0 - left) + begin * left
            if end > slots or (end + LEAST) * (read + given) > cache:
                break
            prompt, output, before = read, given, mean
            if count:
                stayed = begin * left
                waits.passed(count)
                before = (stayed * mean + (end - stayed) * given) / end if end > LEAST else given
            self.generation_tokens += begin * mean + count * given - end * before
            self.prompt_tokens += count * read
            self.started += count
            self.finished += begin + count - end
            self.clock += seconds
            begin, steps = end, steps + 1
        self.decoding, self.decode_output, self.prompt, self.output = begin, before, prompt, output
        return steps

    def leave(self, share: float) -> float:
        """Return how many go that run, this share of all; what waits stays."""
        gone = self.running * share
        stay = 1.0 - share
        self.prefilling *= stay
        self.prefill_prompt *= stay
        self.prefill_output *= stay
        self.decoding *= stay
        return gone

    def _mix(self, arrival: Arrival) -> None:
        """Let what waits and comes have the mean of its tokens."""
        waiting = self.waits.waiting
        share = arrival.requests / (waiting + arrival.requests) if waiting else 1.0
        self.prompt += (max(LEAST, arrival.prompt) - self.prompt) * share
        self.output += (max(LEAST, arrival.output) - self.output) * share
        if self.decoding <= LEAST:
            self.decode_output = self.output

    def _serve(self, rate: float, ready: int, seconds: float) -> None:
        """Let requests come and start, piece by piece: with free slots, or with none."""
        room, piece = ready * self.engine.batch(self.prompt, self.output), 0
        while seconds > LEAST:
            free, piece = room - self.prefilling - self.decoding, piece + 1
            if piece > PIECES:
                lasted = self._freely(rate, ready, seconds, inf)
            elif free > LEAST and self.waits.waiting <= free:
                lasted = self._freely(rate, ready, seconds, room)
            else:
                lasted = self._crowded(rate, ready, seconds, room)
            self.clock += lasted
            seconds -= lasted

    def _freely(self, rate: float, ready: int, seconds: float, room: float) -> float:
        """Let all start as they come, until the slots are full; returns for how long."""
        waits, waiting = self.waits, self.waits.waiting
        starts = waiting + rate * seconds
        flow = self._relax(starts, ready, seconds)
        before = self.prefilling + self.decoding + waiting
        growth = rate * seconds - flow.ended
        if before + growth > room + LEAST:
            seconds *= max(SHORTEST, (room - before) / growth)
            starts = waiting + rate * seconds
            flow = self._relax(starts, ready, seconds)
        if waiting:
            waits.start(self.clock, self.clock, waiting)
        waits.passed(rate * seconds)
        self._settle(starts, flow)
        return seconds

    def _crowded(self, rate: float, ready: int, seconds: float, room: float) -> float:
        """Let as many start as there is room for and as end, until nothing waits; returns for how long."""
        waits, free = self.waits, room - self.prefilling - self.decoding
        flow = self._crowd(ready, seconds, room)
        lack = waits.waiting - free
        if lack + rate * seconds < flow.ended:
            seconds *= min(1.0, max(SHORTEST, lack / (flow.ended - rate * seconds)))
            flow = self._crowd(ready, seconds, room)
        come = rate * seconds
        starts = min(waits.waiting + come, max(0.0, free + flow.ended))
        at_once = min(starts, waits.waiting, max(0.0, free))
        if come:
            waits.arrive(self.clock, self.clock + seconds, come)
        waits.start(self.clock, self.clock, at_once)
        waits.start(self.clock, self.clock + seconds, starts - at_once)
        self._settle(starts, flow)
        return seconds

    def _relax(self, starts: float, ready: int, seconds: float) -> Flow:
        """Return what a stretch with free slots comes to: prompts are read as they come, or as fast as they can be."""
        begin, inflow = self.decoding, self.prefilling + starts
        tokens, power = self.prefill_prompt + starts * self.prompt, ready * self.engine.prefill_rate * seconds
        if tokens > power:
            inflow *= power / tokens
        entering = inflow / seconds
        level = entering / (rate := self._rate(begin, ready))
        end = level + (begin - level) * exp(-rate * seconds)
        level = entering / (rate := self._rate((begin + end) / 2, ready))
        left = exp(-rate * seconds)
        end = level + (begin - level) * left
        return Flow(inflow, end, begin * left, begin + inflow - end)

    def _crowd(self, ready: int, seconds: float, room: float) -> Flow:
        """Return what a stretch with full slots comes to: there is always a prompt to be read."""
        begin = self.decoding
        if begin > room + LEAST:
            return self._overfull(ready, seconds, room)
        prompt = self.prefill_prompt / self.prefilling if self.prefilling > 1 else self.prompt
        entering, rate = ready * self.engine.prefill_rate / prompt, self._rate((begin + room) / 2, ready)
        level, left = entering / rate, exp(-rate * seconds)
        end = level + (begin - level) * left
        if end <= room:
            return Flow(entering * seconds, end, begin * left, begin + entering * seconds - end)
        rising = log((level - begin) / (level - room)) / rate
        ended = begin + entering * rising - room + room * self._rate(room, ready) * (seconds - rising)
        return Flow(room - begin + ended, room, begin * left, ended)

    def _overfull(self, ready: int, seconds: float, room: float) -> Flow:
        """Return what a stretch comes to that begins with more in the slots than there is room for."""
        begin, rate = self.decoding, self._rate(self.decoding, ready)
        left = exp(-rate * seconds)
        falling = log(begin / room) / rate
        if falling >= seconds:
            return Flow(0.0, begin * left, begin * left, begin * (1.0 - left))
        inflow = room * self._rate(room, ready) * (seconds - falling)
        return Flow(inflow, room, begin * left, begin - room + inflow)

    def _rate(self, batch: float, ready: int) -> float:
        """Return the share of so many, decoding on so many replicas, that ends in a second."""
        engine = self.engine
        return engine.decode_rate / ((1.0 + batch / (ready * engine.half_batch)) * self.decode_output)

    def _settle(self, starts: float, flow: Flow) -> None:
        """Carry out what a stretch came to."""
        there, tokens = self.prefilling + starts, self.prefill_prompt + starts * self.prompt
        output = self.prefill_output + starts * self.output
        inflow = min(flow.inflow, there)
        end = max(0.0, self.decoding + inflow - flow.ended)
        ended, stayed, part = self.decoding + inflow - end, min(flow.stayed, end), inflow / there if there else 0.0
        entered = output * part
        kept = (entered * (end - stayed) / inflow if inflow else 0.0) + stayed * self.decode_output
        self.generation_tokens += self.decoding * self.decode_output + entered - kept
        self.prompt_tokens += tokens * part
        self.prefilling, self.prefill_prompt, self.prefill_output = (
            there - inflow,
            tokens * (1 - part),
            output - entered,
        )
        self.decode_output = kept / end if end > LEAST else self.output
        self.decoding = end
        self.started += starts
        self.finished += ended
