"""Where demand is read: the pods' pages, Prometheus, and whatever else knows a queue.

What fails ends in a Reading, never in an exception.
"""
