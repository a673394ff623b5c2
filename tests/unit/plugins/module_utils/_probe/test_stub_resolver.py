# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whom the resolver asks, in which order, and what it makes of the answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from unittest import mock

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe import stub_resolver
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe.dns import AAAA, NXDOMAIN, A, Answer

Servers = Callable[[str, str, int], Answer | None]  # server, name, kind -> its answer


class Vantage:
    """As much of a vantage point as name resolution sees."""

    def __init__(self, hosts: str = "", resolv_conf: str = "") -> None:
        self.hosts = hosts
        self.resolv_conf = resolv_conf


def resolve(name: str, servers: Servers, **files: str) -> str:
    async def ask(_vantage: Vantage, server: str, asked: str, kind: int) -> Answer | None:
        return servers(server, asked, kind)

    with mock.patch.object(stub_resolver, "_ask", ask):
        return asyncio.run(stub_resolver.resolve(Vantage(**files), name))  # type: ignore[arg-type]


def zone(known: dict[tuple[str, int], str]) -> Servers:
    names = {name for name, _kind in known}

    def answer(_server: str, asked: str, kind: int) -> Answer:
        if asked not in names:
            return Answer(NXDOMAIN)
        address = known.get((asked, kind))
        return Answer(0, (address,) if address else ())

    return answer


CONF = "nameserver 10.9.9.1\nnameserver 10.9.9.2\nsearch lab.example\n"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("10.0.0.7", "10.0.0.7"),
        ("listed", "10.0.0.1"),
        ("both", "10.0.0.2"),
        ("only6", "fd00::2"),
        ("short", "10.0.0.3"),
    ],
)
def test_resolve(name: str, expected: str) -> None:
    known = {
        ("listed", A): "10.9.9.9",
        ("both", A): "10.0.0.2",
        ("both", AAAA): "fd00::1",
        ("only6", AAAA): "fd00::2",
        ("short.lab.example", A): "10.0.0.3",
    }
    assert resolve(name, zone(known), hosts="10.0.0.1 listed\n", resolv_conf=CONF) == expected


@pytest.mark.parametrize("first", [None, Answer(2), Answer(5)], ids=["silent", "SERVFAIL", "REFUSED"])
def test_the_second_server_is_asked_when_the_first_fails(first: Answer | None) -> None:
    def answer(server: str, _asked: str, _kind: int) -> Answer | None:
        return first if server == "10.9.9.1" else Answer(0, ("10.0.0.3",))

    assert resolve("x", answer, resolv_conf=CONF) == "10.0.0.3"


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Answer(NXDOMAIN), "x is not known: it is not in /etc/hosts, nor in DNS servers 10.9.9.1, 10.9.9.2"),
        (Answer(2), "x is not in /etc/hosts, and DNS servers 10.9.9.1, 10.9.9.2 failed (DNS response code 2)"),
        (None, "x.lab.example is not in /etc/hosts, and there is no answer from DNS servers 10.9.9.1, 10.9.9.2"),
    ],
)
def test_unresolved(answer: Answer | None, message: str) -> None:
    with pytest.raises(stub_resolver.Unresolved) as caught:
        resolve("x", lambda *_: answer, resolv_conf=CONF)
    assert str(caught.value) == message
