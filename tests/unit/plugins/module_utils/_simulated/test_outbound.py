# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.processes import Process
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.state_files import read_json, write_json
from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated import host as simulated_host
from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated import outbound
from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated.host import SimulatedHost

SITES = ["10.0.0.0/24", "192.168.1.0/24"]
_ROUTES = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"
_DEFAULT = "eth0 00000000 0100000A 0003 0 0 0 00000000 0 0 0\n"
_UNREACHABLE = "* 00000000 00000000 0201 0 0 0 00000000 0 0 0\n"
MINE = Process.of(os.getpid())
ENDED = {"pid": 1, "start": 0, "boot": "another"}


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SimulatedHost:
    """A host that runs, as this very process, of an image that has resolvers."""
    assert MINE
    monkeypatch.setattr(simulated_host, "HOSTS", tmp_path)
    monkeypatch.setattr(simulated_host, "IMAGES", tmp_path)
    (tmp_path / "image/etc").mkdir(parents=True)
    (tmp_path / "image/etc/resolv.conf").write_text("nameserver 192.0.2.1\n", encoding="ascii")
    record = {"lab": "emon", "release": "bookworm", "image": "image", "ready": True}
    write_json(tmp_path / "emon/host.json", record | dict.fromkeys(("supervisor", "leader"), MINE.to_record()))
    return SimulatedHost("emon")


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What is done to the host; the process that leads out is this one, and nothing is ended."""
    done: list[tuple[Any, ...]] = []

    def lead(
        _directory: Path, _namespace: Path, _leader: Process, kept: Sequence[str], on_process: Callable[[Process], None]
    ) -> None:
        assert MINE
        on_process(MINE)
        done.append(("lead", kept))

    monkeypatch.setattr(outbound, "lead", lead)
    monkeypatch.setattr(outbound, "close", lambda _leader, kept, resolvers: done.append(("close", kept, resolvers)))
    monkeypatch.setattr(Process, "end", lambda process, *_how: done.append(("end", process.pid)) or True)
    return done


def _start(host: SimulatedHost, wanted: bool | None, kept: Sequence[str] = SITES) -> None:
    host.start("emon", "bookworm", wanted, kept)
    assert host.led_out(wanted, kept)
    assert host.led_out(None)


def test_a_way_out_is_made_once_and_kept(host: SimulatedHost, calls: list) -> None:
    _start(host, False)
    assert calls == []
    _start(host, True)
    assert calls == [("lead", SITES)]
    _start(host, True)
    _start(host, None)
    assert calls == [("lead", SITES)]


def test_it_follows_the_sites_and_goes(host: SimulatedHost, calls: list) -> None:
    _start(host, True)
    _start(host, True, SITES[:1])
    closed = ("close", SITES, "nameserver 192.0.2.1\n")
    assert calls == [("lead", SITES), ("end", os.getpid()), closed, ("lead", SITES[:1])]
    _start(host, False)
    assert calls[-2:] == [("end", os.getpid()), ("close", SITES[:1], "nameserver 192.0.2.1\n")]
    assert not host.led_out(True, SITES)


def test_one_whose_process_ended_is_made_again(host: SimulatedHost, calls: list) -> None:
    _start(host, True)
    write_json(host.directory / "host.json", {**read_json(host.directory / "host.json"), "pasta": ENDED})
    assert not host.led_out(None)
    _start(host, None)
    assert calls[-1] == ("lead", SITES)


@pytest.mark.parametrize(
    ("program", "device", "routes", "expected"),
    [
        ("/usr/bin/pasta", "tun", _DEFAULT, []),
        (None, "tun", _DEFAULT, ["the program pasta is missing on this machine: install passt"]),
        ("/usr/bin/pasta", "no", _DEFAULT, ["this machine has no {tun}: load the kernel's module tun (modprobe tun)"]),
        (
            "/usr/bin/pasta",
            "tun",
            _UNREACHABLE,
            ["this machine has no default route of IPv4 itself: connect it, or take outbound away"],
        ),
    ],
)
def test_what_a_machine_lacks_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str | None, device: str, routes: str, expected: list[str]
) -> None:
    (tmp_path / "tun").touch()
    (tmp_path / "route").write_text(_ROUTES + routes, encoding="ascii")
    monkeypatch.setattr(outbound.shutil, "which", lambda _program: program)
    monkeypatch.setattr(outbound, "_TUN", tmp_path / device)
    assert outbound.faults(tmp_path) == [f"outbound: {line.format(tun=tmp_path / device)}" for line in expected]


def test_nothing_of_the_machine_leads_to_the_host() -> None:
    command = " ".join(outbound._command(Path("/run/netns/emon")))
    for direction in ("--tcp-ports none", "--udp-ports none", "--tcp-ns none", "--udp-ns none"):
        assert direction in command
