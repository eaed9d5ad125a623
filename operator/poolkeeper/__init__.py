"""Poolkeeper keeps GPU inference pools as large as their queues need, and can always say why."""
