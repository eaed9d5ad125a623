"""Where queue depth is read: engines' own pages on the pods, and Prometheus. Each look ends in a core Reading."""
