"""The rules, pure: standard library only, `now` is an argument, nothing logs and nothing waits.

Read decide.py first: it is the table of contents. Each stage is one small file beside it.
"""
