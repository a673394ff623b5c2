# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import struct
from ipaddress import IPv4Address

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe import icmp
from ansible_collections.emon.overlay_lab.plugins.module_utils._trace import frames, taps
from ansible_collections.emon.overlay_lab.plugins.module_utils._trace.frames import Mark

TOKEN = bytes.fromhex("fedcba9876543210")
HERE, THERE = "10.200.0.2", "10.200.0.3"
VTEPS = ("10.0.0.116", "10.0.0.117")


def mark(protocol: str = "icmp") -> Mark:
    return Mark(TOKEN, protocol, (HERE, THERE), (4789,))


def ethernet(body: bytes, kind: int = 0x0800) -> bytes:
    return bytes(12) + struct.pack("!H", kind) + body


def ip(
    body: bytes, protocol: int, source: str = HERE, target: str = THERE, fragment: int = 0x4000, ttl: int = 63
) -> bytes:
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 7, fragment, ttl, protocol, 0)
    return head + IPv4Address(source).packed + IPv4Address(target).packed + body


def udp(body: bytes, source: int, target: int) -> bytes:
    return struct.pack("!HHHH", source, target, 8 + len(body), 0) + body


def vxlan(inner: bytes, vni: int = 256, port: int = 4789, fragment: int = 0) -> bytes:
    """An Ethernet frame in VXLAN in a frame of the underlay's."""
    header = struct.pack("!II", 0x08000000, vni << 8)
    return ethernet(ip(udp(header + inner, 50000, port), frames.UDP, *VTEPS, fragment=fragment))


def echo(index: int = 3, reply: bool = False, token: bytes = TOKEN, size: int = 56) -> bytes:
    data = Mark(token, "icmp").payload(index, size)
    packet = icmp.echo_request(icmp.IPV4, 1, index, data)
    return b"\0" + packet[1:] if reply else packet


def error(kind: int, code: int, quoted: bytes, mtu: int = 0) -> bytes:
    return struct.pack("!BBHHH", kind, code, 0, 0, mtu) + quoted


def segment(sequence: int, acknowledged: int, flags: int) -> bytes:
    return struct.pack("!HHIIBBHHH", 40000, 80, sequence, acknowledged, 0x50, flags, 1024, 0, 0)


def arp(operation: int, sender: str, target: str) -> bytes:
    return (
        struct.pack("!HHBBH", 1, 0x0800, 6, 4, operation)
        + bytes(6) + IPv4Address(sender).packed + bytes(6) + IPv4Address(target).packed
    )  # fmt: skip


SEQUENCE = mark("tcp").tcp_sequence(3)


@pytest.mark.parametrize("wrap", [ethernet, lambda body: vxlan(ethernet(body))], ids=["plain", "in VXLAN"])
@pytest.mark.parametrize(
    ("protocol", "body", "kind", "said"),
    [
        pytest.param("icmp", ip(echo(), 1), frames.REQUEST, "", id="echo request"),
        pytest.param("icmp", ip(echo(reply=True), 1), frames.REPLY, "", id="echo reply"),
        pytest.param(
            "icmp", ip(error(3, 1, ip(echo(), 1)), 1), frames.ERROR, "host unreachable", id="host unreachable"
        ),
        pytest.param("icmp", ip(error(11, 0, ip(echo(), 1)), 1), frames.ERROR, "TTL exceeded", id="TTL exceeded"),
        pytest.param("udp", ip(udp(mark("udp").payload(3, 16), 5, 53), 17), frames.REQUEST, "", id="datagram"),
        pytest.param(
            "udp",
            ip(error(3, 3, ip(udp(mark("udp").payload(3, 16), 5, 53), 17)), 1),
            frames.ERROR,
            "port unreachable",
            id="closed UDP port",
        ),
        pytest.param("tcp", ip(segment(SEQUENCE, 0, 0x02), 6), frames.REQUEST, "SYN", id="SYN"),
        pytest.param("tcp", ip(segment(9, SEQUENCE + 1, 0x12), 6), frames.REPLY, "SYN-ACK", id="SYN-ACK"),
        pytest.param("tcp", ip(segment(0, SEQUENCE + 1, 0x14), 6), frames.REPLY, "RST", id="RST"),
        pytest.param(
            "tcp",
            ip(error(3, 13, ip(segment(SEQUENCE, 0, 0x02), 6)[:28]), 1),
            frames.ERROR,
            "administratively prohibited",
            id="rejected SYN",
        ),
    ],
)
def test_a_marked_packet(wrap, protocol: str, body: bytes, kind: str, said: str) -> None:
    frame = wrap(body)
    seen = frames.read(frame, mark(protocol))
    assert seen is not None
    assert (seen.kind, seen.index, seen.said) == (kind, 3, said)
    assert [seen.layers[-1][key] for key in ("src", "dst", "ttl")] == [HERE, THERE, 63]
    assert seen.vni == (256 if len(seen.layers) == 2 else None)
    assert accepted(taps.program(mark(protocol)), frame)


