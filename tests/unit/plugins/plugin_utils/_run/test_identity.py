# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import multiprocessing
import os
import subprocess
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.processes import Process
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._run import identity as run_identity

MACHINES_OWN = "pid:[4026531836]"


def controller(**given: Any) -> dict[str, Any]:
    return {
        "machine": "id-of-laptop",
        "name": "laptop",
        "namespace": MACHINES_OWN,
        "pid": 4711,
        "start": 100,
        "boot": "today",
        **given,
    }


def in_a_worker(queue: Any) -> None:
    queue.put(run_identity.this_run())


def test_all_workers_of_a_process_are_one_run() -> None:
    own = run_identity.this_run()
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    workers = [context.Process(target=in_a_worker, args=(queue,)) for _ in range(2)]
    for worker in workers:
        worker.start()
    found = [queue.get(timeout=10) for _ in workers]
    for worker in workers:
        worker.join()
    assert found == [own, own]
    assert own["controller"]["pid"] == os.getpid()
    assert own["owner"].endswith(f"@{own['controller']['name']}, process {os.getpid()}")


@pytest.mark.parametrize(("sudo_user", "expected"), [("ann", "ann@"), ("", "root@")])
def test_owner_is_who_used_sudo(monkeypatch: pytest.MonkeyPatch, sudo_user: str, expected: str) -> None:
    monkeypatch.setenv("SUDO_USER", sudo_user)
    monkeypatch.setattr(run_identity.getpass, "getuser", lambda: "root")
    assert run_identity.this_run()["owner"].startswith(expected)


def test_owner_without_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> str:
        raise KeyError("getpwuid(): uid not found: 1000710000")

    monkeypatch.delenv("SUDO_USER", raising=False)
    monkeypatch.setattr(run_identity.getpass, "getuser", unknown)
    assert run_identity.this_run()["owner"].startswith(f"{os.getuid()}@")


def test_runs_differ_where_there_is_no_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    own = run_identity.this_run()
    monkeypatch.setattr(run_identity.Process, "of", lambda _pid: None)
    one, again = run_identity.this_run(), run_identity.this_run()
    assert one == again
    assert one["id"] != own["id"]
    assert not run_identity.has_ended(one["controller"], one["controller"])


@pytest.mark.parametrize(
    ("record", "own", "expected"),
    [
        pytest.param({"boot": "yesterday"}, {}, True, id="the controller has rebooted"),
        pytest.param({"boot": "yesterday", "machine": "other"}, {}, False, id="another controller"),
        pytest.param({"boot": "yesterday", "name": "other"}, {}, False, id="a copy of the controller"),
        pytest.param({"boot": "yesterday", "machine": ""}, {"machine": ""}, False, id="a controller without an id"),
        pytest.param({"boot": "yesterday", "namespace": "pid:[1]"}, {}, False, id="a container"),
        pytest.param({"boot": "yesterday"}, {"namespace": "pid:[1]"}, True, id="from a container of the machine's"),
        pytest.param({"namespace": "pid:[1]"}, {}, False, id="a container of this boot"),
        pytest.param({"boot": ""}, {"boot": ""}, False, id="no Linux"),
        pytest.param({"boot": "yesterday", "macs": ["a"]}, {"macs": ["a"]}, True, id="rebooted, with its own cards"),
        # A virtual machine and its clone share id, name and, where it was cloned while it ran, boot and processes.
        pytest.param({"boot": "yesterday", "macs": ["a"]}, {"macs": ["b"]}, False, id="a clone of the controller"),
        pytest.param({"pid": 2**22 + 1, "macs": ["a"]}, {"macs": ["b"]}, False, id="a clone of the running controller"),
        pytest.param({"pid": 2**22 + 1, "macs": ["a"]}, {"macs": ["a"]}, True, id="a process of this boot"),
        pytest.param({"pid": "x"}, {}, False, id="a process id of letters"),
        pytest.param({"start": None}, {}, False, id="no start"),
        pytest.param({"pid": -1}, {}, False, id="no process id"),
        pytest.param({"boot": "yesterday", "macs": "a"}, {"macs": ["a"]}, False, id="no list"),
    ],
)
def test_whether_a_run_has_ended(record: dict[str, Any], own: dict[str, Any], expected: bool) -> None:
    assert run_identity.has_ended(controller(**record), controller(**own)) is expected


@pytest.mark.parametrize("record", [{}, {"boot": "today"}, [], None, "x", {"boot": ["x"], "namespace": MACHINES_OWN}])
def test_what_is_no_controller_has_not_certainly_ended(record: Any) -> None:
    assert run_identity.has_ended(record, controller()) is False


def test_a_process_of_this_controller_is_looked_up() -> None:
    own = run_identity.this_run()["controller"]
    with subprocess.Popen(["sleep", "60"]) as child:
        process = Process.of(child.pid)
        assert process
        record = {**own, **process.to_record()}
        assert not run_identity.has_ended(record, own)
        # The id of a process that has gone, as a stranger's.
        assert run_identity.has_ended({**record, "start": process.start + 1}, own)
        child.kill()
        child.wait()
        assert run_identity.has_ended(record, own)


def test_a_hidden_process_has_not_certainly_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_pid: int, _signal: int) -> None:
        raise PermissionError

    own = run_identity.this_run()["controller"]
    record = {**own, "pid": 2**22 + 1}
    assert run_identity.has_ended(record, own)
    monkeypatch.setattr(run_identity.os, "kill", refuse)
    assert not run_identity.has_ended(record, own)
