# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What a stub resolver needs: /etc/hosts, /etc/resolv.conf, and DNS messages (RFC 1035). Pure."""

from __future__ import annotations

import ipaddress
import re
import struct
from dataclasses import dataclass

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.addresses import is_address

A = 1
AAAA = 28
NOERROR, NXDOMAIN = 0, 3
_IN = 1
_LABEL = re.compile(rb"[A-Za-z0-9_-]+")  # the underscore is for containers' names
_HEADER = struct.Struct("!6H")
_RECORD = struct.Struct("!HHIH")
_RESPONSE = 0x8000
_RECURSION_DESIRED = 0x0100
# Bounds of glibc's resolver.
_MOST_SERVERS = 3
_MOST_NDOTS = 15
_MOST_SEARCH = 16


@dataclass(frozen=True)
class ResolvConf:
    """What /etc/resolv.conf says. Without a nameserver it is the host's own, as resolv.conf(5) has it."""

    nameservers: tuple[str, ...] = ("127.0.0.1",)
    search: tuple[str, ...] = ()
    ndots: int = 1

    def candidates(self, name: str) -> list[str]:
        """The full names to ask for, in order, as the search list and ndots have it."""
        if name.endswith("."):
            return [name[:-1]]
        searched = [f"{name}.{domain}" for domain in self.search]
        return [name, *searched] if name.count(".") >= self.ndots else [*searched, name]


def parse_resolv_conf(text: str) -> ResolvConf:
    """Read /etc/resolv.conf; what is not understood is skipped, as resolvers do."""
    servers: list[str] = []
    search: list[str] = []
    ndots = 1
    for line in text.splitlines():
        words = line.split()
        if not words or words[0][0] in "#;":
            continue
        if words[0] == "nameserver" and len(words) > 1 and is_address(words[1]):
            servers.append(words[1])
        elif words[0] in ("search", "domain"):
            # The last such line wins; a dot alone is the root.
            search = [domain.strip(".") for domain in words[1:] if domain.strip(".")]
        elif words[0] == "options":
            for option in words[1:]:
                key, _separator, value = option.partition(":")
                if key == "ndots" and value.isdecimal():
                    ndots = min(int(value), _MOST_NDOTS)
    return ResolvConf(
        tuple(servers[:_MOST_SERVERS]) or ResolvConf.nameservers,
        tuple(search[:_MOST_SEARCH]),
        ndots,
    )


def hosts_addresses(text: str, name: str) -> list[str]:
    """The addresses that /etc/hosts gives a name, IPv4 first."""
    wanted = name.rstrip(".").lower()
    found = []
    for line in text.splitlines():
        words = line.partition("#")[0].split()
        if words and is_address(words[0]) and wanted in (alias.lower() for alias in words[1:]):
            found.append(words[0])
    return sorted(found, key=lambda address: ":" in address)


def encode_name(name: str) -> bytes:
    """A name as DNS writes it: labels, each behind its length. Raises ValueError for what DNS cannot say."""
    encoded = b""
    for label in name.split("."):
        try:
            raw = label.encode("ascii") if label.isascii() else label.encode("idna")
        except UnicodeError as error:
            raise ValueError(f"{name!r} is not a host name") from error
        if not 1 <= len(raw) <= 63 or not _LABEL.fullmatch(raw):
            raise ValueError(f"{name!r} is not a host name")
        encoded += bytes([len(raw)]) + raw
    if len(encoded) > 254:
        raise ValueError(f"{name!r} is too long for a host name (253 characters at most)")
    return encoded + b"\0"


def query(ident: int, name: str, kind: int) -> bytes:
    """A question for the records of one kind (A or AAAA)."""
    return _HEADER.pack(ident, _RECURSION_DESIRED, 1, 0, 0, 0) + _question(name, kind)


@dataclass(frozen=True)
class Answer:
    """What a server said: its response code (0, NXDOMAIN, ...) and the addresses of the kind asked for."""

    code: int
    addresses: tuple[str, ...] = ()


def parse_answer(message: bytes, ident: int, name: str, kind: int) -> Answer | None:
    """Read a message; None where it is no whole answer to this question.

    A chain of CNAMEs needs no following: a recursive server sends the records at its end along.
    """
    try:
        its_ident, flags, questions, answers, _authority, _additional = _HEADER.unpack_from(message)
        question = _question(name, kind)
        at = _HEADER.size
        asked = message[at : at + len(question)].lower()
        if its_ident != ident or not flags & _RESPONSE or questions != 1 or asked != question.lower():
            return None
        at += len(question)
        addresses = []
        for _attempt in range(answers):
            at = _skip_name(message, at)
            its_kind, its_class, _ttl, length = _RECORD.unpack_from(message, at)
            at += _RECORD.size
            data = message[at : at + length]
            at += length
            if at > len(message):
                return None
            if (its_kind, its_class, len(data)) == (kind, _IN, 4 if kind == A else 16):
                addresses.append(str(ipaddress.ip_address(data)))
    except (struct.error, IndexError):
        return None
    return Answer(flags & 0x000F, tuple(addresses))


def _question(name: str, kind: int) -> bytes:
    return encode_name(name) + struct.pack("!HH", kind, _IN)


def _skip_name(message: bytes, at: int) -> int:
    while message[at]:
        if message[at] >= 0xC0:  # a pointer ends the name and takes two bytes
            return at + 2
        at += message[at] + 1
    return at + 1
