"""The operator as people install it: its image, the chart by helm, its own account, pods that a kubelet runs.

place       where: a local cluster with a real node, kind, or the cluster of the current context
engines     what the pools keep: the fleet on pretended GPU nodes, or pods that play an engine
release     the chart, installed; who leads; its upgrade and its rollback
sizes       every size that a Deployment was given meanwhile, by a watch
tokens      the key that signs the tokens of accounts, made anew

Only the local cluster has an audit log and keys that may be changed; what cannot be tried elsewhere is skipped there,
and the summary says so.
"""
