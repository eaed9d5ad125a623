"""Chaos: seeded faults on a real control plane, and a checker that takes nobody's word for what the operator did.

What happens
    members     a dozen pools of all kinds, with what each promises
    ground      the control plane, the fleet, the Prometheus, the namespace and the pools on it
    load        queues that move all the time, and what was shown from when to when
    troubles    what goes wrong on the way to the API server; `proxy` is that way
    seats       two operators, each behind a proxy of its own: killed, frozen, started again
    deaths      when they are killed: in bursts, and lives between that are long enough for a grace
    faults      every fault: how it begins, how it ends
    play        one after the other, until the time is over

What is held against the operator
    witness     watches that survive everything: sizes, pods
    evidence    the audit log's writes, each with the seat and the moment at which it left the operator (the proxy
                stamps that on every request)
    bounds, graces, split, money, leaders, events
                one invariant each: evidence in, wrongs out; nothing waits, and no line of the operator's is used
    judgement   all evidence against all of them, and how much there was to judge by: no wrong among nothing is no proof
    verdict     all of them counted, for people and for out/chaos.json

Instants are seconds since the epoch, since audit log, watches and load are of one machine. What no single moment can
tell (a look that came late on a slow machine) is always decided in the operator's favour; what is early never is.
"""
