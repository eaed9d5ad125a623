"""Where demand is read: the pods' pages, and Prometheus. What fails ends in a Reading, never in an exception."""
