# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._trace import taps
from ansible_collections.emon.overlay_lab.plugins.module_utils._trace.frames import ESP, Mark

MARK = Mark(bytes(8), "icmp")
SEALED = bytes(12) + b"\x08\x00\x45" + bytes(8) + bytes([ESP]) + bytes(40)


class Namespaces:
    @contextmanager
    def inside(self, _netns: str) -> Iterator[None]:
        yield


class Endless:
    """A socket on which packets come faster than they are read."""

    def __getattr__(self, _name: str) -> Any:
        return lambda *_arguments: None

    def recvmsg(self, *_sizes: int) -> tuple[bytes, list[Any], int, tuple[str, int, int]]:
        return SEALED, [], 0, ("eth0", 3, 0)


def opened(monkeypatch: pytest.MonkeyPatch, made: Any) -> taps.OpenTap:
    monkeypatch.setattr(taps.socket, "socket", made)
    return taps.OpenTap(Namespaces(), taps.Tap(0, "", "eth0"), MARK, True)  # type: ignore[arg-type]


def test_one_turn_ends_where_packets_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    tap = opened(monkeypatch, lambda *_arguments: Endless())
    assert len(list(islice(tap.sightings(), 10_000))) == 500


def test_without_root_there_is_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_arguments: int) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    with pytest.raises(PermissionError):
        opened(monkeypatch, refused)
