"""What the end-to-end tests stand on: one ground for the whole run, and a namespace with an operator for each test.

ground      the control plane, the pretended fleet and the Prometheus that all tests share
api         a small client of the API server that is none of the operator's own code
record      real watches: every size that a Deployment was ever given, with the moment
space       a test's own namespace: what was made in it, what it recorded, the operators that run for it
commons     namespaces that many tests share, with one operator
operators   `poolkeeper run` as a process: started, killed, asked
groups      tests that share what is dear to make run in one worker
windows     schedules whose windows begin or end at a whole minute that is near, and moments of instants
picker      a picker of the Gateway API inference extension, whose page a test writes
adapter     an adapter that serves external metrics through the API server
manifests   Deployments and pools; say only what the test is about
waiting     until a condition holds, or for a stated time
strain      what a span of time is worth on a machine that has nothing else to do: how late is late

Durations are scaled down, since the rules know no unit: a grace of 6 s stands for five minutes, a load of 1 to 5 s for
minutes, settle 1 s for 30 s, an outage of 2 s for 30 s. Demand is looked at once a second, as by default.
"""
