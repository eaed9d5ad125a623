"""What would have been: histories of traffic, lived through in the core's world by the same decide() that runs pools.

Nothing here reads a clock, a file or a server: a history comes in as a Series, an answer goes out as data. Read
recommend.py first: it is the table of contents.
"""
