# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core import programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import firewall
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import record as host_record
from ansible_collections.emon.overlay_lab.plugins.module_utils._shaping import links, loss, queues
from ansible_collections.emon.overlay_lab.plugins.module_utils._shaping.shape import Shape

OWN, PEER = "10.0.0.116", "10.0.0.117"
SLOW = {"host": "emon2", "address": PEER, "rate": "10mbit"}
LOSSY = {"host": "emon2", "address": PEER, "loss": "1%"}
BOTH = {**SLOW, "loss": "1%"}
KERNELS = "qdisc noqueue 0: dev eth0 root refcnt 2"


class Host:
    """tc and nft, as far as this package asks them. ``roots``: as tc lists them; ``table``: nft's."""

    def __init__(self) -> None:
        self.roots = KERNELS
        self.table = ""
        self.calls: list[str] = []
        self.refused = ""

    def run(self, command: list[str], *_more: Any, **_further: Any) -> programs.Done:
        line = " ".join(command)
        said, code = self._answer(command, line)
        return programs.subprocess.CompletedProcess(command, code, said if code == 0 else "", said)

    def _answer(self, command: list[str], line: str) -> tuple[str, int]:
        if command[1:3] == ["qdisc", "show"] and len(command) == 3:
            return self.roots, 0
        if command[0] == "tc" and command[2] == "show":
            return f"{command[1]} of eth0 refcnt 3 direct_packets_stat {len(self.calls)}\n", 0
        if command[0] == "nft" and "list" in command:
            return (self.table, 0) if self.table else ("no such table", 1)
        if command == ["nft", "--version"]:
            return "nftables", 0
        self.calls.append(line)
        if self.refused and self.refused in line:
            return "Error: Specified qdisc kind is unknown.", 2
        if line == "tc qdisc del dev eth0 root":
            self.roots = KERNELS
        elif "root handle" in line:
            self.roots = f"qdisc htb {queues.HANDLE} dev eth0 root refcnt 2 r2q 10"
        elif line.startswith("nft table"):
            self.table = line
        elif line.startswith("nft delete"):
            self.table = ""
        return "", 0


