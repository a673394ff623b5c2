# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Which run of a playbook this is, and whether another one has ended. Runs on the controller.

A run is identified by its main process: process ID, start time and boot ID. Nothing is stored on the controller.
"""

from __future__ import annotations

import getpass
import hashlib
import multiprocessing
import os
import socket
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.processes import Process
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import record as host_record

# The machine's own process namespace, not that of a container (linux/proc_ns.h, PROC_PID_INIT_INO).
_MACHINES_OWN = "pid:[4026531836]"


def this_run() -> dict[str, Any]:
    """{"id", "owner" (words for a person), "controller": {"machine", "name", "namespace", "pid", "start", "boot",
    "macs"}}."""
    parent = multiprocessing.parent_process()  # a worker's is the main process, which has none
    process = _process(parent.pid if parent and parent.pid else os.getpid())
    controller = {
        "machine": host_record.machine_id(),
        "name": socket.gethostname(),
        "namespace": _namespace(),
        **process.to_record(),
    }
    identity = hashlib.sha256(repr(sorted(controller.items())).encode()).hexdigest()[:16]
    return {
        "id": identity,
        "owner": f"{_user()}@{controller['name']}, process {process.pid}",
        "controller": {**controller, "macs": _macs()},  # not in the id: a card may come or go meanwhile
    }


def has_ended(controller: dict[str, Any], own: dict[str, Any]) -> bool:
    """Whether a run has certainly ended; False where this controller cannot know.

    ``controller``: that run's, as a host kept it; ``own``: that of this_run().
    """
    if not _is_controller(controller):
        return False
    # A clone of a virtual machine has its ID and name, and, if the original ran, its boot ID and processes.
    if controller.get("macs", []) != own.get("macs", []):
        return False
    if controller["boot"] != own["boot"]:
        # The same machine, booted again since. In a container the machine's id and name may be anybody's.
        here = (own["machine"], own["name"], _MACHINES_OWN)
        return bool(own["machine"]) and here == (controller["machine"], controller["name"], controller["namespace"])
    if controller["namespace"] != own["namespace"] or not own["boot"]:
        return False
    process = Process.from_record(controller)
    found = Process.of(process.pid)
    return found != process if found else not _hidden(process.pid)


def _is_controller(record: Any) -> bool:
    """Whether a record is one of this_run(): a host's file may hold anything."""
    if not isinstance(record, dict):
        return False
    texts = [record.get(key) for key in ("machine", "name", "namespace", "boot")]
    numbers = [record.get(key) for key in ("pid", "start")]
    return all(isinstance(one, str) for one in texts) and all(
        isinstance(one, int) and not isinstance(one, bool) and one >= 0 for one in numbers
    )


def _macs() -> list[str]:
    """Those of the machine's own network cards, which a hypervisor gives to each machine anew; not of wireless ones,
    which take others as they go."""
    return sorted(
        path.read_text(encoding="ascii").strip()
        for path in Path("/sys/class/net").glob("*/address")
        if (path.parent / "device").exists() and not (path.parent / "phy80211").exists()
    )


def _user() -> str:
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):  # in a container, an id without a name
        return str(os.getuid())


def _process(pid: int) -> Process:
    found = Process.of(pid)
    if found:
        return found
    # No /proc, as on macOS: enough to tell runs apart, not to look one up later.
    command = ["ps", "-o", "lstart=", "-p", str(pid)]
    said = programs.run(command).stdout
    return Process(pid=pid, start=int.from_bytes(hashlib.sha256(said.encode()).digest()[:4], "big"), boot="")


def _namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""


def _hidden(pid: int) -> bool:
    """Whether /proc hides a process of another user (proc(5), hidepid)."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except ProcessLookupError:
        return False
    return False
