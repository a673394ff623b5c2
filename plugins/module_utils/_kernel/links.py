# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What the kernel says of links, asked without a library that a host with Docker may lack."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
import struct

# rtnetlink(7), netlink(7)
_NEWLINK, _ERROR = 16, 2
_REQUEST, _ACK, _EXCLUSIVE, _CREATE = 1, 4, 0x200, 0x400
_LINKINFO, _INFO_KIND = 18, 1
_HEADER = struct.Struct("=IHHII")
_LINK = struct.Struct("=BxHiII")
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
    message = _request(kind)
    try:
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
            kernel.send(message)
            answer = kernel.recv(4096)
    except OSError:
        return False
    _length, kind_of_answer, *_rest = _HEADER.unpack_from(answer)
    (code,) = struct.unpack_from("=i", answer, _HEADER.size)
    return kind_of_answer == _ERROR and -code == errno.EOPNOTSUPP


def _request(kind: str) -> bytes:
    info = _attribute(_LINKINFO, _attribute(_INFO_KIND, kind.encode()))
    body = _LINK.pack(socket.AF_UNSPEC, 0, 0, 0, 0) + info
    flags = _REQUEST | _ACK | _CREATE | _EXCLUSIVE
    return _HEADER.pack(_HEADER.size + len(body), _NEWLINK, flags, 1, os.getpid()) + body


def _attribute(number: int, content: bytes) -> bytes:
    padding = b"\0" * (-len(content) % 4)
    return struct.pack("=HH", 4 + len(content), number) + content + padding