@pytest.mark.parametrize(
    ("protocol", "frame"),
    [
        pytest.param("icmp", ethernet(ip(echo(token=bytes(8)), 1)), id="another's echo"),
        pytest.param("icmp", vxlan(ethernet(ip(echo(token=bytes(8)), 1))), id="another's echo in VXLAN"),
        pytest.param("icmp", ethernet(ip(echo(), 1), kind=0x86DD), id="no IPv4"),
        pytest.param("icmp", ethernet(ip(echo(), 1, fragment=0x0010)), id="a later fragment"),
        pytest.param("icmp", vxlan(ethernet(ip(echo(), 1)), port=5000), id="another UDP port"),
        pytest.param("tcp", ethernet(ip(segment(SEQUENCE ^ 0x100, 0, 0x02), 6)), id="another's SYN"),
        pytest.param("tcp", ethernet(ip(segment(SEQUENCE + 1, 9, 0x10), 6)), id="an ACK"),
        pytest.param("icmp", b"", id="nothing"),
        pytest.param("icmp", ethernet(ip(echo(), 1))[:40], id="cut short"),
        pytest.param("icmp", ethernet(ip(echo(), 1))[:32], id="cut short in an address"),
        pytest.param("icmp", ethernet(arp(1, HERE, THERE), 0x0806)[:40], id="ARP cut short"),
    ],
)
def test_other_packets(protocol: str, frame: bytes) -> None:
    assert frames.read(frame, mark(protocol)) is None


@pytest.mark.parametrize(("operation", "kind"), [(1, frames.ARP_REQUEST), (2, frames.ARP_REPLY)])
@pytest.mark.parametrize("wrapped", [False, True])
def test_arp_between_both_ends(operation: int, kind: str, wrapped: bool) -> None:
    inner = ethernet(arp(operation, HERE, THERE), 0x0806)
    frame = vxlan(inner) if wrapped else inner
    seen = frames.read(frame, mark())
    assert seen and (seen.kind, seen.index) == (kind, None)
    assert accepted(taps.program(mark()), frame)
    assert frames.read(ethernet(arp(operation, HERE, "10.200.0.9"), 0x0806), mark()) is None


def test_an_error_says_which_mtu_it_wants() -> None:
    frame = ethernet(ip(error(3, 4, ip(echo(), 1), mtu=1400), 1))
    seen = frames.read(frame, mark())
    assert seen and (seen.kind, seen.said, seen.mtu) == (frames.ERROR, "fragmentation needed", 1400)


def test_a_first_fragment_of_the_tunnel_has_the_mark() -> None:
    frame = vxlan(ethernet(ip(echo(size=1422), 1)), fragment=0x2000)[:1414]
    seen = frames.read(frame, mark())
    assert seen and seen.index == 3
    assert seen.layers[0]["fragment"]


def test_esp_is_heard_where_it_is_asked_for() -> None:
    frame = ethernet(ip(bytes(60), frames.ESP, *VTEPS))
    seen = frames.read(frame, mark())
    assert seen and (seen.kind, seen.index) == (frames.SEALED, None)
    assert accepted(taps.program(mark(), sealed=True), frame)
    assert not accepted(taps.program(mark()), frame)


@pytest.mark.parametrize("protocol", ["icmp", "tcp", "udp"])
def test_the_kernel_keeps_other_packets_away(protocol: str) -> None:
    program = taps.program(mark(protocol))
    assert not accepted(program, ethernet(ip(echo(token=bytes(8), size=1400), 1)))
    assert not accepted(program, vxlan(ethernet(ip(segment(1, 2, 0x10) + bytes(1000), 6))))
    assert not accepted(program, bytes(20))


def test_the_numbers_of_segments() -> None:
    ours = mark("tcp")
    assert [ours.index_of(ours.tcp_sequence(index)) for index in range(frames.MOST_PACKETS)] == list(
        range(frames.MOST_PACKETS)
    )
    assert ours.index_of(ours.tcp_sequence(3) ^ 0x10) is None


def test_a_syn_has_a_right_checksum() -> None:
    sent = frames.syn((HERE, 40000), (THERE, 80), 1)
    assert frames.checksum_of_tcp(HERE, THERE, sent) == 0


def accepted(program: bytes, frame: bytes) -> bool:
    """What the kernel does with a program: bpf(4), as far as ours go."""
    instructions = list(struct.iter_unpack("=HBBI", program))
    at, word = 0, 0
    while True:
        code, jump_true, jump_false, value = instructions[at]
        at += 1
        if code == 0x06:
            return value > 0
        if code == 0x15:
            at += jump_true if word == value else jump_false
        elif code == 0x54:
            word &= value
        else:
            size = {0x20: 4, 0x28: 2, 0x30: 1}[code]
            if value + size > len(frame):
                return False
            word = int.from_bytes(frame[value : value + size], "big")
