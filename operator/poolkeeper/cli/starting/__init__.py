"""`poolkeeper init`: a good first pool for a workload, with the reason beside each line.

facts.py       what is known of a workload before it has a pool
look.py        the cluster -> facts
images.py      an image and its arguments -> the engine, where no pod can be asked
bounds.py      facts, history -> the bounds and the windows, with where they are from
lines.py       lines of YAML with their comments, as wide as people read
manifest.py    facts -> the pool's lines
remarks.py     facts -> what is to be done besides
"""
