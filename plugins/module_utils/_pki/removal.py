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
    """What has to be removed: what was issued to the cleared; with the last of it the CAs, and then the directory."""
    result = Plan(pki.path)
    if not pki.path.is_dir():
        return result
    known = owner.is_known(pki)
    if pki.only:
        return _plan_only(pki, result)
    found = issued(pki.path)
    going = {one for one in found if pki.cleared is None or one.stem in pki.cleared}
    made = going | {path.with_suffix(".key") for path in going}
    # A key whose certificate an interrupted run did not come to.
    named = {*(one.name for one in pki.certificates), *(pki.cleared or ())} if known else set()
    made |= {pki.path / f"{stem}.key" for stem in named if not (pki.path / f"{stem}.crt").exists()}
    staying = {file.stem: moment(x509.valid_until(one)) for file, one in found.items() if file not in going}
    if staying:
        result.others = staying
    elif known:
        made |= {pki.path / f"{stem}{suffix}" for stem in AUTHORITIES for suffix in (".key", ".crt")}
        made.add(pki.path / lab_identity.UUID_FILE)
    present = set(pki.path.iterdir())
    result.removals = sorted(made & present, key=_order)
    result.remove_directory = not staying and present <= made
    for path in result.removals:
        result.differences.add(str(path), "file", None)
    if result.remove_directory:
        result.differences.add(str(pki.path), "directory", None)
    elif not staying:
        left = ", ".join(sorted(path.name for path in present - made))
        result.warnings.append(f"{pki.path} stays, because the lab did not make: {left}")
    return result


def _order(path: Path) -> tuple[bool, bool, str, bool]:
    """Keys go before their certificates, and the CAs' certificates last.

    So an interrupted run leaves what tells whose the directory is, what the CAs issued, and whose a key is.
    """
    last = path.stem in AUTHORITIES and path.suffix == ".crt"
    of_authority = path.stem in AUTHORITIES or path.name == lab_identity.UUID_FILE
    return last, of_authority, path.stem, path.suffix == ".crt"


def _plan_only(pki: Pki, result: Plan) -> Plan:
    """The key goes first: interrupted before the certificate, the next run still tells until when a copy is good."""
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
