# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_network.veths import (
    Link,
    of_process,
    pair,
    parse,
)

INSIDE = [Link("eth0", "02:42:ac:11:00:02", 252, 253), Link("lo", "00:00:00:00:00:00", 1, 1)]


def test_the_hosts_links_are_read() -> None:
    text = (
        '[{"ifindex":253,"link_index":252,"ifname":"veth1","master":"docker0","address":"12:08:2d:68:e2:11"},'
        '{"ifindex":1,"ifname":"lo"}]'
    )
    assert parse(text) == [Link("veth1", "12:08:2d:68:e2:11", 253, 252, "docker0"), Link("lo", "", 1, 0)]


def test_a_containers_links_are_read(tmp_path: Path) -> None:
    directory = tmp_path / "42/root/sys/class/net"
    for name, texts in {"eth0": ("02:42:ac:11:00:02", "252", "253"), "broken": ()}.items():
        (directory / name).mkdir(parents=True)
        for key, text in zip(("address", "ifindex", "iflink"), texts, strict=False):
            (directory / name / key).write_text(text + "\n")
    (directory / "bonding_masters").write_text("")
    assert of_process(42, tmp_path) == INSIDE[:1]
    assert of_process(43, tmp_path) == []


@pytest.mark.parametrize("kind", ["link out", "fifo", "device", "too large", "no number"])
def test_what_a_container_put_there_is_not_trusted(tmp_path: Path, kind: str) -> None:
    directory = tmp_path / "42/root/sys/class/net/eth0"
    directory.mkdir(parents=True)
    for name in ("address", "iflink"):
        (directory / name).write_text("7\n")
    path = directory / "ifindex"
    if kind == "link out":
        (tmp_path / "secret").write_text("7\n")
        path.symlink_to("../../../../../../secret")
    elif kind == "fifo":
        os.mkfifo(path)
    elif kind == "device":
        if os.geteuid() != 0:
            pytest.skip("making a device needs root")
        os.mknod(path, 0o20666, os.makedev(1, 5))
    else:
        path.write_text("7" * (1 << 17) if kind == "too large" else "seven")
    assert of_process(42, tmp_path) == []


def test_both_ends_have_to_name_each_other() -> None:
    mac = "02:42:ac:11:00:02"
    ours = Link("veth1", "", 253, 252, "docker0")
    assert pair(mac, "docker0", INSIDE, [Link("veth0", "", 253, 7, "docker0"), ours]) == ("eth0", "veth1")
    assert pair(mac, "br-other", INSIDE, [ours]) == ("eth0", "")
    assert pair(mac, "", INSIDE, [ours]) == ("eth0", "")
    assert pair("02:42:00:00:00:00", "docker0", INSIDE, [ours]) == ("", "")
