"""The published algorithms that we are held against, each after its own documentation and source.

A peer is what its experts would run: with its defaults, and where it takes a figure of the engine, with the true one.
docs/peers.md says for each where it comes from and what is left out. All are pure: what one decides follows
from what it has seen, and nothing else.
"""

from collections.abc import Mapping
from types import MappingProxyType

from poolkeeper.simulate.peers import aibrix, hpa, keda, knative, llm_d, ray_serve, schedule, skyserve, static
from poolkeeper.simulate.peers.terms import Factory, Peer, Seen, Terms

__all__ = ["PEERS", "Factory", "Peer", "Seen", "Terms", "peer"]

PEERS: Mapping[str, Factory] = MappingProxyType(
    {
        "static": static.at_maximum,
        "schedule": schedule.by_hour,
        "hpa-waiting": hpa.by_waiting,
        "hpa-load": hpa.by_load,
        "hpa-slots": hpa.by_slots,
        "keda": keda.by_waiting,
        "keda-load": keda.by_load,
        "keda-hardened": keda.hardened,
        "keda-cron": keda.with_cron,
        "llm-d-queue": llm_d.by_queue,
        "llm-d-queue-tuned": llm_d.by_queue_tuned,
        "llm-d-saturation": llm_d.by_saturation,
        "llm-d-tokens": llm_d.by_tokens,
        "kpa": knative.by_concurrency,
        "kpa-tuned": knative.tuned,
        "apa": aibrix.by_cache,
        "apa-tuned": aibrix.tuned,
        "ray": ray_serve.by_default,
        "ray-tuned": ray_serve.tuned,
        "skyserve": skyserve.by_rate,
        "skyserve-tuned": skyserve.tuned,
        "skyserve-spot": skyserve.on_spot,
        "skyserve-hedge": skyserve.hedged,
    }
)


def peer(name: str, minimum: int, maximum: int, terms: Terms) -> Peer:
    """Return a peer by its name; `static=6` is six replicas around the clock.

    Raises:
        KeyError: there is none of that name.
    """
    kind, _, size = name.partition("=")
    if kind == "static" and size.isdecimal():
        return static.at(int(size))
    return PEERS[name](minimum, maximum, terms)
