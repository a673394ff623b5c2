# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What goes from a PKI directory: all that the lab made, or the certificates that are named."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._host import lab_identity

from . import owner, x509
from .certificate import moment
from .plan import Plan, or_none, read
from .spec import AUTHORITIES, Pki


def plan_absent(pki: Pki) -> Plan:
    """What has to be removed: the CAs, what they issued, what is named, and then the directory."""
    result = Plan(pki.path)
    if not pki.path.is_dir():
        return result
    if pki.only:
        return _plan_only(pki, result)
    made = {pki.path / f"{stem}{suffix}" for stem in AUTHORITIES for suffix in (".key", ".crt")}
    made |= {pki.path / f"{one.name}{suffix}" for one in pki.certificates for suffix in (".key", ".crt")}
    made.add(pki.path / lab_identity.UUID_FILE)
    for path in issued(pki.path):
        made |= {path, path.with_suffix(".key")}
    present = set(pki.path.iterdir())
    # The CAs' keys go last: interrupted before, the next run still knows what they issued.
    result.removals = sorted(made & present, key=lambda path: (path.stem in AUTHORITIES, path.name))
    result.remove_directory = present <= made
    for path in result.removals:
        result.differences.add(str(path), "file", None)
    if result.remove_directory:
        result.differences.add(str(pki.path), "directory", None)
    else:
        left = ", ".join(sorted(path.name for path in present - made))
        result.warnings.append(f"{pki.path} stays, because the lab did not make: {left}")
    return result


def _plan_only(pki: Pki, result: Plan) -> Plan:
    """The key goes first: interrupted before the certificate, the next run still tells until when a copy is good."""
    owner.refuse_another_lab(pki)
    found = issued(pki.path)
    for stem in pki.only:
        path, key_path = pki.path / f"{stem}.crt", pki.path / f"{stem}.key"
        if path not in found:
            continue
        result.removals += [one for one in (key_path, path) if one.exists()]
        until = moment(x509.valid_until(found[path]))
        result.certificates[stem] = {
            "path_key": str(key_path),
            "path_crt": str(path),
            "not_after": until,
            "renewed": False,
            "reason": "",
        }
    for path in result.removals:
        result.differences.add(str(path), "file", None)
    return result


def issued(path: Path) -> dict[Path, x509.x509.Certificate]:
    """Every certificate in the directory that one of the lab's CAs there issued to somebody, by its file."""
    authorities = [or_none(x509.load_certificate, read(path / f"{stem}.crt")) for stem in AUTHORITIES]
    known = [one for one in authorities if one is not None]
    found = {}
    for file in sorted(path.glob("*.crt")) if known else ():
        certificate = or_none(x509.load_certificate, read(file)) if file.stem not in AUTHORITIES else None
        if certificate is not None and any(x509.issued_by(certificate, one) for one in known):
            found[file] = certificate
    return found
