# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""How the engine vxlan shares out a network's subnet.

The subnet has two halves. The lower one is for the lab's containers, in the order of the file. The upper one
is cut into slices, one a host: its first address is the host's own gateway, the others are for containers of that host
that are not in the lab file. How many slices there are depends on the subnet alone, so none moves when a host joins.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from itertools import islice

# A slice has this many addresses, unless the subnet is too small for MANY_HOSTS of them, or has room for more.
_SLICE = 8
_SMALLEST_SLICE = 2
_MANY_HOSTS = 16
_MOST_HOSTS = 256


@dataclass(frozen=True)
class Shares:
    """How a subnet is shared out."""

    subnet: IPv4Network

    @property
    def lower(self) -> IPv4Network:
        return next(self.subnet.subnets())

    @property
    def upper(self) -> IPv4Network:
        return list(self.subnet.subnets())[1]

    @property
    def room(self) -> int:
        """How many of the lab's containers have room: not the network's own address, nor the first one after it."""
        return self.lower.num_addresses - 2

    @property
    def slices(self) -> int:
        """For how many hosts there is a slice."""
        half = self.upper.num_addresses
        size = min(_SLICE, max(_SMALLEST_SLICE, half // _MANY_HOSTS))
        return min(_MOST_HOSTS, half // size)

    def slice(self, index: int) -> IPv4Network:
        """The slice of the host with this index, which is at least 1 and at most `slices`."""
        longer = self.slices.bit_length() - 1
        size = self.upper.num_addresses // self.slices
        return IPv4Network((self.upper[size * (index - 1)], self.upper.prefixlen + longer))

    def gateway(self, index: int) -> IPv4Address:
        """The host's own gateway: one address for all would be answered for by all."""
        return self.slice(index)[0]

    def free(self, taken: Iterable[IPv4Address]) -> Iterator[IPv4Address]:
        """What is left of the lower half, the third address first, as Docker would give it."""
        used = set(taken)
        return (address for address in islice(self.lower, 2, None) if address not in used)
