# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._container_links import Link, of_process, pair, parse

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


def test_both_ends_have_to_name_each_other() -> None:
    mac = "02:42:ac:11:00:02"
    ours = Link("veth1", "", 253, 252, "docker0")
    assert pair(mac, "docker0", INSIDE, [Link("veth0", "", 253, 7, "docker0"), ours]) == ("eth0", "veth1")
    assert pair(mac, "br-other", INSIDE, [ours]) == ("eth0", "")
    assert pair(mac, "", INSIDE, [ours]) == ("eth0", "")
    assert pair("02:42:00:00:00:00", "docker0", INSIDE, [ours]) == ("", "")
