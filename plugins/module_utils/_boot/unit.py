# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The files of the lab's boot unit, and how systemd has it: one desired state, planned without touching anything."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.differences import Differences
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import managed_files, systemd
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.managed_files import ManagedFile
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.systemd import Unit

from . import before_dockerd, desired, program
from . import main as entry
from .desired import Desired
from .health import FAILED, NAME

PROGRAM = Path("/usr/local/lib/overlay-lab/boot.pyz")
_UNIT = Path("/etc/systemd/system", NAME)
_DROP_IN = Path("/etc/systemd/system/docker.service.d/overlay-lab-boot.conf")
_DOCKER, _ACTIVE = "docker.service", "active"
_HEAD = "# Managed by emon.overlay_lab for the lab {lab}: the next run writes it again.\n"
_UNIT_TEXT = """\
[Unit]
Description=Containers of the lab {lab}, after a boot
# Whenever dockerd starts, and again with it.
After=docker.service
PartOf=docker.service

[Service]
Type=exec
ExecStartPre=-{python} {program} links
# It waits for what another host brings, and nobody waits for it.
ExecStart={python} {program} containers
RemainAfterExit=yes

[Install]
WantedBy=docker.service
"""
_DROP_IN_TEXT = """\
[Service]
ExecStartPre=-{python} {program} before-dockerd
"""


@dataclass(frozen=True)
class Plan:
    present: bool
    files: managed_files.Plan
    unit: Unit
    failed: bool
    differences: Differences


def plan(wanted: Desired | None) -> Plan:
    """``wanted``: None, it is to go. Raises LabError with every fault; nothing is changed."""
    files = managed_files.Plan(_files(wanted))
    unit = systemd.units(NAME)[0]
    failed = systemd.state(NAME) == FAILED
    differences = Differences()
    differences.found.extend(files.differences.found)
    if wanted or unit.exists:
        differences.compare(f"{NAME}: enabled", unit.enabled, wanted is not None)
    differences.compare(f"{NAME}: failed", failed, False)
    return Plan(wanted is not None, files, unit, failed, differences)


def apply(made: Plan) -> None:
    """dockerd is not touched: what it has to do with the unit comes with its next start."""
    if not made.present and made.unit.exists:
        systemd.stop(NAME, timeout=60)
        systemd.enable(NAME, False)
    made.files.apply()
    if made.present:
        # Else the next restart of dockerd would be taken for the first start after a boot.
        if systemd.state(_DOCKER) == _ACTIVE:
            before_dockerd.note_start()
    else:
        before_dockerd.leave()
    if made.files.changed_paths:
        systemd.reload()
    if made.failed:
        systemd.forget_failure(NAME)
    if made.present and not made.unit.enabled:
        systemd.enable(NAME, True)


def _files(wanted: Desired | None) -> list[ManagedFile]:
    if wanted is None:
        return [ManagedFile(path, None) for path in (_DROP_IN, _UNIT, desired.PATH, PROGRAM)]
    words = {"lab": wanted.lab, "python": sys.executable, "program": PROGRAM}
    return [
        ManagedFile(PROGRAM, program.built(entry.__name__)),
        ManagedFile(desired.PATH, wanted.text(), mode=0o600),
        ManagedFile(_UNIT, (_HEAD + _UNIT_TEXT).format(**words)),
        ManagedFile(_DROP_IN, (_HEAD + _DROP_IN_TEXT).format(**words)),
    ]
