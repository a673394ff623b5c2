# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The directory with a lab's CAs and certificates: plan -> apply.

The plan makes every missing key and certificate in memory, which costs less than a millisecond each, so check mode
runs all of the real run but its writes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import atomic_file
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.state_files import locked
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import lab_identity

from . import owner, removal, x509
from .authority import plan_authority
from .certificate import Renewal, moment, plan_certificate
from .plan import CERTIFICATE_MODE, DIRECTORY_MODE, KEY_MODE, File, Plan
from .spec import Pki


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
        former = None if absent else owner.taken_over(pki)
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
            atomic_file.replace(path / one.name, one.read_bytes(), mode)


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
    """What has to be written so that the directory is in its desired state. Touches nothing."""
    with _explained(pki.path):
        return _plan_present(pki, now)


def _plan_present(pki: Pki, now: datetime) -> Plan:
    result = Plan(pki.path)
    owner.refuse_others(pki)
    if pki.path.exists() and not pki.path.is_dir():
        raise LabError(f"{pki.path} is not a directory: move it away, or choose another path")
    if pki.path.exists():
        result.fix_mode(pki.path, DIRECTORY_MODE)
    else:
        result.make_directory = True
        result.differences.add(str(pki.path), None, "directory, mode 0700")
    authorities, faults = {}, []
    for stem in pki.authorities:
        try:
            authorities[stem] = plan_authority(stem, pki, now, result)
        except LabError as error:
            faults += error.faults
    if faults:
        raise LabError(faults)
    for desired in pki.certificates:
        plan_certificate(Renewal.read(desired, pki, authorities[desired.authority], now), result)
    if pki.uuid and not lab_identity.recorded_uuid(pki.path):
        content = f"{pki.uuid}\n".encode()
        result.add(File(pki.path / lab_identity.UUID_FILE, CERTIFICATE_MODE, content), pki.uuid)
    result.others = _others(pki, now)
    return result


def _others(pki: Pki, now: datetime) -> dict[str, str]:
    """Valid certificates of the lab's CAs that are not in the desired state: name -> end of validity."""
    asked = {one.name for one in pki.certificates}
    ends = {file.stem: x509.valid_until(one) for file, one in removal.issued(pki.path).items()}
    return {name: moment(end) for name, end in ends.items() if name not in asked and end > now}


def plan_absent(pki: Pki) -> Plan:
    """What has to be removed. Touches nothing."""
    with _explained(pki.path):
        return removal.plan_absent(pki)


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
        atomic_file.replace(file.path, file.content, file.mode)
    for path in plan.removals:
        path.unlink(missing_ok=True)
    if plan.remove_directory:
        plan.path.rmdir()
