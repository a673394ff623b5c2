# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""VXLAN in numbers."""

from __future__ import annotations

# Of the lab's VXLANs. Not 4789, which Docker's own VXLANs use, nor what others took (4790 VXLAN-GPE, 6784 Weave, 8472
# flannel and Cilium).
UDP_PORT = 14789
# What it adds to a packet: outer IPv4 20 or IPv6 40, UDP 8, VXLAN 8, inner Ethernet 14 bytes.
OVERHEAD = {4: 50, 6: 70}
