# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._boot import before_dockerd, links, main, managers
from ansible_collections.emon.overlay_lab.plugins.module_utils._core import programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.systemd import Unit

VAIN = 'level=error msg="Error in joining gossip cluster : could not join node to memberlist(join will be retried)"'


@pytest.mark.parametrize(("store", "asked"), [(True, ["endpoints"]), (False, ["managers"])])
def test_it_is_done_once_a_boot_by_what_dockerd_has(
    store: bool, asked: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    monkeypatch.setattr(before_dockerd, "_MARK", tmp_path / "run/mark")
    monkeypatch.setattr(managers, "MARK", tmp_path / "run/asked")
    monkeypatch.setattr(before_dockerd.settings, "read", lambda: {"cluster-store": "etcd://x"} if store else {})
    monkeypatch.setattr(before_dockerd.endpoints, "forget", lambda _say: done.append("endpoints"))
    monkeypatch.setattr(before_dockerd.managers, "of_worker", list)
    monkeypatch.setattr(before_dockerd.managers, "wait", lambda _say, _addresses: done.append("managers"))
    for _start in range(2):
        before_dockerd.prepare(print)
    assert done == asked
    managers.MARK.touch()
    before_dockerd.leave()
    before_dockerd.leave()
    assert list(tmp_path.iterdir()) == []


def test_a_restart_of_a_dockerd_that_ran_already_is_no_boot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(before_dockerd, "_MARK", tmp_path / "run/mark")
    monkeypatch.setattr(before_dockerd.settings, "read", lambda: pytest.fail("it was taken for a boot"))
    before_dockerd.note_start()
    before_dockerd.prepare(print)


def test_links_are_made_again_between_two_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links.lab_lock, "between_runs", contextlib.nullcontext)
    said: list[str] = []
    for there in (False, True):
        monkeypatch.setattr(links.links, "again", lambda there=there: there)
        links.make_again(said.append)
    assert said == ["the links are as the lab file asks"]


@pytest.mark.parametrize("word", ["before-dockerd", "containers"])
def test_what_it_started_ends_with_it_when_systemd_stops_it(
    word: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """docker.service has KillMode=process: nobody else ends them."""
    children: list[programs.Running] = []

    def stopped(_say: object) -> None:
        command = [sys.executable, "-c", "import time; time.sleep(60)"]
        with programs.running(command, tmp_path / "log") as child:
            children.append(child)
            os.kill(os.getpid(), signal.SIGTERM)
            pytest.fail("it went on")

    monkeypatch.setattr(main.before_dockerd, "prepare", stopped)
    monkeypatch.setattr(main.containers, "bring_up", stopped)
    monkeypatch.setattr(main, "missing", lambda _library: [])
    # Else the test itself would end.
    former = signal.signal(signal.SIGTERM, lambda *_given: None)
    try:
        with pytest.raises(SystemExit) as ended:
            main.main([word])
    finally:
        signal.signal(signal.SIGTERM, former)
    # As of a service that was stopped, and did not fail.
    assert ended.value.code == 0
    assert children[0].returncode == -signal.SIGTERM


@pytest.mark.parametrize(
    ("content", "addresses"),
    [
        (
            json.dumps([{"node_id": "n", "addr": "10.0.0.116:2377"}, {"addr": "10.0.0.118:2377"}]),
            ["10.0.0.116", "10.0.0.118"],
        ),
        ("[]", []),
        ("null", []),
        ("[{", []),
    ],
)
def test_a_worker_knows_its_managers(content: str, addresses: list[str], tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text(content)
    assert managers.of_worker(tmp_path) == addresses
    (tmp_path / "raft").mkdir()
    (tmp_path / "raft/log").touch()
    assert managers.of_worker(tmp_path) == []
    assert managers.of_worker(tmp_path / "nothing") == []


def test_a_manager_that_gossips_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as heard:
        monkeypatch.setattr(managers.gossip, "_PORT", heard.getsockname()[1])
        managers.wait(said.append, ["127.0.0.1"])
    managers.wait(said.append, [])
    assert said == []
    monkeypatch.setattr(managers, "_PATIENCE_SECONDS", 0.1)
    managers.wait(said.append, ["127.0.0.1"])
    assert said == ["no manager of the swarm gossips yet (127.0.0.1): dockerd starts without"]


@pytest.mark.parametrize(
    ("journal", "there", "others", "said", "restarted"),
    [
        pytest.param([], True, [], "", False, id="it was heard"),
        pytest.param([VAIN], False, [], "", False, id="no manager is there yet"),
        pytest.param([VAIN], True, [], "it is restarted", True, id="nobody's loss"),
        pytest.param([VAIN], True, ["web"], "is not restarted, because web would stop", False, id="somebody's loss"),
    ],
)
def test_dockerd_asks_again_where_that_stops_nobodys_container(
    journal: list[str],
    there: bool,
    others: list[str],
    said: str,
    restarted: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ran: list[list[str]] = []
    lines: list[str] = []
    _dockerd_said(journal, there, others, ran, monkeypatch)
    monkeypatch.setattr(managers, "MARK", tmp_path / "run/asked")
    managers.ask_again(lines.append, ["10.0.0.116"])
    assert bool(ran) == restarted
    assert lines == [] if not said else lines[0].endswith(said)


def test_dockerd_is_restarted_for_it_once_in_a_boot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it asks in vain for another reason, the unit that begins anew with it would restart it for ever."""
    ran: list[list[str]] = []
    lines: list[str] = []
    _dockerd_said([VAIN], True, [], ran, monkeypatch)
    monkeypatch.setattr(managers, "MARK", tmp_path / "run/asked")
    for _pass in range(2):
        managers.ask_again(lines.append, ["10.0.0.116"])
    assert len(ran) == 1
    assert lines[-1].endswith("and a restart did not help: see journalctl -u docker")


def _dockerd_said(
    journal: list[str], there: bool, others: list[str], ran: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = Unit("docker.service", exists=True, active=True, enabled=True)
    monkeypatch.setattr(managers.systemd, "units", lambda _name: [unit])
    monkeypatch.setattr(managers.systemd, "journal", lambda _name, _since: journal)
    monkeypatch.setattr(managers.gossip, "answers", lambda _address: there)
    monkeypatch.setattr(managers, "_others", lambda: others)
    monkeypatch.setattr(managers.programs, "output", ran.append)
