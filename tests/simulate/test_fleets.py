"""Trials come back in order from wherever they are lived."""

from datetime import timedelta

import pytest
from distributed import LocalCluster

from builders import START
from poolkeeper.core.arrivals import Arrival
from poolkeeper.core.model import PoolSpec
from poolkeeper.simulate import fleets
from poolkeeper.simulate.fleets import FleetError, live
from poolkeeper.simulate.study import Entrant, Pool, Scene, lived, trials
from poolkeeper.simulate.trace import Trace

MINUTE = timedelta(minutes=1)
TRACE = Trace(START, MINUTE, tuple(Arrival(60.0 * count, 1155, 211) for count in (4, 8, 16, 8)))
POOLS = [
    Pool(name, PoolSpec(1, 4), (Entrant("static"),), MINUTE, timedelta(seconds=2), {}) for name in ("chat", "code")
]
TRIALS = list(trials(POOLS, Scene(), (1.0,), (7, 8)))


@pytest.fixture(scope="module")
def expected():
    return [lived(trial, TRACE) for trial in TRIALS]


@pytest.fixture
def scheduler():
    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        yield cluster.scheduler_address.removeprefix("tcp://")


def nothing(share: float) -> None:
    assert 0 <= share <= 1


def test_processes_come_to_what_one_comes_to(expected, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert live(TRIALS, TRACE, None, nothing) == expected


def test_a_machine_with_one_processor_lives_them_one_by_one(expected, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert live(TRIALS, TRACE, None, nothing) == expected


def test_the_share_that_is_done_grows_up_to_all_of_it(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    told = []
    live(TRIALS, TRACE, None, told.append)
    assert told == [0.25, 0.5, 0.75, 1.0]


def test_the_share_of_all_trials_grows_while_one_is_lived():
    told = []
    fleets.partly(told.append, 1, 4)(0.5)
    assert told == [0.375]


def test_a_dask_cluster_comes_to_what_one_process_comes_to(expected, scheduler):
    assert live(TRIALS, TRACE, f"dask://{scheduler}", nothing) == expected


@pytest.mark.parametrize(
    "on", ["spark://host:1", "dask://host", "host:8786", "dask://host:abc", "dask://host:0", "dask://host:70000"]
)
def test_another_address_is_refused_with_an_example(on):
    with pytest.raises(FleetError, match=r"is no cluster; write it as in dask://scheduler:8786"):
        live(TRIALS, TRACE, on, nothing)


def test_a_cluster_needs_the_extra(monkeypatch):
    monkeypatch.setattr(fleets, "find_spec", lambda _: None)
    with pytest.raises(FleetError, match=r"pip install 'poolkeeper\[dask\]'"):
        live(TRIALS, TRACE, "dask://host:8786", nothing)


def test_a_cluster_that_does_not_answer_is_told(monkeypatch):
    monkeypatch.setattr(fleets, "PATIENCE", "500ms")
    with pytest.raises(FleetError, match=r"no Dask scheduler answers at 127\.0\.0\.1:9"):
        live(TRIALS, TRACE, "dask://127.0.0.1:9", nothing)


def test_what_goes_wrong_in_a_trial_is_told():
    quiet = Trace(START, MINUTE, (Arrival(0.0, 1, 1),) * 2)
    scaled = list(trials(POOLS, Scene(peak_replicas=8), (1.0,), (7,)))
    with pytest.raises(ValueError, match="no peak to scale"):
        live(scaled, quiet, None, nothing)
