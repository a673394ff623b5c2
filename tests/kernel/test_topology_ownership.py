# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is whose: after a reboot, with a lost record, with a process inside, and beside other people's things."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology import record as records
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology.run import run

from . import iproute2
from .judge import whole_state

NAME = "tp-own"
WANTED: dict[str, Any] = {
    "name": NAME,
    "state": "present",
    "prune": True,
    "namespaces": [{"name": "tpu"}, {"name": "tpa"}],
    "bridges": [{"name": "br0", "netns": "tpu", "mtu": 1500}],
    "veths": [
        {
            "name": "eth0",
            "netns": "tpa",
            "addresses": ["10.0.0.116/24"],
            "peer": {"name": "a", "netns": "tpu", "master": "br0"},
        }
    ],
}
ABSENT = {"name": NAME, "state": "absent"}


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    before = whole_state()
    yield
    run(ABSENT, check_mode=False)
    for name in iproute2.namespaces():
        subprocess.run(["ip", "netns", "delete", name], check=True)
    assert whole_state() == before


def apply(**more: Any) -> dict[str, Any]:
    return run({**WANTED, **more}, check_mode=False)


def test_after_a_reboot_the_files_that_stayed_become_namespaces_again() -> None:
    apply()
    for name in ("tpu", "tpa"):
        subprocess.run(["umount", f"/run/netns/{name}"], check=True)
    assert apply()["plan"][:2] == ["make namespace tpu", "make namespace tpa"]
    assert apply()["changed"] is False


def test_absent_removes_the_files_that_a_reboot_left() -> None:
    apply()
    subprocess.run(["umount", "/run/netns/tpa"], check=True)
    assert run(ABSENT, check_mode=False)["changed"] is True
    assert run(ABSENT, check_mode=False)["changed"] is False


def test_a_namespace_that_somebody_made_anew_is_not_ours() -> None:
    apply()
    subprocess.run(["ip", "netns", "delete", "tpa"], check=True)
    subprocess.run(["ip", "netns", "add", "tpa"], check=True)
    with pytest.raises(LabError, match="namespace tpa: it exists and topology tp-own did not make it"):
        apply()
    run(ABSENT, check_mode=False)
    assert iproute2.namespaces() == {"tpa"}


def test_without_its_record_the_marks_tell_and_namespaces_are_nobodys() -> None:
    apply()
    records.forget(NAME)
    with pytest.raises(LabError) as raised:
        apply()
    assert len(raised.value.faults) == 2, "one for each namespace, none for the links"
    run(ABSENT, check_mode=False)
    assert iproute2.namespaces() == {"tpu", "tpa"}
    assert set(iproute2.links("tpu")) == set(iproute2.links("tpa")) == {"lo"}


def test_a_namespace_in_which_a_process_lives_loses_its_links_with_its_name() -> None:
    apply()
    with subprocess.Popen(["ip", "netns", "exec", "tpa", "sh", "-c", "echo; read _"], stdin=-1, stdout=-1) as guest:
        assert guest.stdin and guest.stdout
        guest.stdout.readline()
        apply(veths=[{**WANTED["veths"][0], "addresses": ["192.168.1.116/24"]}])
        assert iproute2.links("tpa")["eth0"]["addresses"] == {"192.168.1.116/24"}
        run(ABSENT, check_mode=False)
        assert iproute2.namespaces() == set()
        inside = subprocess.run(
            ["nsenter", "-t", str(guest.pid), "-n", "ip", "-o", "link"], check=True, capture_output=True, text=True
        )
        assert "eth0" not in inside.stdout
        guest.stdin.close()


def test_what_is_not_marked_stays() -> None:
    apply(bridges=[*WANTED["bridges"], {"name": "tp-br1"}])
    subprocess.run(["ip", "link", "add", "tp-br2", "type", "bridge"], check=True)
    run(ABSENT, check_mode=False)
    assert {"tp-br2"} == set(iproute2.links("")) - {"lo"}
    subprocess.run(["ip", "link", "delete", "tp-br2"], check=True)


def test_routes_in_the_machines_own_namespace_go_by_the_record() -> None:
    wanted = {
        "bridges": [{"name": "tp-br1", "addresses": ["10.8.0.1/24"]}],
        "veths": [],
        "routes": [{"to": "10.9.0.0/16", "via": "10.8.0.2"}, {"to": "fd09::/64", "dev": "tp-br1"}],
    }
    apply(**wanted)
    assert {to for to, _, _ in iproute2.routes("")} == {"10.9.0.0/16", "fd09::/64"}
    assert apply(**wanted)["changed"] is False
    apply(**{**wanted, "routes": wanted["routes"][:1]})
    assert {to for to, _, _ in iproute2.routes("")} == {"10.9.0.0/16"}


@pytest.mark.parametrize(
    ("netns", "line"),
    [
        ("/proc/self/ns/net", "namespace /proc/self/ns/net: it is the machine's own: leave it out"),
        ("/run/../run/netns/tpu", "namespace /run/../run/netns/tpu: it is namespace tpu as well: use one name for it"),
    ],
)
def test_one_namespace_by_two_names_is_a_fault(netns: str, line: str) -> None:
    apply()
    with pytest.raises(LabError) as raised:
        apply(
            veths=[
                {"name": "v0", "peer": {"name": "v1"}},
                {"name": "v0", "netns": netns, "peer": {"name": "v2", "netns": netns}},
            ]
        )
    assert line in raised.value.faults
