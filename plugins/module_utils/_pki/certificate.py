# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""One certificate of a lab: why it has to be issued, and that it is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from . import x509
from .plan import CERTIFICATE_MODE, KEY_MODE, File, Plan, or_none, read
from .spec import Desired, Pki


@dataclass(frozen=True)
class Renewal:
    """A desired certificate beside the current one, and why it has to be issued again."""

    desired: Desired
    pki: Pki
    authority: x509.Authority
    now: datetime
    path: Path
    key_path: Path
    certificate: Any
    key: Any = field(repr=False)

    @classmethod
    def read(cls, desired: Desired, pki: Pki, authority: x509.Authority, now: datetime) -> Renewal:
        path, key_path = pki.path / f"{desired.name}.crt", pki.path / f"{desired.name}.key"
        certificate, key = or_none(x509.load_certificate, read(path)), or_none(x509.load_key, read(key_path))
        return cls(desired, pki, authority, now, path, key_path, certificate, key)

    def reason(self) -> str:
        """Why the certificate has to be issued; empty where it need not."""
        if self.certificate is None:
            return "there is none"
        if self.key is None or not x509.belongs(self.key, self.certificate):
            return "its private key is missing or does not match"
        if not x509.issued_by(self.certificate, self.authority.certificate):
            return "another CA issued it"
        return self._differs() or self._is_at_its_end()

    def _differs(self) -> str:
        changed = [what for what, before, after in self.compared() if before != after]
        if changed:
            return " and ".join(changed) + " changed"
        # Whatever else makes one unfit shows beside one that is issued now.
        issued = self.issued(x509.valid_until(self.authority.certificate))
        others = x509.differing_extensions(self.certificate, issued)
        return f"its {others[0]} is another" if others else ""

    def _is_at_its_end(self) -> str:
        start, until = x509.valid_from(self.certificate), x509.valid_until(self.certificate)
        if start > self.now:
            return f"it is not valid before {start:%Y-%m-%d}"
        if _is_due(self.certificate, self.pki, self.now):
            left = (until - self.now).days
            return f"{left} days of its validity are left" if left >= 0 else "it has expired"
        return ""

    def issued(self, until: datetime):
        """A new certificate for the key that stands."""
        return x509.new_certificate(self.desired.identity, self.key, self.authority, self.now, until)

    def compared(self) -> list[tuple[str, Any, Any]]:
        """What a certificate says, as (what, before, after)."""
        before, after = x509.identity_of(self.certificate), self.desired.identity
        return [
            ("common name", before.common_name, after.common_name),
            ("usages", sorted(before.usages), sorted(after.usages)),
            ("names", before.subject_alternative_names, after.subject_alternative_names),
        ]


def plan_certificate(renewal: Renewal, result: Plan) -> None:
    desired, path, key = renewal.desired, renewal.path, renewal.key
    reason = renewal.reason()
    if key is None:
        key = x509.new_key()
        result.add(File(renewal.key_path, KEY_MODE, x509.key_pem(key)), "a new private key")
    else:
        result.fix_mode(renewal.key_path, KEY_MODE)
    if reason:
        # The key stays: then only one file changes, and a server that rereads its files never sees a pair that
        # does not fit. Whoever wants a new key removes the old one.
        until = min(renewal.now + timedelta(days=desired.days), x509.valid_until(renewal.authority.certificate))
        certificate = replace(renewal, key=key).issued(until)
        result.writes.append(File(path, CERTIFICATE_MODE, x509.certificate_pem(certificate)))
        _record(renewal, until, result)
    else:
        until = x509.valid_until(renewal.certificate)
        result.fix_mode(path, CERTIFICATE_MODE)
    result.certificates[desired.name] = {
        "path_key": str(renewal.key_path),
        "path_crt": str(path),
        "not_after": moment(until),
        "renewed": bool(reason),
        "reason": reason,
    }


def _record(renewal: Renewal, until: datetime, result: Plan) -> None:
    """Names and validity for the diff, never a key."""
    what, identity = renewal.path.name, renewal.desired.identity
    if renewal.certificate is None:
        names = [f"CN {identity.common_name}", *identity.subject_alternative_names]
        result.differences.add(what, None, [*names, f"valid to {until:%Y-%m-%d}"])
        return
    for attribute, before, after in renewal.compared():
        result.differences.compare(f"{what}: {attribute}", before, after)
    before = x509.valid_until(renewal.certificate)
    result.differences.add(f"{what}: valid to", f"{before:%Y-%m-%d %H:%M}", f"{until:%Y-%m-%d %H:%M}")


def _is_due(certificate, pki: Pki, now: datetime) -> bool:
    """Whether its remaining validity is below the threshold; the day by which it was backdated does not count."""
    until = x509.valid_until(certificate)
    return until - now < (until - x509.valid_from(certificate) - x509.BACKDATED) * pki.renew_fraction


def moment(until: datetime) -> str:
    return until.strftime("%Y-%m-%dT%H:%M:%SZ")
