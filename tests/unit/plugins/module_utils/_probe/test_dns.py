# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import struct
from ipaddress import ip_address

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe import dns
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe.dns import AAAA, A, Answer, ResolvConf

QUESTION = b"\x06myhost\x04test\0" + struct.pack("!HH", A, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("", ResolvConf(("127.0.0.1",), (), 1), id="empty"),
        pytest.param(
            "nameserver 127.0.0.11\nsearch lab.example corp.example.\noptions edns0 trust-ad ndots:0\n",
            ResolvConf(("127.0.0.11",), ("lab.example", "corp.example"), 0),
            id="Docker's",
        ),
        pytest.param(
            "# nameserver 10.0.0.1\n; nameserver 10.0.0.2\nnameserver fe80::1%eth0\n",
            ResolvConf(("fe80::1%eth0",)),
            id="comments, IPv6 with a zone",
        ),
        pytest.param("search a\nsearch b c\n", ResolvConf(search=("b", "c")), id="last search wins"),
        pytest.param("domain d\n", ResolvConf(search=("d",)), id="domain"),
        pytest.param("search .\n", ResolvConf(), id="the root is no search domain"),
        pytest.param("nameserver\nnameserver x\noptions ndots:x ndots:99\n", ResolvConf(ndots=15), id="nonsense"),
        pytest.param(
            "\n".join(f"nameserver 10.0.0.{number}" for number in range(1, 6)),
            ResolvConf(("10.0.0.1", "10.0.0.2", "10.0.0.3")),
            id="three servers at most",
        ),
    ],
)
def test_parse_resolv_conf(text: str, expected: ResolvConf) -> None:
    assert dns.parse_resolv_conf(text) == expected


@pytest.mark.parametrize(
    ("name", "ndots", "expected"),
    [
        ("test2", 0, ["test2", "test2.lab"]),
        ("test2", 1, ["test2.lab", "test2"]),
        ("a.b", 1, ["a.b", "a.b.lab"]),
        ("a.b", 2, ["a.b.lab", "a.b"]),
        ("a.b.", 5, ["a.b"]),
    ],
)
def test_candidates(name: str, ndots: int, expected: list[str]) -> None:
    assert ResolvConf(search=("lab",), ndots=ndots).candidates(name) == expected


HOSTS = """
127.0.0.1 localhost
::1 localhost ip6-localhost # 10.9.9.9 test1
fd00::2 Test1
10.0.0.2\ttest1 web
10.0.0.3 other test1
nonsense test1
"""


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("test1", ["10.0.0.2", "10.0.0.3", "fd00::2"]),
        ("WEB", ["10.0.0.2"]),
        ("test1.", ["10.0.0.2", "10.0.0.3", "fd00::2"]),
        ("ip6-localhost", ["::1"]),
        ("test", []),
    ],
)
def test_hosts_addresses(name: str, expected: list[str]) -> None:
    assert dns.hosts_addresses(HOSTS, name) == expected


def test_query() -> None:
    assert dns.query(0xABCD, "myhost.test", A) == bytes.fromhex("abcd 0100 0001 0000 0000 0000") + QUESTION


@pytest.mark.parametrize(
    ("name", "encoded"),
    [
        ("my_test1", b"\x08my_test1\0"),
        ("bücher.example", b"\x0dxn--bcher-kva\x07example\0"),
    ],
)
def test_encode_name(name: str, encoded: bytes) -> None:
    assert dns.encode_name(name) == encoded


@pytest.mark.parametrize("name", ["", ".", "a..b", "a b", "a\nb", "x" * 64, "ü" * 64, ".".join(["x" * 60] * 5)])
def test_encode_name_refuses(name: str) -> None:
    with pytest.raises(ValueError, match="host name"):
        dns.encode_name(name)


def record(kind: int, data: bytes, owner: bytes = b"\xc0\x0c") -> bytes:
    return owner + struct.pack("!HHIH", kind, 1, 60, len(data)) + data


def message(*records: bytes, flags: int = 0x8180, ident: int = 1, question: bytes = QUESTION) -> bytes:
    return struct.pack("!6H", ident, flags, 1, len(records), 0, 0) + question + b"".join(records)


TEN = ip_address("10.0.0.3").packed
QUESTION6 = QUESTION[:-4] + struct.pack("!HH", AAAA, 1)


@pytest.mark.parametrize(
    ("raw", "kind", "expected"),
    [
        pytest.param(message(record(A, TEN)), A, Answer(0, ("10.0.0.3",)), id="one address"),
        pytest.param(
            message(record(5, b"\x01x\xc0\x0c"), record(A, TEN, b"\x01x\x04test\0"), record(A, bytes([10, 0, 0, 4]))),
            A,
            Answer(0, ("10.0.0.3", "10.0.0.4")),
            id="behind a CNAME",
        ),
        pytest.param(
            message(record(AAAA, ip_address("fd00::3").packed), question=QUESTION6),
            AAAA,
            Answer(0, ("fd00::3",)),
            id="IPv6",
        ),
        pytest.param(
            message(record(A, TEN), question=b"\x06MYhost\x04TEST\0\0\x01\0\x01"),
            A,
            Answer(0, ("10.0.0.3",)),
            id="capitals",
        ),
        pytest.param(message(flags=0x8183), A, Answer(3), id="no such name"),
        pytest.param(message(flags=0x8182), A, Answer(2), id="server failure"),
        pytest.param(message(), A, Answer(0), id="no records"),
        pytest.param(message(record(A, TEN), ident=2), A, None, id="another's answer"),
        pytest.param(message(record(A, TEN), flags=0x0100), A, None, id="a question"),
        pytest.param(message(record(A, TEN), question=QUESTION6), A, None, id="another question"),
        pytest.param(message(record(A, TEN))[:-7], A, None, id="cut short"),
        pytest.param(message(record(A, TEN[:2])), A, Answer(0), id="an address of two bytes"),
        pytest.param(b"", A, None, id="empty"),
    ],
)
def test_parse_answer(raw: bytes, kind: int, expected: Answer | None) -> None:
    assert dns.parse_answer(raw, 1, "myhost.test", kind) == expected


def test_every_cut_is_survived() -> None:
    whole = message(record(5, b"\x01x\xc0\x0c"), record(A, TEN))
    for end in range(len(whole)):
        assert dns.parse_answer(whole[:end], 1, "myhost.test", A) is None
