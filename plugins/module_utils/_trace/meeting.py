# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The hosts of a trace meet before the first packet is sent: each that listens says so to the one that sends.

Ansible starts its tasks on all hosts at about the same time, and a busy machine makes that seconds. Datagrams between
the hosts' own addresses say when all listen, and when the last packet was sent. Where they do not get through, because
a firewall or the very fault that is looked for keeps them away, each side waits for its time and goes on.
"""

from __future__ import annotations

import select
import socket
import time
from dataclasses import dataclass

from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.netns import Namespaces

_WAIT_SECONDS = 2.5
_GREET_SECONDS = 1.5  # before the sender's wait ends, and with it what its packet filters count of this
_AGAIN_SECONDS = 0.1
_HERE, _WELCOME, _DONE = b"here", b"welcome", b"done"
_DATAGRAM = 64


@dataclass(frozen=True)
class Place:
    """Where the hosts meet: a UDP port of the sender's. ``guests``: how many others come, where the sender is here."""

    netns: str
    address: str
    port: int
    guests: int


class Host:
    """The sender's side."""

    def __init__(self, namespaces: Namespaces, place: Place, token: bytes) -> None:
        self._token = token
        self._guests: set[tuple[str, int]] = set()
        self._wanted = place.guests
        self._socket: socket.socket | None = None
        try:
            with namespaces.inside(place.netns):
                opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket = opened
            opened.bind(("0.0.0.0", place.port))
        except OSError:  # a port that is taken is as good as one that nobody reaches
            self.close()

    def wait(self) -> int:
        """Wait until all guests are there, for a limited time; how many are."""
        end = time.monotonic() + _WAIT_SECONDS
        while len(self._guests) < self._wanted and (left := end - time.monotonic()) > 0:
            if self._socket is None:
                time.sleep(left)
                break
            if not select.select([self._socket], [], [], left)[0]:
                break
            said, guest = _heard(self._socket)
            if said == self._token + _HERE:
                self._guests.add(guest)
                _say(self._socket, self._token + _WELCOME, guest)
        return len(self._guests)

    def dismiss(self) -> None:
        """Tell the guests that the last packet was sent."""
        for guest in self._guests:
            if self._socket is not None:
                _say(self._socket, self._token + _DONE, guest)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


class Guest:
    """The side of a host that listens. ``dismissed``: the sender has sent its last packet."""

    def __init__(self, namespaces: Namespaces, place: Place, token: bytes) -> None:
        self._token = token
        self._at = (place.address, place.port)
        self._until = time.monotonic() + _GREET_SECONDS
        self._next = 0.0
        self._welcome = False
        self.dismissed = False
        self.socket: socket.socket | None = None
        try:
            with namespaces.inside(place.netns):
                self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.socket.setblocking(False)
        except OSError:
            self.close()

    def greet(self) -> None:
        """Say again that this host listens, where it is time to."""
        now = time.monotonic()
        if self.socket is None or self._welcome or now < self._next or now > self._until:
            return
        self._next = now + _AGAIN_SECONDS
        _say(self.socket, self._token + _HERE, self._at)

    def hear(self) -> None:
        """Take what the sender says."""
        if self.socket is None:
            return
        said, _host = _heard(self.socket)
        self._welcome = self._welcome or said == self._token + _WELCOME
        self.dismissed = self.dismissed or said == self._token + _DONE

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()
            self.socket = None


def _heard(opened: socket.socket) -> tuple[bytes, tuple[str, int]]:
    try:
        return opened.recvfrom(_DATAGRAM)
    except OSError:  # that the port is not there yet comes back as an error
        return b"", ("", 0)


def _say(opened: socket.socket, words: bytes, to: tuple[str, int]) -> None:
    try:
        opened.sendto(words, to)
    except OSError:  # no route, or a filter: then it is not heard
        return
