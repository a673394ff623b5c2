# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
import struct

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import links, rtnetlink


@pytest.mark.parametrize(
    ("answer", "missing"),
    [
        (errno.EOPNOTSUPP, True),
        (errno.EINVAL, False),  # it wants a parent, so it is known
        (errno.EPERM, False),
    ],
)
def test_a_kind_that_the_kernel_lacks(monkeypatch, answer: int, missing: bool) -> None:
    asked: list[bytes] = []

    def send(_socket: rtnetlink.Socket, messages: list[bytes]) -> list[rtnetlink.Refusal]:
        asked.extend(messages)
        return [rtnetlink.Refusal(0, answer, "")]

    monkeypatch.setattr(rtnetlink.Socket, "send", send)
    assert links.is_missing("ipvlan") is missing
    (message,) = asked
    length, kind = struct.unpack_from("=IH", message)
    assert (length, kind) == (len(message), rtnetlink.NEWLINK)
    assert rtnetlink.attributes(rtnetlink.attributes(message, 32)[18]) == {1: b"ipvlan"}


def test_a_kernel_that_does_not_answer_lacks_nothing(monkeypatch) -> None:
    def send(_socket: rtnetlink.Socket, _messages: list[bytes]) -> list[rtnetlink.Refusal]:
        raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT))

    monkeypatch.setattr(rtnetlink.Socket, "send", send)
    assert not links.is_missing("ipvlan")
