# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The branch on which the machine sits: refused without force; with it, the old state comes back unless confirmed."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology import rollback
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology.run import run

from . import iproute2

UPLINK = "uplink0"
_SESSION = """
import ctypes, socket, sys
ctypes.CDLL(None).prctl(15, b"sshd")
server = socket.create_server(("192.0.2.2", 2222))
print("listening", flush=True)
connection = server.accept()[0]
print("accepted", flush=True)
sys.stdin.read()
"""


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


@pytest.fixture
def _uplink() -> Iterator[None]:
    """An interface of "the machine" with an address and the default route; its other end is in another namespace."""
    ip("netns", "add", "tp-outside")
    ip("link", "add", UPLINK, "mtu", "1500", "type", "veth", "peer", "name", "far", "netns", "tp-outside")
    ip("-n", "tp-outside", "addr", "add", "192.0.2.1/24", "dev", "far")
    ip("-n", "tp-outside", "link", "set", "far", "up")
    ip("addr", "add", "192.0.2.2/24", "dev", UPLINK)
    ip("link", "set", UPLINK, "up")
    ip("route", "add", "default", "via", "192.0.2.1", "metric", "100", "proto", "dhcp")
    yield
    ip("link", "del", UPLINK)
    ip("netns", "del", "tp-outside")
    subprocess.run(["ip", "link", "del", "tp-br"], check=False, capture_output=True)


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], None]]:
    """What the process in the background would do, for the test to do when it is ready: no race with its time."""
    works: list[Callable[[], None]] = []
    monkeypatch.setattr(rollback, "SECONDS", 1)
    monkeypatch.setattr(rollback, "_in_background", works.append)
    return works


def bridge(**more: Any) -> dict[str, Any]:
    force = more.pop("force", False)
    return {"name": None, "state": "present", "force": force, "bridges": [{"name": "tp-br", **more}]}


def uplink(**more: Any) -> dict[str, Any]:
    state, force = more.pop("state", "present"), more.pop("force", False)
    return {"name": None, "state": state, "force": force, "veths": [{"name": UPLINK, **more}]}


def state() -> Any:
    """Everything of the machine's own namespace that a person would miss."""
    found = iproute2.links("")
    return {name: {**link, "index": None} for name, link in found.items()}, iproute2.routes("")


@pytest.mark.usefixtures("_uplink")
@pytest.mark.parametrize(
    ("options", "step"),
    [
        (bridge(ports=[UPLINK]), f"make port {UPLINK} in the machine's own namespace a port of tp-br"),
        (uplink(mtu=1400), f"set mtu of veth {UPLINK} in the machine's own namespace to 1400"),
        (
            uplink(mac="02:00:00:00:00:01"),
            f"set mac of veth {UPLINK} in the machine's own namespace to 02:00:00:00:00:01",
        ),
        (uplink(addresses=["192.0.2.3/24"]), f"remove 192.0.2.2/24 from veth {UPLINK} in the machine's own namespace"),
        (uplink(up=False), f"set veth {UPLINK} in the machine's own namespace down"),
        (uplink(state="absent"), f"remove veth {UPLINK} in the machine's own namespace"),
    ],
)
@pytest.mark.parametrize("check_mode", [True, False])
def test_what_carries_the_default_route_is_not_cut(options: dict[str, Any], step: str, check_mode: bool) -> None:
    before = state()
    with pytest.raises(LabError) as raised:
        run(options, check_mode)
    assert raised.value.faults == [
        f"{step}: {UPLINK} carries the default route: choose another interface, or set force,"
        " with which the old state comes back by itself unless confirmed"
    ]
    assert state() == before


@pytest.mark.usefixtures("_uplink")
def test_another_default_route_needs_force() -> None:
    options = {"name": "tp-route", "state": "present", "routes": [{"to": "default", "via": "192.0.2.9"}]}
    with pytest.raises(LabError, match="the machine has a default route already: set force to replace it"):
        run(options, check_mode=False)


@pytest.mark.usefixtures("_uplink")
def test_an_address_more_cuts_nothing() -> None:
    assert run(uplink(addresses=["192.0.2.2/24", "192.0.2.77/24"]), check_mode=False)["changed"] is True


