import json
from types import SimpleNamespace

import figures
import pytest
import spot
import spot_reclaims
from spot_account import Row
from spot_reclaims import Outcome, reaction

from rig.record import Change

ROW = Row("zone-a", "spot, no fallback", 99.5, 99.9, 12.34, 7, 352, 3022, 3777.2, 35.7, 62)
EKS, KARPENTER = Outcome([0.1, 0.3, 0.2], 0), Outcome([0.5], -1)


def pool(*changes):
    return SimpleNamespace(name="chat", space=SimpleNamespace(record=SimpleNamespace(changes=lambda _: changes)))


def test_reaction_is_from_the_notice_to_the_first_change_after_it():
    assert reaction(pool(Change(1.0, 1), Change(10.5, 2), Change(11.0, 3)), 10.0) == 0.5


def test_pool_that_does_not_react_ends_the_run(monkeypatch):
    monkeypatch.setattr(spot_reclaims, "LIMIT", 0.0)
    with pytest.raises(TimeoutError, match="chat: more on on-demand"):
        reaction(pool(Change(1.0, 1)), 10.0)


def test_file_holds_the_taints_latencies_the_worst_of_both_and_the_rows():
    written = spot.content(EKS, KARPENTER, [ROW])
    assert written["taint_to_patch_seconds"] == {"n": 3, "min": 0.1, "median": 0.2, "p95": 0.29, "max": 0.3}
    assert (written["min_ready_minus_wanted"], written["replay"]["rows"][0]["cost_percent"]) == (-1, 35.7)


def test_what_is_told_is_written_down(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(figures, "OUT", tmp_path)
    spot.tell(EKS, KARPENTER, [ROW])
    written = json.loads((tmp_path / "bench-spot.json").read_text())
    assert (written, ROW.line() in capsys.readouterr().out) == (spot.content(EKS, KARPENTER, [ROW]), True)


def test_without_the_trace_there_is_no_replay(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("POOLKEEPER_TRACES", str(tmp_path))
    assert spot.replayed() == []
    assert "POOLKEEPER_TRACES" in capsys.readouterr().out
