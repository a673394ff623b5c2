# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Until when certificates count, and what to say of it: those that run out soon, and those of hosts that left.

Read by the standard library alone: managed hosts have no cryptography.
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._host import lab_identity

SOON = timedelta(days=30)
# What the lab puts on a host: etcd's and dockerd's.
HOST_DIRECTORIES = (Path("/etc/overlay-lab/etcd"), Path("/etc/overlay-lab/docker"))
# Of a host's certificates on the controller: HOST, HOST-peer and so on.
_SUFFIXES = ("", "-peer", "-client", "-docker")
# ASN.1 (X.690): the version of an X.509 certificate is in an optional field of its own class.
_VERSION, _UTC_TIME = 0xA0, 0x17


def read(*directories: Path) -> list[dict[str, Any]]:
    """Each certificate there: {"path", "not_after": seconds of the epoch, "sha256"}; 0 and "" for what is none."""
    files = [file for directory in directories for file in sorted(directory.glob("*.crt"))]
    return [{"path": str(file), **_first_of(file)} for file in files if file.is_file()]


def ending(hosts: Mapping[str, Any], lab: Mapping[str, Any], here: list[dict[str, Any]], now: float) -> list[str]:
    """A line for each certificate that runs out within thirty days, or has, with its remedy.

    ``hosts``: name -> what host_info returned there; ``lab``: its value (plugin_utils/_lab_file/value.py); ``here``:
    what is in the controller's directory, as read() tells; ``now``: seconds of the epoch.
    """
    authorities: dict[tuple[str, float], list[str]] = {}
    lines = []
    for place, one in _due(hosts, here, now):
        path = Path(one["path"])
        if path.stem in lab_identity.TITLES:
            places = authorities.setdefault((path.stem, one["not_after"]), [])
            places += [place] if place not in places else []
            continue
        lines.append(f"{place}: {path} {_when(one['not_after'], now)}: {_remedy(place, path, lab)}")
    return [
        f"{', '.join(places)}: {stem}.crt, {lab_identity.TITLES[stem]} with all that it issued,"
        f" {_when(end, now)}: in {lab['pki']}, {lab_identity.anew(stem)}"
        for (stem, end), places in authorities.items()
    ] + lines


def _due(hosts: Mapping[str, Any], here: list[dict[str, Any]], now: float) -> Iterator[tuple[str, dict[str, Any]]]:
    """(where, certificate) of those that run out. Of the controller's, what no host that was asked has as well.

    One that ends with its CA is not named beside it: a new CA brings new ones.
    """
    limit = now + SOON.total_seconds()
    found = [(name, one) for name, info in hosts.items() for one in info["certificates"]]
    on_hosts = {one["sha256"] for _where, one in found} - {""}
    found += [
        ("the controller", one)
        for one in here
        if one["sha256"] not in on_hosts or Path(one["path"]).stem in lab_identity.TITLES
    ]
    last = {one["not_after"] for _where, one in found if Path(one["path"]).stem in lab_identity.TITLES}
    for place, one in found:
        is_authority = Path(one["path"]).stem in lab_identity.TITLES
        if one["not_after"] < limit and (is_authority or one["not_after"] not in last):
            yield place, one


def _when(end: float, now: float) -> str:
    if not end:
        return "is not a certificate"
    day = datetime.fromtimestamp(end, timezone.utc).strftime("%Y-%m-%d")
    days = int((end - now) // 86400)
    return f"expired on {day}" if end <= now else f"expires on {day}, in {days} days"


def _remedy(place: str, path: Path, lab: Mapping[str, Any]) -> str:
    stems = {f"{host}{suffix}" for host in lab["hosts"] for suffix in _SUFFIXES}
    if place == "the controller" and path.stem not in stems:
        return "no host of the lab file has it, so no run renews it"
    return "run playbooks/overlay.yml, which renews it"


def left(others: Mapping[str, str], pki: str) -> list[str]:
    """A line for each certificate of no host of the lab file. ``others``: what the module pki returned."""
    return [
        f"{name}.crt in {pki} is of no host of the lab file, and is accepted until {end[:10]}: if its host is gone for"
        f" good, remove it and {name}.key; if somebody else may have a copy, {_worthless('there')}"
        for name, end in others.items()
    ]


def kept(others: Mapping[str, str], pki: str) -> str:
    """Why the CAs stay after the last host of the lab file was cleared. ``others``: what the module pki returned."""
    names = ", ".join(f"{name} (until {end[:10]})" for name, end in others.items())
    return (
        f"{pki} stays: its CAs issued certificates to hosts that were not cleared: {names}: run destroy.yml with a lab"
        " file that has these hosts; if they are gone for good, run it again with -e destroy_ca=true"
    )


def forgotten(certificates: Mapping[str, Any], host: Mapping[str, Any]) -> str:
    """What the removal of a host has done to its certificates.

    ``certificates``: what the module pki returned; ``host``: {"pki", "host": its name, "answers"}.
    """
    name, pki = host["host"], host["pki"]
    until = max(one["not_after"] for one in certificates.values())[:10]
    gone, names = f"certificates of {name} are gone from {pki}", ", ".join(certificates)
    kept = (
        f" and from {name}: {names}; a copy is accepted until {until}"
        if host["answers"]
        else f", not from {name}, which does not answer: {names}; whoever has that host has access until {until}"
    )
    return f"{gone}{kept}; to end that at once, {_worthless(f'in {pki}')}"


def _worthless(where: str) -> str:
    files = ", ".join(f"{stem}.crt, {stem}.key" for stem in lab_identity.TITLES)
    return f"remove {files} {where} and run playbooks/overlay.yml with {lab_identity.new_ca('ca')}"


def _first_of(file: Path) -> dict[str, Any]:
    """The first certificate of a PEM file."""
    text = file.read_text(encoding="ascii", errors="replace")
    _before, begin, rest = text.partition("-----BEGIN CERTIFICATE-----")
    body, last, _after = rest.partition("-----END CERTIFICATE-----")
    try:
        der = ssl.PEM_cert_to_DER_cert(f"{begin}{body}{last}\n")
        certificate = _elements(der)[0][1]
        signed = _elements(certificate)[0][1]
        fields = [one for one in _elements(signed) if one[0] != _VERSION]
        # Serial number, algorithm, issuer, validity.
        kind, moment = _elements(fields[3][1])[1]
        digits = moment.decode("ascii")
        # RFC 5280: two digits of a year are 1950 to 2049.
        century = ("20" if digits < "5" else "19") if kind == _UTC_TIME else ""
        end = datetime.strptime(f"{century}{digits}+0000", "%Y%m%d%H%M%SZ%z").timestamp()
        return {"not_after": end, "sha256": hashlib.sha256(der).hexdigest()}
    except (ValueError, IndexError):
        return {"not_after": 0.0, "sha256": ""}


def _elements(data: bytes) -> list[tuple[int, bytes]]:
    """(tag, content) of the elements of an ASN.1 sequence."""
    found, position = [], 0
    while position < len(data):
        tag, length, position = data[position], data[position + 1], position + 2
        if length & 0x80:
            size, position = length & 0x7F, position + (length & 0x7F)
            length = int.from_bytes(data[position - size : position], "big")
        found.append((tag, data[position : position + length]))
        position += length
    return found
