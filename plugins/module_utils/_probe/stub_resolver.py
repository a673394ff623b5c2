# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Looking up a name as a process at a vantage point would: its /etc/hosts, then its DNS servers.

Docker's own DNS server (127.0.0.11) exists only inside a container's network namespace, so the question is
asked from there. NSS is not consulted: what libnss adds (mDNS, LDAP) is not seen.
"""

from __future__ import annotations

import asyncio
import random
import socket

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.addresses import is_address
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.deadline import within

from . import dns
from .vantage import Vantage

# As long as a container's own resolver waits (resolv.conf(5)): a dockerd on a busy host may take seconds to answer.
_ATTEMPTS = 2
_ATTEMPT_SECONDS = 5
_WHOLE_SECONDS = 20
_DATAGRAM = 4096


class Unresolved(Exception):
    """A name has no address here; the text says who was asked."""


async def resolve(vantage: Vantage, name: str) -> str:
    """The address a name stands for, IPv4 where it has both. An address stands for itself. Raises Unresolved."""
    if is_address(name):
        return name
    listed = dns.hosts_addresses(vantage.hosts, name)
    if listed:
        return listed[0]
    conf = dns.parse_resolv_conf(vantage.resolv_conf)
    codes = set()
    try:
        async with within(_WHOLE_SECONDS):
            for candidate in conf.candidates(name):
                answer = await _look_up(vantage, conf, candidate)
                if answer.addresses:
                    return answer.addresses[0]
                codes.add(answer.code)
    except TimeoutError as error:
        raise Unresolved(f"{name} was not resolved within {_WHOLE_SECONDS} s by {_servers(conf)}") from error
    failures = sorted(codes - {dns.NOERROR, dns.NXDOMAIN})
    if failures:
        raise Unresolved(f"{name} is not in /etc/hosts, and {_servers(conf)} failed (DNS response code {failures[0]})")
    raise Unresolved(f"{name} is not known: it is not in /etc/hosts, nor in {_servers(conf)}")


async def _look_up(vantage: Vantage, conf: dns.ResolvConf, name: str) -> dns.Answer:
    answer = await _ask_all(vantage, conf, name, dns.A)
    # NXDOMAIN holds for every kind of record.
    if answer.addresses or answer.code == dns.NXDOMAIN:
        return answer
    return await _ask_all(vantage, conf, name, dns.AAAA)


async def _ask_all(vantage: Vantage, conf: dns.ResolvConf, name: str, kind: int) -> dns.Answer:
    """The first answer that settles it. A server that fails (SERVFAIL, REFUSED) leaves it to the next."""
    failed: dns.Answer | None = None
    for _attempt in range(_ATTEMPTS):
        for server in conf.nameservers:
            answer = await _ask(vantage, server, name, kind)
            if answer and answer.code in (dns.NOERROR, dns.NXDOMAIN):
                return answer
            failed = answer or failed
    if failed is None:
        raise Unresolved(f"{name} is not in /etc/hosts, and there is no answer from {_servers(conf)}")
    return failed


async def _ask(vantage: Vantage, server: str, name: str, kind: int) -> dns.Answer | None:
    """One question to one server; None where no answer came."""
    loop = asyncio.get_running_loop()
    ident = random.getrandbits(16)
    try:
        with vantage.entered():
            family, _kind, _protocol, _name, address = socket.getaddrinfo(
                server, 53, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST
            )[0]
        with vantage.socket(family, socket.SOCK_DGRAM) as channel:
            channel.connect(address)
            await loop.sock_sendall(channel, dns.query(ident, name, kind))
            async with within(_ATTEMPT_SECONDS):
                while True:
                    answer = dns.parse_answer(await loop.sock_recv(channel, _DATAGRAM), ident, name, kind)
                    if answer:
                        return answer
    except OSError:  # refused, unreachable, or (TimeoutError) silent: the next server may answer
        return None


def _servers(conf: dns.ResolvConf) -> str:
    return ("DNS server " if len(conf.nameservers) == 1 else "DNS servers ") + ", ".join(conf.nameservers)
