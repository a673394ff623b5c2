# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import socket
import struct

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils import _rtnetlink as rtnetlink
from ansible_collections.emon.overlay_lab.plugins.module_utils._netns import path_of, spelled, where
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology_guard import _address


@pytest.mark.parametrize("value", [b"", b"a", b"ab", b"abc", b"abcd", b"abcde"])
def test_attributes_are_split_as_they_were_joined(value: bytes) -> None:
    packed = rtnetlink.attribute(3, value) + rtnetlink.attribute(5, b"x")
    assert len(packed) % 4 == 0
    assert rtnetlink.attributes(packed) == {3: value, 5: b"x"}
    assert rtnetlink.attributes(b"head" + packed, 4) == {3: value, 5: b"x"}


@pytest.mark.parametrize("cut", [b"", b"\0", b"\3\0\1\0", b"\0\0\0\0"])
def test_what_is_cut_off_is_no_attribute(cut: bytes) -> None:
    assert rtnetlink.attributes(cut) == {}


def test_a_nested_flag_is_no_part_of_the_number() -> None:
    assert rtnetlink.attributes(struct.pack("=HH", 4, 0x8000 | 18)) == {18: b""}


def test_a_refusal_has_the_kernels_own_sentence() -> None:
    assert rtnetlink.Refusal(0, 22, "").sentence == "Invalid argument"
    assert rtnetlink.Refusal(0, 22, "mtu less than device minimum").sentence == (
        "Invalid argument (mtu less than device minimum)"
    )


def test_the_loopback_is_found_without_root() -> None:
    with rtnetlink.Socket() as here:
        assert here.index_of("lo") == socket.if_nametoindex("lo")
        assert here.index_of("no-such-link") == 0
        assert len(here.dump(rtnetlink.GETLINK, bytes(16))) == len(socket.if_nameindex())
        assert here.ask(rtnetlink.GETLINK, struct.pack("=BxHiII", 0, 0, 1, 0, 0)) is not None


@pytest.mark.parametrize(
    ("given", "spelling", "path", "place"),
    [
        (None, "", "/proc/thread-self/ns/net", "in the machine's own namespace"),
        ("", "", "/proc/thread-self/ns/net", "in the machine's own namespace"),
        ("blue", "blue", "/run/netns/blue", "in namespace blue"),
        ("/run/netns/blue", "blue", "/run/netns/blue", "in namespace blue"),
        ("/var/run/netns/blue", "blue", "/run/netns/blue", "in namespace blue"),
        ("/proc/7/ns/net", "/proc/7/ns/net", "/proc/7/ns/net", "in namespace /proc/7/ns/net"),
    ],
)
def test_a_namespace_has_one_spelling(given: str | None, spelling: str, path: str, place: str) -> None:
    assert spelled(given) == spelling
    assert path_of(spelling) == path
    assert where(spelling) == place


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("0100007F", "127.0.0.1"),
        ("000080FE00000000FF005450B6DC40FE", "fe80::5054:ff:fe40:dcb6"),
        ("0000000000000000FFFF00000501A8C0", "192.168.1.5"),
    ],
)
def test_an_address_of_the_kernels_tables_is_read(text: str, address: str) -> None:
    assert _address(text) == address
