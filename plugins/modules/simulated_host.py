#!/usr/bin/python

# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: simulated_host
short_description: Boot, stop, crash or remove a simulated host
version_added: 0.1.0
author: The emon.overlay_lab authors (@emon)
description:
  - A simulated host is a systemd-nspawn machine over an immutable base image, with its own namespaces of every kind.
    It boots a real systemd, and runs a real etcd and a real dockerd.
  - It boots into the network namespace C(/run/netns/NAME), which M(emon.overlay_lab.topology) creates.
  - It keeps running after the run that booted it, and is found again by its record in
    C(/var/lib/overlay-lab/hosts/NAME).
  - Nothing outside changes. The machine's sysctls are read-only inside, its clock and its modules cannot be reached,
    and no unit that would write them starts. It is not a security boundary, though; root inside could remount what is
    read-only.
requirements:
  - root on the machine
  - systemd-nspawn (Debian package systemd-container)
  - pasta (Debian package passt), for O(outbound)
attributes:
  check_mode:
    support: full
    description: Returns what would happen, and changes nothing.
  diff_mode:
    support: full
    description: Shows the host's state before and after.
  idempotent:
    support: partial
    description: Running it again changes nothing.
    details: O(state=rebooted) reboots each time, as its name says.
options:
  name:
    description: Name of the host. It becomes its hostname and the name of its network namespace.
    type: str
    required: true
  lab:
    description: Name of the lab that the host belongs to. A host of another lab is refused.
    type: str
    required: true
  release:
    description: Debian release of its base image. It cannot be changed for an existing host.
    type: str
    choices: [bullseye, bookworm, trixie, forky]
    default: bookworm
  outbound:
    description:
      - Whether it has a way out, by user-space NAT (C(pasta)). It then has a link C(outbound) with a default route, and
        asks the machine's resolver. Nothing of the machine's network changes, and nothing there leads to the host.
      - At the address of its gateway, 169.254.77.1, are the ports of the machine's own loopback.
      - Where it is not given, the host stays as it was made, which is without.
    type: bool
  outbound_except:
    description: Subnets to which the way out does not lead, such as those of the lab's sites.
    type: list
    elements: str
    default: []
  state:
    description:
      - V(started) creates and boots it, and waits until the boot is complete.
      - V(suspended) freezes all its processes, as closing a laptop does. V(started) resumes them. A host that
        does not run is not changed.
      - V(stopped) shuts it down in order.
      - V(crashed) kills all its processes at once, as a power cut does.
      - V(rebooted) shuts it down in order and boots it again.
      - V(absent) kills all its processes and removes its files.
    type: str
    choices: [started, suspended, stopped, crashed, rebooted, absent]
    default: started
seealso:
  - module: emon.overlay_lab.simulated_image
  - module: emon.overlay_lab.topology
"""

EXAMPLES = r"""
- name: Start emon
  emon.overlay_lab.simulated_host:
    name: emon
    lab: emon

- name: Crash emon, as a power cut does
  emon.overlay_lab.simulated_host:
    name: emon
    lab: emon
    state: crashed
"""

RETURN = r"""
pid:
  description: Process id of the host's init, as this machine sees it; 0 if the host does not run.
  type: int
  returned: success
  sample: 4711
state:
  description: The state that the host was found in, one of absent, stopped, booting, suspended and started.
  type: str
  returned: success
  sample: started
"""

from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated.host import SimulatedHost
from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated.releases import DEFAULT_RELEASE, RELEASES

_SETTLED = {
    "started": "started",
    "suspended": "suspended",
    "stopped": "stopped",
    "crashed": "stopped",
    "rebooted": "started",
    "absent": "absent",
}


def _found(host: SimulatedHost) -> str:
    if not host.directory.exists():
        return "absent"
    if host.suspended():
        return "suspended"
    if host.ready():
        return "started"
    return "booting" if host.leader() else "stopped"


def _shown(state: str, leads_out: bool) -> str:
    return f"{state}, with a way out" if leads_out and state == "started" else state


def _changes(host: SimulatedHost, found: str, wanted: str, outbound: bool | None, kept: list[str]) -> bool:
    if wanted in ("stopped", "crashed") and found == "absent":
        return False
    if wanted == "suspended":
        return found == "started"
    if wanted == found == "started" and not host.led_out(outbound, kept):
        return True
    return wanted == "rebooted" or found != _SETTLED[wanted]


def _apply(host: SimulatedHost, wanted: str, params: dict[str, Any]) -> None:
    if wanted in ("stopped", "rebooted"):
        host.stop()
    if wanted in ("started", "rebooted"):
        host.start(params["lab"], params["release"], params["outbound"], params["outbound_except"])
    if wanted == "suspended":
        host.suspend()
    if wanted == "crashed":
        host.crash()
    if wanted == "absent":
        host.remove()


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "lab": {"type": "str", "required": True},
            "release": {"type": "str", "choices": list(RELEASES), "default": DEFAULT_RELEASE},
            "outbound": {"type": "bool"},
            "outbound_except": {"type": "list", "elements": "str", "default": []},
            "state": {"type": "str", "choices": list(_SETTLED), "default": "started"},
        },
        supports_check_mode=True,
    )
    name, lab, release, wanted = (module.params[key] for key in ("name", "lab", "release", "state"))
    outbound, kept = module.params["outbound"], module.params["outbound_except"]
    host = SimulatedHost(name)
    try:
        booted = wanted in ("started", "rebooted")
        faults = host.faults(lab, release if booted else None, booted and outbound)
        if faults:
            raise LabError(faults)
        found = _found(host)
        before = _shown(found, host.record().get("outbound") is not None)
        changed = _changes(host, found, wanted, outbound, kept)
        if changed and wanted in ("started", "absent") and host.note():
            module.warn(host.note())
        if changed and not module.check_mode:
            _apply(host, wanted, module.params)
    except LabError as error:
        module.fail_json(msg=str(error), faults=error.faults)
    leads_out = host.record().get("outbound") is not None if outbound is None else outbound
    after = _shown(_SETTLED[wanted], leads_out) if changed else before
    leader = host.leader()
    module.exit_json(
        changed=changed,
        state=found,
        pid=leader.pid if leader else 0,
        diff={"before": f"simulated host {name}: {before}\n", "after": f"simulated host {name}: {after}\n"},
    )


if __name__ == "__main__":
    main()
