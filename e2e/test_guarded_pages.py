"""Engines whose pages want TLS and a bearer token: taken from a Secret, told in words that name what to do."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from rig.guarded import GuardedPages
from rig.manifests import pool, published
from rig.space import Space

pytestmark = pytest.mark.lasts(40)

BEARER = "e2e-s3cr3t"


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[GuardedPages]:
    """The pages of all pretended pods, guarded."""
    with GuardedPages(tmp_path, BEARER) as served:
        yield served


def keep(space: Space, name: str, pages: GuardedPages, token: str = BEARER) -> None:
    """Put the token and the authority into a Secret of the pool's name."""
    body: dict[str, Any] = {"metadata": {"name": name}, "stringData": {"token": token, "ca.crt": pages.trusted}}
    space.api.post(f"/api/v1/namespaces/{space.name}/secrets", body)


def start(space: Space, name: str, pages: GuardedPages) -> None:
    """Make a pool whose pods are asked as the pages want to be asked."""
    space.deploy(name)
    space.create(pool(name, published(sources=[pages.source(name)])))


def said(space: Space, name: str, reason: str) -> str:
    """Return what MetricsAvailable says once it has this reason."""
    return str(space.wait_for_condition(name, "MetricsAvailable", reason)["message"])


def test_a_guarded_queue_sizes_a_pool_and_nobody_tells_the_token(shared: Space, pages: GuardedPages) -> None:
    keep(shared, "guarded", pages)
    pages.show(750)
    start(shared, "guarded", pages)
    shared.wait_for_size("guarded", 3)
    assert BEARER not in shared.story()


def test_a_token_that_rotates_is_taken_up_soon(shared: Space, pages: GuardedPages) -> None:
    keep(shared, "rotated", pages, "an old one")
    start(shared, "rotated", pages)
    # A token is one word: what is none is not sent at all.
    assert "is no token" in said(shared, "rotated", "MetricGarbage")
    secret = f"/api/v1/namespaces/{shared.name}/secrets/rotated"
    shared.api.patch(secret, {"stringData": {"token": "old"}})
    assert "answered 401: it wants another token (tokenSecretRef)" in said(shared, "rotated", "MetricRefused")
    shared.api.patch(secret, {"stringData": {"token": BEARER}})
    said(shared, "rotated", "AsExpected")


def test_a_secret_that_is_made_later_is_found(shared: Space, pages: GuardedPages) -> None:
    start(shared, "unkept", pages)
    assert f"there is no secret 'unkept' in {shared.name}" in said(shared, "unkept", "MetricRefused")
    keep(shared, "unkept", pages)
    said(shared, "unkept", "AsExpected")


def test_a_certificate_that_expires_holds_the_size_until_it_is_renewed(shared: Space, pages: GuardedPages) -> None:
    keep(shared, "expired", pages)
    start(shared, "expired", pages)
    said(shared, "expired", "AsExpected")
    pages.certify(timedelta(minutes=-1))
    assert "has expired: renew it on the pod" in said(shared, "expired", "MetricRefused")
    assert shared.sizes("expired") == [2]
    pages.certify()
    said(shared, "expired", "AsExpected")
