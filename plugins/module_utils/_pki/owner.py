# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Whether a PKI directory is the lab's: by the lab's UUID, and by the CAs that its hosts trust."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import lab_identity

from . import x509
from .plan import or_none, read
from .spec import AUTHORITIES, CA, PEER_CA, Pki, authority_name


def refuse_others(pki: Pki) -> None:
    """A directory of another lab, or with a CA that the lab's hosts do not know."""
    refuse_another_lab(pki)
    for stem in () if pki.new_ca else pki.authorities:
        _refuse_unknown(pki, stem)


def refuse_another_lab(pki: Pki) -> None:
    recorded = lab_identity.recorded_uuid(pki.path)
    if pki.uuid and recorded not in ("", pki.uuid):
        raise LabError(
            f"{pki.path} is of the lab {recorded}, not of {pki.uuid}: bring the lab's own directory, or give this lab a"
            " path of its own"
        )


def refuse_another_name(path: Path, certificate: x509.x509.Certificate, stem: str, lab: str) -> None:
    """A CA's certificate that says another lab's name."""
    name, wanted_name = x509.identity_of(certificate).common_name, authority_name(stem, lab)
    if name != wanted_name:
        raise LabError(f"{path} is of {name!r}, not of {wanted_name!r}: give this lab a path of its own")


def is_known(pki: Pki) -> bool:
    """Whether a directory is the lab's for sure: by its UUID, or by a CA's name. Another lab's is refused.

    Files have the same names everywhere: a key alone, or a damaged certificate, tells nothing.
    """
    refuse_another_lab(pki)
    known = bool(pki.uuid) and lab_identity.recorded_uuid(pki.path) == pki.uuid
    for stem in AUTHORITIES:
        path = pki.path / f"{stem}.crt"
        certificate = or_none(x509.load_certificate, read(path))
        if certificate is not None:
            refuse_another_name(path, certificate, stem, pki.lab)
            known = True
    return known


def _refuse_unknown(pki: Pki, stem: str) -> None:
    ca, trusted = lab_identity.fingerprint(pki.path / f"{stem}.crt"), pki.trusted_as(stem)
    if not lab_identity.fits(list(trusted), ca):
        raise LabError(
            f"the lab's hosts trust {lab_identity.TITLES[stem]} {', '.join(trusted)}, and"
            f" {lab_identity.describe(str(pki.path), ca)}: bring the directory from the controller that has it; if it"
            f" is lost, run again with {lab_identity.new_ca(stem)}"
        )


def taken_over(pki: Pki) -> Path | None:
    """The former directory, where this one has no CA and the hosts trust that one's."""
    former = pki.former_path
    if former is None or (pki.path / f"{CA}.crt").exists():
        return None
    if lab_identity.fingerprint(former / f"{CA}.crt") not in pki.trusted:
        return None
    peers = lab_identity.fingerprint(former / f"{PEER_CA}.crt")
    return former if lab_identity.fits(list(pki.trusted_peers), peers) else None
