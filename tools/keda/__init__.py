"""KEDA as it is released, beside a control plane: for `make bench-peers`.

go.mod      its operator and adapter, with the replacements of KEDA's own go.mod
programs    both of them, and its manifests, built once and kept
running     the two processes behind the API server, under KEDA's own account and rights
autoscaler  the HorizontalPodAutoscaler controller in a process of its own, so that its work can be told apart
"""
