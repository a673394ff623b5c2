# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""A simulated host's way out: pasta(1), which carries its connections to sockets of its own in the machine's network.

Nothing of the machine's network is changed, and nothing there leads to the host. The link, its address and its default
route are in the host's namespace, and go with the process.
"""

from __future__ import annotations

import shlex
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.processes import Process
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.routes import has_default_route

from . import nspawn

# Link-local addresses, one and the same for each host: they are met by nobody but the host and its pasta.
ADDRESS, GATEWAY, _PREFIX = "169.254.77.2", "169.254.77.1", 30
LINK = "outbound"
# The least wanted of all routes: where the host has an address of the subnet, its own is taken.
_METRIC = 4294967295
_TUN = Path("/dev/net/tun")
_SECONDS = 10
_HEADING = "# Managed by emon.overlay_lab: the way out of a simulated host."
_LEAD = f"""
printf '%s\\n' '{_HEADING}' 'nameserver {GATEWAY}' >/etc/resolv.conf
for subnet; do ip route replace unreachable "$subnet" metric {_METRIC}; done
"""
_CLOSE = f"""
printf '%s' "$1" >/etc/resolv.conf
shift
for subnet; do ip route del unreachable "$subnet" metric {_METRIC} 2>/dev/null || true; done
"""


def faults(proc: Path = Path("/proc/net")) -> list[str]:
    """Why hosts of this machine can have no way out, a line each."""
    found = []
    if not shutil.which("pasta"):
        found.append("outbound: the program pasta is missing on this machine: install passt")
    if not _TUN.exists():
        found.append(f"outbound: this machine has no {_TUN}: load the kernel's module tun (modprobe tun)")
    if not has_default_route(proc, ipv6=False):
        found.append("outbound: this machine has no default route of IPv4 itself: connect it, or take outbound away")
    return found


def lead(
    directory: Path, namespace: Path, leader: Process, kept: Sequence[str], on_process: Callable[[Process], None]
) -> None:
    """Give the host of that init a way out, but to the subnets in ``kept``. ``on_process``: see nspawn.detached.

    A lab's other site is such a subnet: what is there in the machine's network is not the lab's.
    """
    _inside(leader, _LEAD, *kept)
    console = directory / "outbound.log"
    started = nspawn.detached(shlex.join(_command(namespace)), directory, console, on_process, env={})
    deadline = time.monotonic() + _SECONDS
    while not has_default_route(Path(f"/proc/{leader.pid}/net"), ipv6=False):
        if started.poll() is not None or time.monotonic() > deadline:
            raise LabError(f"simulated host {directory.name}: it gets no way out: pasta: {nspawn.last_lines(console)}")
        time.sleep(0.05)


def close(leader: Process, kept: Sequence[str], resolvers: str) -> None:
    """Leave nothing of it in the host; ``resolvers``: its /etc/resolv.conf as it is without. pasta has ended."""
    _inside(leader, _CLOSE, resolvers, *kept)


def _command(namespace: Path) -> list[str]:
    return [
        *("pasta", "--foreground", "--ipv4-only", "--no-dhcp", "--config-net"),
        # Root, or it may not enter the host's namespace; by its name, for it gives up the right to look at processes.
        *("--runas", "0:0", "--netns-only", "--netns", str(namespace)),
        *("--ns-ifname", LINK, "--address", ADDRESS, "--netmask", str(_PREFIX), "--gateway", GATEWAY),
        *("--dns-forward", GATEWAY),
        # By default it takes the machine's ports for those on which the host listens, and the other way round.
        *("--tcp-ports", "none", "--udp-ports", "none", "--tcp-ns", "none", "--udp-ns", "none"),
    ]


def _inside(leader: Process, script: str, *arguments: str) -> None:
    done = programs.run(nspawn.entering(leader, ["sh", "-ec", script, "sh", *arguments]))
    if done.returncode:
        raise LabError(f"its way out: {programs.words(done)}")
