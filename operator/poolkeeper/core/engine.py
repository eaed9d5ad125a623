"""What one replica can do: continuous batching with slots, a KV cache, prefill and decode.

    batch     how many requests run at once: a slot each, and room in the KV cache for all the tokens they will hold
    prefill   prompts one after the other, `prefill_rate` tokens a second in all
    decode    all at the same rate each, decode_rate / (1 + batch / half_batch)

The fleet of the end-to-end tests (`e2e/fleet/engine.py`) plays the same engine request by request.
"""

from dataclasses import dataclass

ALONE = 1.0
"""One request runs even if it is larger than the whole cache."""


@dataclass(frozen=True, slots=True)
class Engine:
    """What a replica runs on; rates are tokens a second, at `half_batch` requests each decodes half as fast as alone.

    The preset is assumed, not measured: about a 70B model in 8-bit on the GPUs of one replica.
    """

    slots: int = 64
    prefill_rate: float = 8000.0
    decode_rate: float = 40.0
    half_batch: float = 64.0
    cache_tokens: float = 400_000.0

    def batch(self, prompt: float, output: float) -> float:
        """Return how many requests of so many tokens run at once."""
        tokens = prompt + output
        return max(ALONE, min(self.slots, self.cache_tokens / tokens)) if tokens else float(self.slots)

    def pace(self, batch: float) -> float:
        """Return the output tokens a second of each of so many that decode together."""
        return self.decode_rate / (1.0 + batch / self.half_batch)

    def capacity(self, prompt: float, output: float) -> float:
        """Return the requests a second of a replica that never lacks work; infinite for requests without tokens."""
        batch = self.batch(prompt, output)
        prefill = self.prefill_rate / prompt if prompt else float("inf")
        decode = batch * self.pace(batch) / output if output else float("inf")
        return min(prefill, decode)
