# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Upstream's archives as data: what each is called, what is in it, and what of that a host gets."""

from __future__ import annotations

import re
from dataclasses import dataclass

_VERSION = r"(\d+\.\d+\.\d+)"


@dataclass(frozen=True)
class Kind:
    """``title``: of what is in it; ``file``: its name, whose first group is the version; ``example``: such a name;
    ``folder``: the one in which its programs are.

    ``programs``: those that a lab needs, the first being asked for its version; ``further``: taken where they are
    there; ``linked``: those that people and the lab call by name. ``units``: of systemd, in units.py. ``user`` and
    ``group``: as whom something runs there; '' for root. ``state``: a directory that the user has. ``needs``: programs
    of the host's own that they start.
    """

    title: str
    file: re.Pattern[str]
    example: str
    folder: re.Pattern[str]
    programs: tuple[str, ...]
    further: tuple[str, ...]
    linked: tuple[str, ...]
    units: tuple[str, ...]
    user: str = ""
    group: str = ""
    state: str = ""
    needs: tuple[str, ...] = ()

    @property
    def main(self) -> str:
        return self.programs[0]


KINDS = {
    "docker": Kind(
        title="Docker",
        file=re.compile(rf"docker-{_VERSION}\.tgz"),
        example="docker-20.10.24.tgz",
        folder=re.compile(r"docker"),
        programs=(
            "dockerd",
            "docker",
            "containerd",
            "containerd-shim-runc-v2",
            "runc",
            "docker-init",
            "docker-proxy",
        ),
        further=("containerd-shim", "ctr"),
        linked=("dockerd", "docker"),
        # The order in which they are stopped.
        units=("docker.socket", "docker.service", "containerd.service"),
        group="docker",
        needs=("iptables",),
    ),
    "etcd": Kind(
        title="etcd",
        file=re.compile(rf"etcd-v{_VERSION}-linux-[a-z0-9]+\.tar\.gz"),
        example="etcd-v3.5.9-linux-amd64.tar.gz",
        folder=re.compile(r"etcd-v[^/]+"),
        programs=("etcd", "etcdctl"),
        further=("etcdutl",),
        linked=("etcd", "etcdctl"),
        units=("etcd.service",),
        user="etcd",
        state="/var/lib/etcd",
    ),
}


def version_of(kind: str, name: str) -> str:
    """The version that an archive's name tells; '' where it has another name than upstream's."""
    found = KINDS[kind].file.fullmatch(name)
    return found[1] if found else ""
