# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Whether a PKI directory is the lab's: by the lab's UUID, and by the CA that its hosts trust."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils import _lab_identity
from ansible_collections.emon.overlay_lab.plugins.module_utils._errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._pki_spec import Pki


def refuse_others(pki: Pki) -> None:
    """A directory of another lab, or with a CA that the lab's hosts do not know."""
    recorded = _lab_identity.recorded_uuid(pki.path)
    if pki.uuid and recorded not in ("", pki.uuid):
        raise LabError(
            f"{pki.path} is of the lab {recorded}, not of {pki.uuid}: bring the lab's own directory, or give this lab a"
            " path of its own"
        )
    ca = _lab_identity.fingerprint(pki.path / "ca.crt")
    if not pki.new_ca and not _lab_identity.fits(list(pki.trusted), ca, ""):
        described = _lab_identity.describe(str(pki.path), ca)
        raise LabError(
            f"the lab's hosts trust the CA {', '.join(pki.trusted)}, and {described}: bring the"
            f" directory from the controller that has it; if it is lost, run again with {_lab_identity.NEW_CA}"
        )


def taken_over(pki: Pki) -> Path | None:
    """The former directory, where this one has no CA and the hosts trust that one's."""
    if pki.former_path is None or (pki.path / "ca.crt").exists():
        return None
    return pki.former_path if _lab_identity.fingerprint(pki.former_path / "ca.crt") in pki.trusted else None
