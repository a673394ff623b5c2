# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Vantage points: where on a host a probe or a capture runs."""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import inside
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.unix_socket import DockerSocket
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.netns import Namespaces, path_of

_CLONE_NEWNET = 0x40000000
_NS_GET_NSTYPE = 0xB703
# Lists of unwanted names make an /etc/hosts of several megabytes.
_MOST_BYTES = 1 << 24


@dataclass(frozen=True)
class Place:
    """What a person gave: a namespace by name or path, or a container; without either, the host itself."""

    netns: str | None = None
    container: str | None = None

    def __str__(self) -> str:
        if self.container:
            return f"container {self.container}"
        return f"namespace {self.netns}" if self.netns else "this host"

    def faults(self, where: str = "") -> list[str]:
        """What is wrong with it; ``where`` leads to the options, as in "probes[0]."."""
        found = []
        if self.netns is not None and self.container is not None:
            found.append(f"{where}container: {self.container!r} excludes netns {self.netns!r}: give only one of them")
        for option, value in (("netns", self.netns), ("container", self.container)):
            if value is not None and (not value.strip("./") or "\0" in value):
                found.append(f"{where}{option}: {value!r} is not a name: give one, or leave {option} out")
        return found


class Vantage:
    """An opened place: its network namespace and its /etc, both held open until close().

    A process id may come to belong to a stranger; an open namespace stays what it is.
    """

    def __init__(self, place: Place, network: int | None, root: int, etc: tuple[str, ...]) -> None:
        self.place = place
        self._network = network  # None: the host's own, where nothing has to be entered
        self._root = root
        self._etc = etc  # folders below the root; a file in an earlier one hides those in later ones

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Run the block inside the network namespace. What is opened or started there stays there.

        Only for this thread, so the block must not wait for others (no await).
        """
        if self._network is None:
            yield
            return
        with Namespaces() as namespaces, namespaces.inside(f"/proc/self/fd/{self._network}"):
            yield

    def socket(self, family: int, kind: int, protocol: int = 0) -> socket.socket:
        """A non-blocking socket that lives in the namespace, wherever its user is."""
        with self.entered():
            opened = socket.socket(family, kind, protocol)
        opened.setblocking(False)
        return opened

    def read_etc(self, name: str) -> str:
        """/etc/NAME as processes there see it; empty where there is none."""
        for folder in self._etc:
            try:
                return inside.read(self._root, f"{folder}/{name}", _MOST_BYTES).decode("utf-8", "replace")
            except OSError:
                continue
        return ""

    @cached_property
    def hosts(self) -> str:
        """The text of /etc/hosts."""
        return self.read_etc("hosts")

    @cached_property
    def resolv_conf(self) -> str:
        """The text of /etc/resolv.conf."""
        return self.read_etc("resolv.conf")

    def close(self) -> None:
        if self._network is not None:
            os.close(self._network)
        os.close(self._root)


def open_place(place: Place, docker: DockerSocket) -> Vantage:
    """Open a place. ``docker`` is asked only for a container.

    Raises LabError: no such namespace or container, the container does not run, no permission.
    """
    if place.container:
        return _open_process(place, container_pid(place.container, docker.container(place.container)))
    if not place.netns:
        return Vantage(place, None, inside.open_root("/"), ("etc",))
    named = "/" not in place.netns
    path = path_of(place.netns)
    # `ip netns exec` shows a named namespace the files in /etc/netns/NAME instead of those in /etc.
    etc = (f"etc/netns/{place.netns}", "etc") if named else ("etc",)
    return _tried(Vantage(place, _open_namespace(path, place), inside.open_root("/"), etc))


def container_pid(name: str, inspected: dict | None) -> int:
    """The process id of a running container. Raises LabError where it does not exist or does not run."""
    if inspected is None:
        raise LabError(f"container {name} does not exist on this host")
    state = inspected["State"]
    if not state["Running"]:
        raise LabError(f"container {name} does not run (it is {state['Status']}): start it")
    return state["Pid"]


def _open_process(place: Place, pid: int) -> Vantage:
    network = _open_namespace(f"/proc/{pid}/ns/net", place)
    try:
        root = inside.open_root(f"/proc/{pid}/root")
    except OSError as error:
        os.close(network)
        raise LabError(f"{place} ended while it was read ({error.strerror})") from error
    return _tried(Vantage(place, network, root, ("etc",)))


def _tried(vantage: Vantage) -> Vantage:
    """The vantage point, if it can be entered: to open a namespace needs no right, to enter it does."""
    try:
        with vantage.entered():
            return vantage
    except OSError as error:
        vantage.close()
        raise LabError(f"{vantage.place} cannot be entered ({error.strerror}): use become") from error


def _open_namespace(path: str, place: Place) -> int:
    try:
        # O_NONBLOCK: the path may be a FIFO, which would wait for a writer.
        namespace = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError as error:
        raise LabError(f"{place} does not exist: there is no {path}") from error
    except OSError as error:
        raise LabError(f"{place} cannot be opened ({error.strerror}): use become") from error
    try:
        kind = fcntl.ioctl(namespace, _NS_GET_NSTYPE)
    except OSError:
        kind = 0
    if kind != _CLONE_NEWNET:
        os.close(namespace)
        raise LabError(f"{place}: {path} is not a network namespace")
    return namespace
