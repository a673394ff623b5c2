# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Sends the marked packets of a trace, from one namespace to one address, and listens to nothing."""

from __future__ import annotations

import errno
import socket
import time
from dataclasses import dataclass
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.netns import Namespaces
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe import icmp

from . import frames, taps
from .frames import Mark

_IP_AND_ICMP = 28


@dataclass(frozen=True)
class Errand:
    """``sizes``: of IP packets in bytes, in turn, where the protocol is icmp; all but the first may not be fragmented.

    ``interval``: seconds between two packets.
    """

    netns: str
    to: str
    port: int
    sizes: tuple[int, ...]
    count: int
    interval: float


class Sender:
    """An opened errand. ``sent``: one entry a packet, with why it did not leave."""

    def __init__(self, namespaces: Namespaces, errand: Errand, mark: Mark) -> None:
        self._errand = errand
        self._mark = mark
        self._held: list[socket.socket] = []
        self.sent: list[dict[str, Any]] = []
        self.refused = ""
        self._began = time.monotonic()
        try:
            with namespaces.inside(errand.netns):
                self._open()
        except PermissionError as error:
            raise LabError("to send marked packets needs root: use become") from error
        except OSError as error:
            # Such as "network is unreachable": it is told with the packets.
            self.refused = icmp.sentence(error.errno)

    def _open(self) -> None:
        protocol = self._mark.protocol
        kind = socket.SOCK_DGRAM if protocol == "udp" else socket.SOCK_RAW
        self._socket = self._hold(socket.socket(socket.AF_INET, kind, frames.PROTOCOLS[protocol]))
        self._socket.setblocking(False)
        if protocol != "udp":
            taps.attach(self._socket, taps.nothing())
        self._socket.connect((self._errand.to, self._errand.port if protocol == "udp" else 0))
        if protocol == "tcp":
            # Holds a port that no connection of the host's uses. Nothing listens on it: a reply is answered with RST.
            port = self._hold(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            port.bind((self._socket.getsockname()[0], 0))
            self._source = port.getsockname()

    def _hold(self, opened: socket.socket) -> socket.socket:
        self._held.append(opened)
        return opened

    @property
    def due(self) -> float | None:
        """Seconds until the next packet; None where there is none any more."""
        if len(self.sent) >= self._errand.count:
            return None
        at = self._began + len(self.sent) * self._errand.interval
        return max(0.0, at - time.monotonic())

    def send(self) -> None:
        """Send the next packet."""
        index = len(self.sent)
        size = self._errand.sizes[index % len(self._errand.sizes)]
        whole = index % len(self._errand.sizes) > 0
        error, mtu = self.refused, None
        if not error:
            try:
                self._send(index, size, whole)
            except OSError as refusal:
                error = icmp.sentence(refusal.errno)
                mtu = self._path_mtu() if refusal.errno == errno.EMSGSIZE else None
        self.sent.append(
            {
                "index": index,
                "size": size if self._mark.protocol == "icmp" else None,
                "dont_fragment": whole and self._mark.protocol == "icmp",
                "error": error or None,
                "mtu": mtu,
            }
        )

    def _send(self, index: int, size: int, whole: bool) -> None:
        if self._mark.protocol == "tcp":
            target = (self._errand.to, self._errand.port)
            self._socket.send(frames.syn(self._source, target, self._mark.tcp_sequence(index)))
        elif self._mark.protocol == "udp":
            # What came back to the packet before is the taps' affair, and would be told as this one's.
            self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            self._socket.send(self._mark.payload(index, 16))
        else:
            discover = icmp.PMTUDISC_DO if whole else icmp.PMTUDISC_DONT
            self._socket.setsockopt(icmp.IPV4.level, icmp.IPV4.mtu_discover, discover)
            data = self._mark.payload(index, size - _IP_AND_ICMP)
            self._socket.send(icmp.echo_request(icmp.IPV4, self._mark.ident, index, data))

    def _path_mtu(self) -> int:
        return self._socket.getsockopt(icmp.IPV4.level, icmp.IPV4.mtu)

    def close(self) -> None:
        for opened in self._held:
            opened.close()
