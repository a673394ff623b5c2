# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.emon.overlay_lab.plugins.module_utils._probe.gratuitous_arp import frame


def test_frame() -> None:
    assert frame("02:42:0a:c8:00:02", "10.200.0.2").hex(" ") == (
        "ff ff ff ff ff ff 02 42 0a c8 00 02 08 06"  # to everybody, ARP
        " 00 01 08 00 06 04 00 01"  # Ethernet, IPv4, a request
        " 02 42 0a c8 00 02 0a c8 00 02"  # from the container
        " 00 00 00 00 00 00 0a c8 00 02"  # for its own address
    )
