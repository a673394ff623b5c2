# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What a lab's PKI directory should hold, checked."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

from . import x509

_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_DNS_NAME = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?)*"
)
_COMMON_NAME_LENGTH = 64  # X.520's upper bound
# The stems of the CAs' files, and the CAs' names. What one issues is worth nothing where the other is asked.
CA, PEER_CA = "ca", "peer-ca"
_AUTHORITY_NAMES = {CA: "overlay lab {} CA", PEER_CA: "lab {} peer CA"}
AUTHORITIES = tuple(_AUTHORITY_NAMES)


def authority_name(stem: str, lab: str) -> str:
    return _AUTHORITY_NAMES[stem].format(lab)


@dataclass(frozen=True)
class Desired:
    """One certificate: ``name`` is the stem of its two files, ``authority`` that of the CA's which issues it."""

    name: str
    authority: str
    identity: x509.Identity
    days: int


@dataclass(frozen=True)
class Pki:
    """The whole desired state of one directory."""

    path: Path
    lab: str
    certificates: tuple[Desired, ...]
    ca_days: int
    renew_fraction: float
    uuid: str = ""
    trusted: tuple[str, ...] = ()
    trusted_peers: tuple[str, ...] = ()
    new_ca: bool = False
    former_path: Path | None = None
    only: tuple[str, ...] = ()
    # None: whoever has a certificate was cleared.
    cleared: tuple[str, ...] | None = None

    @property
    def authorities(self) -> tuple[str, ...]:
        """The desired CAs. That of clients always; that of peers where there are any."""
        return tuple(stem for stem in AUTHORITIES if stem == CA or stem in {one.authority for one in self.certificates})

    def trusted_as(self, stem: str) -> tuple[str, ...]:
        """Fingerprints of such a CA that the lab's hosts trust."""
        return self.trusted_peers if stem == PEER_CA else self.trusted


def parse(
    path: str,
    name: str,
    certificates: Iterable[Mapping[str, Any]] = (),
    ca_days: int = 3650,
    renew_fraction: float = 1 / 3,
    uuid: str | None = None,
    trusted: Iterable[str] = (),
    trusted_peers: Iterable[str] = (),
    new_ca: bool = False,
    former_path: str | None = None,
    only: Iterable[str] = (),
    cleared: Iterable[str] | None = None,
) -> Pki:
    """Check a module's parameters; all faults in one LabError."""
    faults: list[str] = []
    longest = _COMMON_NAME_LENGTH - max(len(authority_name(stem, "")) for stem in AUTHORITIES)
    if not name.strip() or len(name) > longest:
        faults.append(f"name: {name!r} must have 1 to {longest} characters")
    if ca_days < 1:
        faults.append(f"ca_days: {ca_days} must be 1 or more")
    if not 0 < renew_fraction < 1:
        faults.append(f"renew_fraction: {renew_fraction} must lie between 0 and 1")
    desired = []
    seen: set[str] = set()
    for one in certificates:
        if one["name"] in seen:
            faults.append(f"certificates.{one['name']}: the name is given twice, it is the name of the files")
        seen.add(one["name"])
        faults.extend(_faults(one))
        if not faults:
            desired.append(_desired(one))
    for option, stems in (("only", only), ("cleared", cleared or ())):
        faults += [f"{option}.{stem}: {_NAME_RULE}" for stem in stems if not _may_be_a_stem(stem)]
    if only and cleared is not None:
        faults.append("cleared: not together with only, which removes no CA")
    if faults:
        raise LabError(faults)
    return Pki(
        path=Path(path),
        lab=name,
        certificates=tuple(desired),
        ca_days=ca_days,
        renew_fraction=renew_fraction,
        uuid=uuid or "",
        trusted=tuple(trusted),
        trusted_peers=tuple(trusted_peers),
        new_ca=new_ca,
        former_path=Path(former_path) if former_path else None,
        only=tuple(only),
        cleared=None if cleared is None else tuple(cleared),
    )


_NAME_RULE = f"the name must be letters, digits, '.', '_' and '-', and not {' or '.join(map(repr, AUTHORITIES))}"


def _may_be_a_stem(name: str) -> bool:
    return bool(_FILE_NAME.fullmatch(name)) and name not in AUTHORITIES


def _desired(one: Mapping[str, Any]) -> Desired:
    identity = x509.Identity(
        common_name=one.get("common_name") or one["name"],
        usages=x509.USAGES[one["kind"]],
        dns=frozenset(one.get("dns") or ()),
        ip=frozenset(str(ipaddress.ip_address(address)) for address in one.get("ip") or ()),
    )
    authority = PEER_CA if one["kind"] == "peer" else CA
    return Desired(one["name"], authority, identity, one.get("days") or 365)


def _faults(one: Mapping[str, Any]) -> list[str]:
    where = f"certificates.{one['name']}"
    faults = []
    if not _may_be_a_stem(one["name"]):
        faults.append(f"{where}: {_NAME_RULE}")
    if len(one.get("common_name") or one["name"]) > _COMMON_NAME_LENGTH:
        faults.append(f"{where}.common_name: longer than {_COMMON_NAME_LENGTH} characters")
    if one.get("days") is not None and one["days"] < 1:
        faults.append(f"{where}.days: {one['days']} must be 1 or more")
    faults += [
        f"{where}.dns: {name!r} is not a host name" for name in one.get("dns") or () if not _DNS_NAME.fullmatch(name)
    ]
    for address in one.get("ip") or ():
        try:
            ipaddress.ip_address(address)
        except ValueError:
            faults.append(f"{where}.ip: {address!r} is not an IP address")
    if x509.SERVER in x509.USAGES[one["kind"]] and not one.get("dns") and not one.get("ip"):
        faults.append(f"{where}: a certificate of kind {one['kind']} needs dns or ip to be verified by")
    return faults