@pytest.fixture(name="host")
def _host(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Host:
    host = Host()
    monkeypatch.setattr(programs, "run", host.run)
    monkeypatch.setattr(firewall, "interface", lambda address: "eth0" if address == OWN else "")
    path = tmp_path / "state.json"
    for name in ("section", "update", "read"):
        monkeypatch.setattr(getattr(host_record, name), "__defaults__", (path,))
    return host


def run(*asked: dict[str, str], lab: str = "emon", address: str = OWN) -> list[str]:
    plan = links.plan(lab, links.wanted(address, list(asked)))
    if plan.differences.changed:
        links.apply(plan)
    return plan.differences.lines


def test_links_are_made_once_changed_and_removed(host: Host) -> None:
    assert run(BOTH) == ["link to emon2: rate: absent -> 10mbit", "link to emon2: loss: absent -> 1%"]
    assert [call.split()[1:3] for call in host.calls if call.startswith("tc")] == [
        ["qdisc", "add"],
        ["class", "add"],
        ["qdisc", "add"],
        ["filter", "add"],
    ]
    assert f"ip saddr {PEER} ip daddr {OWN} numgen random mod 1000000 < 10000 counter drop;" in host.table
    assert run(BOTH) == []
    assert run({**BOTH, "rate": "10000kbit"}) == []
    assert run(LOSSY) == ["link to emon2: rate: 10mbit -> absent"]
    assert host.roots == KERNELS
    assert run() == ["link to emon2: loss: 1% -> absent"]
    assert host.table == ""
    assert host_record.read() == {}
    assert run() == []


def test_check_mode_changes_nothing(host: Host) -> None:
    assert links.plan("emon", links.wanted(OWN, [BOTH])).differences.changed
    assert host.calls == []
    assert host_record.read() == {}


def test_what_somebody_took_away_comes_back(host: Host) -> None:
    run(BOTH)
    host.roots = KERNELS
    assert run(BOTH) == ["links: queues: absent -> as asked for"]
    host.table = "table ip overlay_lab_links { another rule }"
    assert run(BOTH) == ["links: loss: changed by somebody else -> as asked for"]
    assert run(BOTH) == []


@pytest.mark.parametrize(
    "root", ["qdisc tbf 8001: dev eth0 root rate 1Mbit", f"qdisc htb {queues.HANDLE} dev eth0 root"]
)
def test_a_queue_of_somebody_else_stays(host: Host, root: str) -> None:
    host.roots = root
    with pytest.raises(LabError, match="eth0 has a queue that is not the lab's"):
        run(SLOW)
    assert run(LOSSY) == ["link to emon2: loss: absent -> 1%"]
    assert run() == ["link to emon2: loss: 1% -> absent"]
    assert host.roots == root
    assert [call for call in host.calls if call.startswith("tc")] == []


def test_a_table_of_somebody_else_stays(host: Host) -> None:
    host.table = "table ip overlay_lab_links { theirs }"
    with pytest.raises(LabError, match="no lab made by this host's record"):
        run(LOSSY)
    run(SLOW)
    with pytest.raises(LabError, match="no lab made by this host's record"):
        run(BOTH)
    run()
    assert host.table


def test_links_of_another_lab_stay(host: Host) -> None:
    run(BOTH)
    with pytest.raises(LabError, match="the shape of the links is the lab emon's"):
        run(lab="other")
    assert host.table


def test_nothing_stays_of_what_the_kernel_refuses(host: Host) -> None:
    host.refused = "netem"
    with pytest.raises(LabError, match="Specified qdisc kind is unknown"):
        run({**BOTH, "delay": "20ms"})
    assert host.roots == KERNELS
    assert host.table == ""
    assert host_record.read() == {}


def test_after_a_boot_they_are_made_again(host: Host) -> None:
    assert not links.again()
    run(BOTH)
    assert not links.again()
    host.roots, host.table = KERNELS, ""
    assert links.again()
    assert queues.HANDLE in host.roots
    assert run(BOTH) == []


def test_wrong_options_are_all_told_at_once() -> None:
    with pytest.raises(LabError) as caught:
        links.wanted(OWN, [{**SLOW, "rate": "fast"}, {"host": "emon3", "address": "10.0.0.118", "loss": "99%"}])
    assert [line.partition(" is ")[0] for line in caught.value.faults[:2]] == [
        "link to emon2: rate: 'fast'",
        "link to emon3: loss: 99%",
    ]


def test_only_packets_between_the_two_addresses_wait() -> None:
    made = [
        " ".join(one)
        for one in queues.commands("eth0", OWN, [(PEER, Shape(rate=64000)), ("10.0.0.118", Shape(0, 0.02))])
    ]
    assert [line for line in made if " filter " in line] == [
        f"tc filter add dev eth0 parent 1ab0: protocol ip prio 1 u32 match ip src {OWN}/32 match ip dst {peer}/32"
        f" flowid 1ab0:{number}"
        for number, peer in enumerate((PEER, "10.0.0.118"), 1)
    ]
    assert "tc qdisc add dev eth0 parent 1ab0:1 handle 1ab1: bfifo limit 32768" in made
    assert "tc qdisc add dev eth0 parent 1ab0:2 handle 1ab2: netem limit 10907 delay 20000us" in made
    assert queues.commands("eth0", OWN, [(PEER, Shape(loss=0.1))]) == []
    assert loss.commands(OWN, [(PEER, Shape(rate=1))]) == []


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        (
            "qdisc noqueue 0: dev lo root refcnt 2 \nqdisc mq 0: dev eth0 root \nqdisc fq_codel 0: dev eth0 parent :1",
            {},
        ),
        ("qdisc htb 1ab0: dev eth0 root refcnt 3\nqdisc bfifo 1ab1: dev eth0 parent 1ab0:1", {"eth0": "htb 1ab0:"}),
        ("qdisc cake 8001: dev wg0 root refcnt 2 bandwidth", {"wg0": "cake 8001:"}),
    ],
)
def test_what_the_kernel_gave_is_nobodys(host: Host, listed: str, found: dict[str, str]) -> None:
    host.roots = listed
    assert queues.roots() == found
