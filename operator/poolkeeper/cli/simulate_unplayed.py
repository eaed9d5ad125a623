"""What of a pool a study does not play, or judges by another measure than the pool does."""

from collections.abc import Iterator

from poolkeeper.api.spec import Spec


def unplayed(spec: Spec, name: str) -> Iterator[str]:
    """Yield what a pool's row does not tell of it."""
    if spec.replicas is not None:
        yield f"{name}: its pin, replicas: {spec.replicas}, is not played: the queue decides here"
    if spec.peer_ref is not None:
        yield f"{name}: peerRef is not played: the pool is lived alone, without {spec.peer_ref.name}"
    if spec.batch is not None:
        yield (
            f"{name}: batch is judged by how long requests wait, as anywhere, and not by its deadline of "
            f"{spec.batch.deadline}: work that waits for a cheap hour counts as late here"
        )
