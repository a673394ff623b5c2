# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The directory with a lab's CA and certificates: plan -> apply.

The plan makes every missing key and certificate in memory, which costs less than a millisecond each, so check mode
runs all of the real run but its writes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils import _atomic_file, _lab_identity, _pki_guard, _x509
from ansible_collections.emon.overlay_lab.plugins.module_utils._differences import Differences
from ansible_collections.emon.overlay_lab.plugins.module_utils._errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._pki_spec import Pki, Wanted
from ansible_collections.emon.overlay_lab.plugins.module_utils._state_dir import locked

DIRECTORY_MODE, KEY_MODE, CERTIFICATE_MODE = 0o700, 0o600, 0o644
NEW_CA = f"remove ca.crt and ca.key and run again with {_lab_identity.NEW_CA}"
WAY_OUT = f"put it back from your backup; if it is lost, {NEW_CA}"


@dataclass(frozen=True)
class File:
    """A file to be written. The content is kept out of repr(): it may be a private key."""

    path: Path
    mode: int
    content: bytes = field(repr=False)


@dataclass
class Plan:
    """What apply() will do, in this order, and what the module returns about it."""

    path: Path
    make_directory: bool = False
    writes: list[File] = field(default_factory=list)
    modes: list[tuple[Path, int]] = field(default_factory=list)
    removals: list[Path] = field(default_factory=list)
    remove_directory: bool = False
    differences: Differences = field(default_factory=Differences)
    ca: str | None = None
    certificates: dict[str, dict[str, Any]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @property
    def makes_authority(self) -> bool:
        return any(file.path.name == "ca.crt" for file in self.writes)


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """What the system refuses, as one line."""
    try:
        yield
    except OSError as error:
        reason = f"{error.filename or path}: {error.strerror}"
        raise LabError(f"{reason}: run as the owner of {path}, and see that there is room") from error


def converge(pki: Pki, now: datetime, check: bool, absent: bool = False) -> Plan:
    """Plan and apply as one run: of two at the same time, the second plans with what the first has made."""
    nothing = absent and not pki.path.exists()
    with contextlib.nullcontext() if check or nothing else _alone(pki.path):
        former = None if absent else _pki_guard.taken_over(pki)
        if former and not check:
            _copy(former, pki.path)
        # The former directory may have got another lab's UUID since.
        source = replace(pki, path=former, uuid="") if former and check else pki
        result = plan_absent(pki) if absent else plan(source, now)
        if former:
            result.differences.add(str(pki.path), None, f"copied from {former}")
        if not check:
            apply(result)
    return result


def _copy(former: Path, path: Path) -> None:
    """ca.crt is the last: interrupted before, the next run begins again."""
    with _explained(path):
        path.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
        files = [one for one in former.iterdir() if one.suffix in (".key", ".crt")]
        for one in sorted(files, key=lambda one: (one.name == "ca.crt", one.name)):
            mode = KEY_MODE if one.suffix == ".key" else CERTIFICATE_MODE
            _atomic_file.replace(path / one.name, one.read_bytes(), mode)


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Locked beside the directory, which may not be there yet, or go. No file stays."""
    lock = path.with_name(f".{path.name}.lock")
    with locked(lock):
        try:
            yield
        finally:
            lock.unlink(missing_ok=True)


def plan(pki: Pki, now: datetime) -> Plan:
    """What has to be written so that the directory is as wanted. Touches nothing."""
    with _explained(pki.path):
        return _plan_present(pki, now)


def _plan_present(pki: Pki, now: datetime) -> Plan:
    result = Plan(pki.path)
    _pki_guard.refuse_others(pki)
    if pki.path.exists() and not pki.path.is_dir():
        raise LabError(f"{pki.path} is not a directory: move it away, or choose another path")
    if pki.path.exists():
        _fix_mode(result, pki.path, DIRECTORY_MODE)
    else:
        result.make_directory = True
        result.differences.add(str(pki.path), None, "directory, mode 0700")
    authority = _standing_authority(pki, now, result) or _new_authority(pki, now, result)
    for wanted in pki.certificates:
        _plan_certificate(_Standing.read(wanted, pki, authority, now), result)
    if pki.uuid and not _lab_identity.recorded_uuid(pki.path):
        content = f"{pki.uuid}\n".encode()
        _add(result, File(pki.path / _lab_identity.UUID_FILE, CERTIFICATE_MODE, content), pki.uuid)
    return result


def plan_absent(pki: Pki) -> Plan:
    """What has to be removed: the CA, what it issued, what is named, and then the directory."""
    with _explained(pki.path):
        return _plan_absent(pki)


def _plan_absent(pki: Pki) -> Plan:
    result = Plan(pki.path)
    if not pki.path.is_dir():
        return result
    made = {pki.path / "ca.key", pki.path / "ca.crt", pki.path / _lab_identity.UUID_FILE}
    made |= {pki.path / f"{one.name}{suffix}" for one in pki.certificates for suffix in (".key", ".crt")}
    authority = _or_none(_x509.load_certificate, _read(pki.path / "ca.crt"))
    for path in pki.path.glob("*.crt") if authority else ():
        certificate = _or_none(_x509.load_certificate, _read(path))
        if certificate is not None and _x509.issued_by(certificate, authority):
            made |= {path, path.with_suffix(".key")}
    present = set(pki.path.iterdir())
    # The CA's key goes last: interrupted before, the next run still knows what the CA issued.
    result.removals = sorted(made & present, key=lambda path: (path.stem == "ca", path.name))
    result.remove_directory = present <= made
    for path in result.removals:
        result.differences.add(str(path), "file", None)
    if result.remove_directory:
        result.differences.add(str(pki.path), "directory", None)
    else:
        left = ", ".join(sorted(path.name for path in present - made))
        result.warnings.append(f"{pki.path} stays, because the lab did not make: {left}")
    return result


def apply(plan: Plan) -> None:
    """Do what was planned. Each file appears at once and whole; interrupted, the next run finishes."""
    with _explained(plan.path):
        _apply(plan)


def _apply(plan: Plan) -> None:
    if plan.make_directory:
        plan.path.mkdir(mode=DIRECTORY_MODE, parents=True)
    for path, mode in plan.modes:
        path.chmod(mode)
    for file in plan.writes:
        _atomic_file.replace(file.path, file.content, file.mode)
    for path in plan.removals:
        path.unlink(missing_ok=True)
    if plan.remove_directory:
        plan.path.rmdir()


def _standing_authority(pki: Pki, now: datetime, result: Plan) -> _x509.Authority | None:
    """The CA as it stands, None if there is none. One that cannot be used is a fault: it is never replaced."""
    path, key_path = pki.path / "ca.crt", pki.path / "ca.key"
    text = _read(path)
    if text is None:
        return None
    certificate, key = _or_none(_x509.load_certificate, text), _authority_key(key_path)
    if certificate is None:
        raise LabError(f"{path} is not a certificate: remove it, and the next run makes it again from ca.key")
    if key is None:
        raise LabError(f"{key_path} is missing beside ca.crt: {WAY_OUT}")
    if not _x509.belongs(key, certificate):
        raise LabError(f"{key_path} does not belong to ca.crt: {WAY_OUT}")
    if not _x509.may_issue(certificate):
        raise LabError(f"{path} may not issue certificates, so it is not the lab's: {WAY_OUT}")
    name, wanted_name = _x509.identity_of(certificate).common_name, _x509.authority_name(pki.lab)
    if name != wanted_name:
        raise LabError(f"{path} is of {name!r}, not of {wanted_name!r}: give this lab a path of its own")
    start, until = _x509.valid_from(certificate), _x509.valid_until(certificate)
    if start > now:
        raise LabError(f"{path} is not valid before {start:%Y-%m-%d}: set this machine's clock right; or else {NEW_CA}")
    if until <= now:
        raise LabError(f"{path} expired on {until:%Y-%m-%d}: {NEW_CA}")
    if _is_due(certificate, pki, now):
        result.warnings.append(f"{path} expires on {until:%Y-%m-%d} and is not renewed by itself: before, {NEW_CA}")
    result.ca = text.decode()
    _fix_mode(result, key_path, KEY_MODE)
    _fix_mode(result, path, CERTIFICATE_MODE)
    return _x509.Authority(certificate, key)


def _new_authority(pki: Pki, now: datetime, result: Plan) -> _x509.Authority:
    path, key_path = pki.path / "ca.crt", pki.path / "ca.key"
    key = _authority_key(key_path)
    if key is None:
        key = _x509.new_key()
        _add(result, File(key_path, KEY_MODE, _x509.key_pem(key)), "a new private key")
    else:
        # An earlier run was interrupted between the two files.
        _fix_mode(result, key_path, KEY_MODE)
    authority = _x509.new_authority(pki.lab, key, now, pki.ca_days)
    pem = _x509.certificate_pem(authority.certificate)
    until = _x509.valid_until(authority.certificate)
    _add(result, File(path, CERTIFICATE_MODE, pem), f"CN {_x509.authority_name(pki.lab)}, valid to {until:%Y-%m-%d}")
    result.ca = pem.decode()
    return authority


def _authority_key(path: Path):
    text = _read(path)
    if text is None:
        return None
    try:
        return _x509.load_key(text)
    except ValueError as error:
        raise LabError(f"{path} is not the CA's private key ({error}): {WAY_OUT}") from error


@dataclass(frozen=True)
class _Standing:
    """One wanted certificate, beside what stands of it."""

    wanted: Wanted
    pki: Pki
    authority: _x509.Authority
    now: datetime
    path: Path
    key_path: Path
    certificate: Any
    key: Any = field(repr=False)

    @classmethod
    def read(cls, wanted: Wanted, pki: Pki, authority: _x509.Authority, now: datetime) -> _Standing:
        path, key_path = pki.path / f"{wanted.name}.crt", pki.path / f"{wanted.name}.key"
        certificate, key = _or_none(_x509.load_certificate, _read(path)), _or_none(_x509.load_key, _read(key_path))
        return cls(wanted, pki, authority, now, path, key_path, certificate, key)

    def reason(self) -> str:
        """Why the certificate has to be issued; empty where it need not."""
        if self.certificate is None:
            return "there is none"
        if self.key is None or not _x509.belongs(self.key, self.certificate):
            return "its private key is missing or another"
        if not _x509.issued_by(self.certificate, self.authority.certificate):
            return "another CA issued it"
        return self._differs() or self._is_at_its_end()

    def _differs(self) -> str:
        changed = [what for what, before, after in self.compared() if before != after]
        if changed:
            return " and ".join(changed) + " changed"
        # Whatever else makes one unfit shows beside one that is issued now.
        issued = self.issued(_x509.valid_until(self.authority.certificate))
        others = _x509.differing_extensions(self.certificate, issued)
        return f"its {others[0]} is another" if others else ""

    def _is_at_its_end(self) -> str:
        start, until = _x509.valid_from(self.certificate), _x509.valid_until(self.certificate)
        if start > self.now:
            return f"it is not valid before {start:%Y-%m-%d}"
        if _is_due(self.certificate, self.pki, self.now):
            left = (until - self.now).days
            return f"{left} days of its life are left" if left >= 0 else "it has expired"
        return ""

    def issued(self, until: datetime):
        """A new certificate for the key that stands."""
        return _x509.new_certificate(self.wanted.identity, self.key, self.authority, self.now, until)

    def compared(self) -> list[tuple[str, Any, Any]]:
        """What a certificate says, as (what, before, after)."""
        before, after = _x509.identity_of(self.certificate), self.wanted.identity
        return [
            ("common name", before.common_name, after.common_name),
            ("usages", sorted(before.usages), sorted(after.usages)),
            ("names", before.subject_alternative_names, after.subject_alternative_names),
        ]


def _plan_certificate(standing: _Standing, result: Plan) -> None:
    wanted, path, key = standing.wanted, standing.path, standing.key
    reason = standing.reason()
    if key is None:
        key = _x509.new_key()
        _add(result, File(standing.key_path, KEY_MODE, _x509.key_pem(key)), "a new private key")
    else:
        _fix_mode(result, standing.key_path, KEY_MODE)
    if reason:
        # The key stays: then only one file changes, and a server that rereads its files never sees a pair that
        # does not fit. Whoever wants a new key removes the old one.
        until = min(standing.now + timedelta(days=wanted.days), _x509.valid_until(standing.authority.certificate))
        certificate = replace(standing, key=key).issued(until)
        result.writes.append(File(path, CERTIFICATE_MODE, _x509.certificate_pem(certificate)))
        _record(standing, until, result)
    else:
        until = _x509.valid_until(standing.certificate)
        _fix_mode(result, path, CERTIFICATE_MODE)
    result.certificates[wanted.name] = {
        "path_key": str(standing.key_path),
        "path_crt": str(path),
        "not_after": until.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "renewed": bool(reason),
        "reason": reason,
    }


def _record(standing: _Standing, until: datetime, result: Plan) -> None:
    """Names and validity for the diff, never a key."""
    what, identity = standing.path.name, standing.wanted.identity
    if standing.certificate is None:
        names = [f"CN {identity.common_name}", *identity.subject_alternative_names]
        result.differences.add(what, None, [*names, f"valid to {until:%Y-%m-%d}"])
        return
    for attribute, before, after in standing.compared():
        result.differences.compare(f"{what}: {attribute}", before, after)
    before = _x509.valid_until(standing.certificate)
    result.differences.add(f"{what}: valid to", f"{before:%Y-%m-%d %H:%M}", f"{until:%Y-%m-%d %H:%M}")


def _is_due(certificate, pki: Pki, now: datetime) -> bool:
    """Whether less of its life is left than it should have; the day that it was backdated does not count."""
    until = _x509.valid_until(certificate)
    return until - now < (until - _x509.valid_from(certificate) - _x509.BACKDATED) * pki.renew_fraction


def _add(result: Plan, file: File, what: str) -> None:
    result.writes.append(file)
    result.differences.add(file.path.name, None, what)


def _fix_mode(result: Plan, path: Path, mode: int) -> None:
    standing = path.stat().st_mode & 0o777
    if result.differences.compare(f"{path.name}: mode", f"{standing:04o}", f"{mode:04o}"):
        result.modes.append((path, mode))


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _or_none(load, text: bytes | None):
    """What is no key or certificate counts as missing: it is made anew."""
    if text is None:
        return None
    try:
        return load(text)
    except ValueError:
        return None
