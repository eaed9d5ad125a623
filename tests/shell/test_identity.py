import subprocess
import sys
from contextlib import closing

import pytest

from poolkeeper.shell import identity


@pytest.fixture
def lease(request):
    return f"system/{request.node.name}"


def test_it_is_the_same_after_a_restart(lease):
    with closing(identity.claim(lease, "pod")) as first:
        pass
    with closing(identity.claim(lease, "pod")) as second:
        assert second.name == first.name


def test_two_processes_never_share_it(lease):
    with closing(identity.claim(lease, "pod")) as first, closing(identity.claim(lease, "pod")) as second:
        assert second.name != first.name


def test_the_kernel_frees_it_when_a_process_dies(lease):
    program = f"import os; from poolkeeper.shell import identity; print(identity.claim({lease!r}, 'pod').name); "
    dead = subprocess.run(  # noqa: S603  our own words
        [sys.executable, "-c", program + "import sys; sys.stdout.flush(); os.kill(os.getpid(), 9)"],
        capture_output=True,
        text=True,
        check=False,
    )
    with closing(identity.claim(lease, "pod")) as heir:
        assert heir.name == dead.stdout.strip()


def test_another_process_that_lives_keeps_it(lease):
    claim = f"from poolkeeper.shell import identity; own = identity.claim({lease!r}, 'pod'); "
    program = claim + "print(own.name, flush=True); input()"
    with subprocess.Popen(  # noqa: S603  our own words
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        theirs = other.stdout.readline().strip()
        with closing(identity.claim(lease, "pod")) as ours:
            assert ours.name != theirs
        other.communicate("")


def test_different_leases_do_not_meet(lease):
    with closing(identity.claim(lease, "pod")) as first, closing(identity.claim(lease + "2", "pod")) as second:
        assert second.name == first.name


def test_it_is_named_after_the_pod(lease, monkeypatch):
    monkeypatch.setenv("POD_NAME", "poolkeeper-7d9")
    with closing(identity.claim(lease)) as own:
        assert own.name.startswith("poolkeeper-7d9_")


def test_another_boot_or_network_makes_another_name(lease, monkeypatch, tmp_path):
    with closing(identity.claim(lease, "pod")) as here:
        (tmp_path / "boot").write_text("another")
        monkeypatch.setattr(identity, "_BOOT", tmp_path / "boot")
        with closing(identity.claim(lease, "pod")) as elsewhere:
            assert elsewhere.name != here.name


def test_where_the_system_tells_nothing_every_name_is_new(lease, monkeypatch, tmp_path):
    monkeypatch.setattr(identity, "_BOOT", tmp_path / "missing")
    assert identity.claim(lease, "pod").name != identity.claim(lease, "pod").name
