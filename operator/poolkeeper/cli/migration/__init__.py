"""`poolkeeper migrate`: other scalers' objects -> InferencePools, and what is not the same about them.

objects.py      the objects that were given, by the workload that each of them scales
places.py       the addresses in them -> the names that pools may say
fields.py       the fields that must be numbers, or certain words
addresses.py    the servers in KEDA's triggers -> what may be shown of them; databases and vhosts
matchers.py     whether labels name the workload itself, so that its pods can be asked
triggers.py     a KEDA trigger -> what it measures, or why that cannot be read
crons.py        KEDA's cron triggers -> windows; both lived for a year, for what differs
metrics.py      a HorizontalPodAutoscaler's metric -> what it measures
signals.py      what is measured -> the queue's sources and thresholds
behavior.py     how fast a HorizontalPodAutoscaler may go -> the queue's steps and grace
keda.py hpa.py  one object -> its part of the pool
downscaler.py   kube-downscaler's annotations -> the pool's schedule
pools.py        all parts of a workload -> its pool, with notes
changeover.py   the commands that hand a workload over, and never leave it with two writers
replayed.py     the original and the pool on the same traffic
written.py      the answer as YAML, as text and as JSON

Each is pure but for the last two, and knows only the fields that it names.
"""
