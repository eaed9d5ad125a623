import os
import signal
import subprocess

from controlplane import followers


def sleeper(kubeconfig):
    return subprocess.Popen(["sleep", "300"], env={**os.environ, "KUBECONFIG": str(kubeconfig)})  # noqa: S607  a stand-in


def test_what_was_left_in_the_background_ends_with_its_cluster(tmp_path):
    process = sleeper(tmp_path / "admin.kubeconfig")
    followers.end(tmp_path / "admin.kubeconfig")
    assert process.wait(10) == -signal.SIGTERM


def test_who_follows_another_cluster_goes_on(tmp_path):
    process = sleeper(tmp_path / "other.kubeconfig")
    followers.end(tmp_path / "admin.kubeconfig")
    assert process.poll() is None
    process.kill()
    process.wait()
