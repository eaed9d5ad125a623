"""The operator's image without Docker: a Debian root filesystem, the locked dependencies and the wheel of this tree.

`operator/Dockerfile` is what is published; this one is for tests on a machine that can pull nothing. Same user, same
entrypoint, and nothing in it that a read-only root filesystem would break.

archive     a docker archive, written by hand
base        Debian's root filesystem, made once and kept
build       the operator on top of it
"""
