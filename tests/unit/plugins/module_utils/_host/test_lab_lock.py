# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import multiprocessing
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import lab_lock


def run(name: str) -> dict[str, Any]:
    return {"id": f"id-of-{name}", "owner": f"{name}@laptop, process 1", "controller": {"name": "laptop", "pid": 1}}


ANN, BOB, EVE = run("ann"), run("bob"), run("eve")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lab/lock.json"


def names(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.parent.iterdir())


def test_take_take_again_and_release(path: Path) -> None:
    held = {"state": "held", "holder": {}, "reason": ""}
    assert lab_lock.take("emon", ANN, path=path) == held
    assert lab_lock.take("emon", ANN, path=path) == held
    assert json.loads(path.read_text())["owner"] == "ann@laptop, process 1"
    assert lab_lock.release(ANN["id"], path=path) == {"state": "free", "holder": {}, "reason": ""}
    assert lab_lock.release(ANN["id"], path=path) == {"state": "free", "holder": {}, "reason": ""}


def test_a_run_that_wrote_nothing_leaves_nothing(path: Path) -> None:
    lab_lock.take("emon", ANN, path=path)
    lab_lock.release(ANN["id"], path=path)
    assert list(path.parent.parent.iterdir()) == []
    lab_lock.take("emon", ANN, path=path)
    (path.parent / "state.json").write_text("")
    lab_lock.release(ANN["id"], path=path)
    assert names(path) == ["state.json"]


GOOD = {
    "run": "id-of-ann", "lab": "emon", "owner": "ann", "controller": {"name": "laptop"}, "since": 1.5, "boot": "now",
}  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        *(
            {**GOOD, key: value}
            for key in GOOD
            for value in (None, [], {}, "x", 7, True)
            if type(value) is not type(GOOD[key]) and not (key == "since" and type(value) is int)
        ),
        {**GOOD, "since": float("nan")},
        {**GOOD, "since": float("inf")},
        {**GOOD, "since": 1e300},
        {**GOOD, "since": -1},
        {**GOOD, "since": 10**400},
        {**GOOD, "more": 1},
        {key: value for key, value in GOOD.items() if key != "run"},
        [], [1], "x", 1, None,
    ],
)  # fmt: skip
def test_a_lock_of_other_types_is_named(path: Path, content: Any) -> None:
    path.parent.mkdir()
    path.write_text(json.dumps(content))
    for write in (True, False):
        with pytest.raises(LabError, match=r"lock\.json is (not a lock|damaged)"):
            lab_lock.take("emon", BOB, write=write, path=path)
    with pytest.raises(LabError, match=r"lock\.json is (not a lock|damaged)"):
        lab_lock.release(BOB["id"], path=path)
    assert lab_lock.take("emon", BOB, force=True, path=path)["state"] == "held"


@pytest.mark.parametrize(
    ("given", "boot", "state", "reason"),
    [
        pytest.param({}, "now", "refused", "", id="another run has it"),
        pytest.param({"ended": EVE["id"]}, "now", "refused", "", id="a third run has ended"),
        pytest.param({"ended": ANN["id"]}, "now", "held", "ended", id="that run has ended"),
        pytest.param({}, "later", "held", "rebooted", id="the host has rebooted"),
        pytest.param({"force": True}, "now", "held", "broken", id="broken by consent"),
        pytest.param({"write": False}, "now", "refused", "", id="check mode"),
        pytest.param({"write": False, "ended": ANN["id"]}, "now", "free", "ended", id="check mode, ended"),
    ],
)
def test_take_what_another_run_has(
    path: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], boot: str, state: str, reason: str
) -> None:
    monkeypatch.setattr(lab_lock, "boot_id", lambda: "now")
    lab_lock.take("emon", ANN, path=path)
    monkeypatch.setattr(lab_lock, "boot_id", lambda: boot)
    taken = lab_lock.take("emon", BOB, path=path, **given)
    assert (taken["state"], taken["reason"]) == (state, reason)
    assert taken["holder"]["owner"] == ANN["owner"]
    assert 0 <= taken["holder"]["age"] < 60
    assert json.loads(path.read_text())["run"] == (BOB if state == "held" else ANN)["id"]


def test_what_fails_between_runs_leaves_nothing_behind(path: Path) -> None:
    with pytest.raises(LabError, match="no room"), lab_lock.between_runs(path):
        raise LabError("no room")
    assert not path.parent.exists()


def test_check_mode_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "lab/lock.json"
    assert lab_lock.take("emon", ANN, write=False, path=path)["state"] == "free"
    assert not path.parent.exists()
    lab_lock.take("emon", ANN, path=path)
    lab_lock.release(ANN["id"], write=False, path=path)
    assert path.exists()


def test_the_lock_of_another_run_is_not_released(path: Path) -> None:
    lab_lock.take("emon", ANN, path=path)
    lab_lock.take("emon", BOB, force=True, path=path)
    released = lab_lock.release(ANN["id"], path=path)
    assert (released["state"], released["holder"]["owner"]) == ("refused", BOB["owner"])
    assert json.loads(path.read_text())["run"] == BOB["id"]


