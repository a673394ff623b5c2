# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The Debian releases that a simulated host can be of: what is installed there, and what is different about each."""

from __future__ import annotations

from dataclasses import dataclass

# What a lab's roles would install on a real host, and what a person wants at hand on a simulated one.
_PACKAGES = (
    "systemd systemd-sysv dbus libpam-systemd libnss-myhostname procps less"
    " iproute2 iptables nftables ufw firewalld iputils-ping tcpdump iperf3 openssh-server sudo ca-certificates"
    " docker.io etcd-server etcd-client busybox-static dnsmasq-base"
    " python3 python3-apt python3-pyroute2 python3-docker"
).split()


@dataclass(frozen=True)
class Release:
    """``further``: packages beside those of every release; ``unified_cgroups``: its systemd boots with cgroup v2 only.

    A machine that has its controllers in cgroup v1 has none in v2: such a host runs containers, and limits none.
    """

    further: tuple[str, ...] = ()
    unified_cgroups: bool = False

    @property
    def packages(self) -> tuple[str, ...]:
        return (*_PACKAGES, *self.further)


RELEASES = {
    "bullseye": Release(),
    "bookworm": Release(),
    "trixie": Release(further=("docker-cli",)),
    "forky": Release(further=("docker-cli",), unified_cgroups=True),
}
DEFAULT_RELEASE = "bookworm"
