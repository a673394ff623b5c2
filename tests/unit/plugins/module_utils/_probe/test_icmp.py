# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import socket
import struct

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe import icmp
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe.icmp import IPV4, IPV6, Dialect, EchoError

IDENT = 0x1234
DATA = b"abcdefgh"
IP_HEADER = b"\x45" + bytes(19)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(b"", 0xFFFF, id="nothing"),
        # The example of RFC 1071, section 3: the sum is ddf2.
        pytest.param(bytes.fromhex("0001f203f4f5f6f7"), 0x220D, id="rfc1071"),
        pytest.param(b"\xff\xff\xff\xff", 0, id="carries"),
        pytest.param(b"\x01", 0xFEFF, id="odd length"),
    ],
)
def test_checksum(data: bytes, expected: int) -> None:
    assert icmp.checksum(data) == expected


@pytest.mark.parametrize("size", [0, 1, 7, 8, 9, 56, 1422, 65507])
def test_payload_has_the_size_asked_for(size: int) -> None:
    assert len(icmp.payload(b"12345678", size)) == size


def test_ipv4_request_checks_out() -> None:
    packet = icmp.echo_request(IPV4, IDENT, 7, DATA)
    assert packet[:2] == b"\x08\x00"
    assert packet[4:] == bytes.fromhex("12340007") + DATA
    # The checksum of a packet with its checksum in place is zero.
    assert icmp.checksum(packet) == 0


def test_ipv6_request_leaves_the_checksum_to_the_kernel() -> None:
    assert icmp.echo_request(IPV6, IDENT, 7, DATA) == bytes.fromhex("8000000012340007") + DATA


def reply(kind: int = 0, code: int = 0, ident: int = IDENT, sequence: int = 7, data: bytes = DATA) -> bytes:
    return struct.pack("!BBHHH", kind, code, 0, ident, sequence) + data


@pytest.mark.parametrize(
    ("dialect", "packet", "expected"),
    [
        pytest.param(IPV4, IP_HEADER + reply(), 7, id="ours"),
        pytest.param(IPV4, b"\x46" + bytes(23) + reply(), 7, id="IP options"),
        pytest.param(IPV4, IP_HEADER + reply(ident=1), None, id="another's identifier"),
        pytest.param(IPV4, IP_HEADER + reply(data=b"abcdefgX"), None, id="another's payload"),
        pytest.param(IPV4, IP_HEADER + reply(data=DATA[:-1]), None, id="cut short"),
        pytest.param(IPV4, IP_HEADER + reply(kind=8), None, id="a request"),
        pytest.param(IPV4, IP_HEADER + b"\0\0", None, id="too short"),
        pytest.param(IPV4, b"", None, id="empty"),
        pytest.param(IPV6, reply(kind=129), 7, id="ours, IPv6"),
        pytest.param(IPV6, reply(kind=128), None, id="a request, IPv6"),
    ],
)
def test_echo_reply(dialect: Dialect, packet: bytes, expected: int | None) -> None:
    assert icmp.echo_reply(dialect, packet, IDENT, DATA) == expected


def extended_error(number: int, origin: int, info: int = 0, offender: bytes = b"") -> bytes:
    return struct.pack("=IBBBBII", number, origin, 3, 4, 0, info, 0) + offender


ROUTER = struct.pack("=HH", socket.AF_INET, 0) + bytes([10, 9, 0, 1]) + bytes(8)
ROUTER6 = struct.pack("=HHI", socket.AF_INET6, 0, 0) + socket.inet_pton(socket.AF_INET6, "fd00::1") + bytes(4)


@pytest.mark.parametrize(
    ("dialect", "request_bytes", "ancillary", "expected"),
    [
        pytest.param(
            IPV4,
            reply(kind=8),
            extended_error(errno.EMSGSIZE, 2, 1400, ROUTER),
            EchoError(7, 1400, "message too long, says 10.9.0.1"),
            id="a router says fragmentation needed",
        ),
        pytest.param(
            IPV4,
            b"",
            extended_error(errno.EMSGSIZE, 1, 1500),
            EchoError(None, 1500, "message too long"),
            id="our own kernel says it",
        ),
        pytest.param(
            IPV4,
            reply(kind=8),
            extended_error(errno.EHOSTUNREACH, 2, 0, ROUTER),
            EchoError(7, None, "no route to host, says 10.9.0.1"),
            id="unreachable",
        ),
        pytest.param(
            IPV6,
            reply(kind=128),
            extended_error(errno.ENETUNREACH, 3, 0, ROUTER6),
            EchoError(7, None, "network is unreachable, says fd00::1"),
            id="unreachable, IPv6",
        ),
        pytest.param(
            IPV4,
            reply(kind=8),
            extended_error(errno.EHOSTUNREACH, 2),
            EchoError(7, None, "no route to host"),
            id="nobody said it",
        ),
        pytest.param(IPV4, reply(kind=8, ident=9), extended_error(errno.EHOSTUNREACH, 2), None, id="not ours"),
        pytest.param(IPV4, b"\x08\x00", extended_error(errno.EHOSTUNREACH, 2), None, id="too short"),
    ],
)
def test_echo_error(dialect: Dialect, request_bytes: bytes, ancillary: bytes, expected: EchoError | None) -> None:
    assert icmp.echo_error(dialect, request_bytes, ancillary, IDENT) == expected
