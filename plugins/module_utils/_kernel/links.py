# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Single questions about links, for hosts with Docker, which may lack the library pyroute2."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import struct

from . import rtnetlink

# rtnetlink(7)
_LINKINFO, _INFO_KIND = 18, 1
_ANY_LINK = bytes(struct.calcsize("=BxHiII"))
# netdevice(7): a request is the link's name, and then a union, of which the MTU takes an int.
_GET_MTU = 0x8921
_INTERFACE_REQUEST = struct.Struct("=16si20x")


def mtu_of(link: str) -> int | None:
    """The MTU of a link of this process's network namespace, in bytes; None where there is no such link."""
    request = _INTERFACE_REQUEST.pack(os.fsencode(link)[:15], 0)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        try:
            answer = fcntl.ioctl(any_socket, _GET_MTU, request)
        except OSError:
            return None
    return _INTERFACE_REQUEST.unpack(answer)[1]


def is_missing(kind: str) -> bool:
    """Whether this kernel cannot make links of a kind that stands on a parent: macvlan, ipvlan, vlan.

    One without a parent is asked for: the kernel refuses that as invalid, or as not supported where it does not know
    the kind and finds no module for it, as it would when Docker asks. False where this process may not ask.
    """
    info = rtnetlink.attribute(_LINKINFO, rtnetlink.attribute(_INFO_KIND, kind.encode()))
    asked = rtnetlink.message(rtnetlink.NEWLINK, rtnetlink.F_CREATE | rtnetlink.F_EXCL, _ANY_LINK + info)
    try:
        with rtnetlink.Socket() as kernel:
            refused = kernel.send([asked])
    except OSError:
        return False
    return any(one.code == errno.EOPNOTSUPP for one in refused)
