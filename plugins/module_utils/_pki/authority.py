# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""A lab's CAs: the one that stands, or a new one. One that cannot be used is a fault and never replaced."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import lab_identity

from . import owner, x509
from .expiry import SOON
from .plan import CERTIFICATE_MODE, KEY_MODE, File, Plan, or_none, read
from .spec import Pki, authority_name


def plan_authority(stem: str, pki: Pki, now: datetime, result: Plan) -> x509.Authority:
    return _standing(stem, pki, now, result) or _new(stem, pki, now, result)


def _standing(stem: str, pki: Pki, now: datetime, result: Plan) -> x509.Authority | None:
    """The CA as it stands, None if there is none."""
    path, key_path = pki.path / f"{stem}.crt", pki.path / f"{stem}.key"
    anew = lab_identity.anew(stem)
    way_out = f"put it back from your backup; if it is lost, {anew}"
    text = read(path)
    if text is None:
        return None
    certificate, key = or_none(x509.load_certificate, text), _load_key(key_path, way_out)
    if certificate is None:
        raise LabError(f"{path} is not a certificate: remove it, and the next run makes it again from {key_path.name}")
    if key is None:
        raise LabError(f"{key_path} is missing beside {path.name}: {way_out}")
    if not x509.belongs(key, certificate):
        raise LabError(f"{key_path} does not belong to {path.name}: {way_out}")
    if not x509.may_issue(certificate):
        raise LabError(f"{path} may not issue certificates, so it is not the lab's: {way_out}")
    owner.refuse_another_name(path, certificate, stem, pki.lab)
    start, until = x509.valid_from(certificate), x509.valid_until(certificate)
    if start > now:
        raise LabError(f"{path} is not valid before {start:%Y-%m-%d}: set this machine's clock right; or else {anew}")
    if until <= now:
        raise LabError(f"{path} expired on {until:%Y-%m-%d}: {anew}")
    # A CA is not renewed by itself, so its end is announced.
    if until - now < SOON:
        result.warnings.append(f"{path} expires on {until:%Y-%m-%d} and is not renewed by itself: before, {anew}")
    result.authorities[stem] = text.decode()
    result.fix_mode(key_path, KEY_MODE)
    result.fix_mode(path, CERTIFICATE_MODE)
    return x509.Authority(certificate, key)


def _new(stem: str, pki: Pki, now: datetime, result: Plan) -> x509.Authority:
    path, key_path = pki.path / f"{stem}.crt", pki.path / f"{stem}.key"
    key = _load_key(key_path, f"put it back from your backup; if it is lost, {lab_identity.anew(stem)}")
    if key is None:
        key = x509.new_key()
        result.add(File(key_path, KEY_MODE, x509.key_pem(key)), "a new private key")
    else:
        # An earlier run was interrupted between the two files.
        result.fix_mode(key_path, KEY_MODE)
    authority = x509.new_authority(authority_name(stem, pki.lab), key, now, pki.ca_days)
    pem = x509.certificate_pem(authority.certificate)
    until = x509.valid_until(authority.certificate)
    result.add(File(path, CERTIFICATE_MODE, pem), f"CN {authority_name(stem, pki.lab)}, valid to {until:%Y-%m-%d}")
    result.authorities[stem] = pem.decode()
    return authority


def _load_key(path: Path, way_out: str):
    text = read(path)
    if text is None:
        return None
    try:
        return x509.load_key(text)
    except ValueError as error:
        raise LabError(f"{path} is not the CA's private key ({error}): {way_out}") from error