def test_releasing_nothing_makes_nothing(path: Path) -> None:
    lab_lock.release(ANN["id"], path=path)
    assert not path.parent.exists()


@pytest.mark.parametrize(
    ("content", "said"), [("{", "is damaged"), ('{"run": "x"}', "is not a lock: run again with -e break_lock=true")]
)
def test_a_damaged_lock_is_refused_unless_broken(path: Path, content: str, said: str) -> None:
    path.parent.mkdir()
    path.write_text(content)
    with pytest.raises(LabError, match=said):
        lab_lock.take("emon", ANN, path=path)
    assert lab_lock.take("emon", ANN, force=True, path=path)["state"] == "held"
    assert lab_lock.take("emon", ANN, path=path)["state"] == "held"


def contend(index: int, path: Path, start: Any, queue: Any) -> None:
    start.wait()
    queue.put(lab_lock.take("emon", run(str(index)), path=path)["state"])


def test_of_many_that_come_at_once_one_gets_it(path: Path) -> None:
    context = multiprocessing.get_context("fork")
    for _ in range(5):
        start, queue = context.Barrier(8), context.Queue()
        workers = [context.Process(target=contend, args=(index, path, start, queue)) for index in range(8)]
        for worker in workers:
            worker.start()
        states = sorted(queue.get(timeout=20) for _ in workers)
        for worker in workers:
            worker.join()
        assert states == ["held", *["refused"] * 7]
        path.unlink()


def refused(name: str, age: float = 180.0) -> dict[str, Any]:
    holder = {"run": f"id-of-{name}", "lab": "emon", "owner": f"{name}@laptop, process 1", "since": 0.0, "age": age}
    return {"state": "refused", "holder": holder, "reason": ""}


def test_one_line_names_owner_age_and_remedy_for_all_hosts() -> None:
    locks = {
        "emon": refused("ann"),
        "emon2": lab_lock.result("held"),
        "emon3": refused("ann"),
        "emon4": refused("bob"),
    }
    assert lab_lock.faults(locks) == [
        "emon, emon3: another run has the lock of the lab emon: ann@laptop, process 1, since 1970-01-01 00:00:00 UTC"
        " (3 min): let it end; if it is dead, run again with -e break_lock=true",
        "emon4: another run has the lock of the lab emon: bob@laptop, process 1, since 1970-01-01 00:00:00 UTC"
        " (3 min): let it end; if it is dead, run again with -e break_lock=true",
    ]


def test_an_old_lock_looks_stale() -> None:
    assert lab_lock.faults({"emon": refused("ann", age=7500.0)}) == [
        "emon: another run has the lock of the lab emon: ann@laptop, process 1, since 1970-01-01 00:00:00 UTC"
        " (2 h 5 min); no run takes that long, so it looks stale: make sure that it has ended, then run again with"
        " -e break_lock=true"
    ]


def test_no_fault_for_locks_that_are_held_or_free() -> None:
    assert lab_lock.faults({"emon": lab_lock.result("held"), "emon2": lab_lock.result()}) == []


def test_a_clock_that_went_back_makes_no_negative_age(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lab_lock.take("emon", ANN, path=path)
    now = time.time()
    monkeypatch.setattr(lab_lock.time, "time", lambda: now - 3600)
    assert lab_lock.take("emon", BOB, path=path)["holder"]["age"] == 0.0


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.4, "0 s"), (59.9, "59 s"), (60, "1 min"), (3600, "1 h 0 min"), (7500, "2 h 5 min"), (3 * 86400 + 5, "3 d")],
)
def test_duration(seconds: float, expected: str) -> None:
    assert lab_lock.duration(seconds) == expected


@pytest.mark.parametrize(
    "given",
    [
        pytest.param({"since": "now"}, id="since is a text"),
        pytest.param({"since": 1e300}, id="since is no date"),
        pytest.param({"since": -1}, id="since is before the epoch"),
        pytest.param({"controller": []}, id="controller is a list"),
        pytest.param({"controller": {"pid": "1"}}, id="pid is a text"),
        pytest.param({"owner": None}, id="no owner"),
        pytest.param({"more": 1}, id="one key more"),
        pytest.param({"lab": ...}, id="one key less"),
    ],
)
def test_what_is_no_lock_is_told_and_can_be_broken(path: Path, given: dict[str, Any]) -> None:
    lab_lock.take("emon", ANN, path=path)
    found = {**json.loads(path.read_text()), **given}
    path.write_text(json.dumps({key: value for key, value in found.items() if value is not ...}))
    for use in (lambda: lab_lock.take("emon", BOB, path=path), lambda: lab_lock.release(ANN["id"], path=path)):
        with pytest.raises(LabError) as error:
            use()
        assert error.value.faults == [f"{path} is not a lock: run again with -e break_lock=true"]
    assert lab_lock.take("emon", BOB, force=True, path=path)["state"] == "held"