@pytest.mark.usefixtures("_uplink")
def test_an_ssh_session_is_not_cut() -> None:
    ip("route", "del", "default")
    with subprocess.Popen(
        [sys.executable, "-c", _SESSION], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout and server.stdin
        assert server.stdout.readline() == "listening\n"
        with socket.create_connection(("192.0.2.2", 2222), timeout=5):
            assert server.stdout.readline() == "accepted\n"
            with pytest.raises(LabError, match=f"{UPLINK} carries an SSH session"):
                run(uplink(mtu=1400), check_mode=False)
        server.stdin.close()
    assert run(uplink(mtu=1400), check_mode=False)["changed"] is True


@pytest.mark.usefixtures("_uplink")
def test_the_connection_is_not_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    ip("route", "del", "default")
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.1 40000 192.0.2.2 22")
    with pytest.raises(LabError, match=f"{UPLINK} carries the connection that Ansible came by"):
        run(uplink(mtu=1400), check_mode=False)


@pytest.mark.usefixtures("_uplink")
@pytest.mark.parametrize(
    "options",
    [
        bridge(ports=[UPLINK], addresses=["192.0.2.2/24"], force=True),
        uplink(mtu=1400, mac="02:00:00:00:00:01", addresses=[], force=True),
        uplink(up=False, force=True),
    ],
    ids=["enslaved", "readdressed", "down"],
)
def test_forced_and_not_confirmed_the_old_state_comes_back(
    options: dict[str, Any], waiting: list[Callable[[], None]]
) -> None:
    before = state()
    assert run(options, check_mode=False)["reverts_in"] == 1
    assert state() != before
    waiting.pop()()
    assert state() == before
    assert rollback.pending() == []


@pytest.mark.usefixtures("_uplink")
def test_a_removed_bridge_comes_back_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the process that waits in the background: the others call what it does when its time has come."""
    monkeypatch.setattr(rollback, "SECONDS", 4)
    ip("addr", "flush", "dev", UPLINK)
    run(bridge(ports=[UPLINK], addresses=["192.0.2.2/24"], stp=True), check_mode=False)
    ip("route", "add", "default", "via", "192.0.2.1", "metric", "100")
    before = state()
    run({**bridge(force=True), "state": "absent"}, check_mode=False)
    assert "tp-br" not in iproute2.links("")
    wait_for(lambda: state() == before)


@pytest.mark.usefixtures("_uplink")
def test_a_next_task_confirms(waiting: list[Callable[[], None]]) -> None:
    options = bridge(ports=[UPLINK], addresses=["192.0.2.2/24"], force=True)
    run(options, check_mode=False)
    assert run(options, check_mode=True)["reverts_in"] is None
    assert len(rollback.pending()) == 1, "check mode confirms nothing"
    assert run(options, check_mode=False)["changed"] is False
    assert rollback.pending() == []
    after = state()
    waiting.pop()()
    assert state() == after


@pytest.mark.usefixtures("_uplink")
def test_a_link_that_could_not_come_back_is_not_removed_even_with_force() -> None:
    with pytest.raises(LabError, match="is a veth, and once removed it cannot come back by itself"):
        run(uplink(state="absent", force=True), check_mode=False)


@pytest.mark.usefixtures("_uplink")
def test_absent_of_a_topology_does_not_cut_what_somebody_led_over_it() -> None:
    """The machine's default route leads over the topology's bridge, and the topology did not put it there."""
    ip("addr", "flush", "dev", UPLINK)
    run({**bridge(ports=[UPLINK], addresses=["192.0.2.2/24"]), "name": "tp-lifeline"}, check_mode=False)
    ip("route", "add", "default", "via", "192.0.2.1")
    absent = {"name": "tp-lifeline", "state": "absent"}
    with pytest.raises(LabError, match="tp-br carries the default route"):
        run(absent, check_mode=False)
    ip("route", "del", "default")
    assert run(absent, check_mode=False)["changed"] is True


def wait_for(reached: Any) -> None:
    deadline = time.monotonic() + 60
    while not reached() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert reached()
