# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the kernel's tables of sockets say."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import sockets

TCP = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:0035 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   2: 0100007F:9C40 0100007F:1F90 01 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
"""
TCP6 = """  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000
   1: 0000000000000000FFFF00000100007F:0051 00000000000000000000000000000000:0000 0A 00000000:00000000
"""


def test_sockets_that_hold_a_port_are_read(tmp_path: Path) -> None:
    (tmp_path / "tcp").write_text(TCP, encoding="ascii")
    (tmp_path / "tcp6").write_text(TCP6, encoding="ascii")
    held = [(one.ip, one.port) for one in sockets.holding("tcp", tmp_path)]
    assert held == [("0.0.0.0", 8080), ("127.0.0.1", 53), ("::", 80), ("127.0.0.1", 81)]
    (connected,) = (one for one in sockets.read("tcp", tmp_path) if one.state == sockets.ESTABLISHED)
    assert (connected.ip, connected.port, connected.inode) == ("127.0.0.1", 40000, "1")


def test_a_family_that_the_kernel_lacks_has_none(tmp_path: Path) -> None:
    assert sockets.read("udp", tmp_path) == []


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("0100007F", "127.0.0.1"),
        ("000080FE00000000FF005450B6DC40FE", "fe80::5054:ff:fe40:dcb6"),
        ("0000000000000000FFFF00000501A8C0", "192.168.1.5"),
    ],
)
def test_an_address_of_the_kernels_tables_is_read(text: str, address: str) -> None:
    assert sockets._ip(text) == address
