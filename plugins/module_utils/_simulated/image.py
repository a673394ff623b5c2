# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Base images of simulated hosts: built once a release and recipe, immutable, named by the recipe's hash."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.state_files import STATE_DIR, locked

from .releases import RELEASES

IMAGES = STATE_DIR / "images"
# A slow mirror takes minutes.
_BUILD_SECONDS = 1800

# How this machine gets packages is how an image gets them: apt.conf(5), proxies above all.
_FETCHING = re.compile(r"Acquire::(https?::|Retries |Check-Valid-Until |Max-ValidTime )", re.IGNORECASE)
_EXPIRED = re.compile(r"Release file .* is expired")
# Where mmdebstrap puts them in the image.
_APT_SETTINGS = "etc/apt/apt.conf.d/99mmdebstrap"

# Units that would change the machine (its kernel has one set of global sysctls, one clock, one list of binfmt
# handlers), that cannot work without a device tree, or that would reach for a network there is none of.
_MASKED_UNITS = (
    "systemd-sysctl.service systemd-binfmt.service proc-sys-fs-binfmt_misc.automount systemd-modules-load.service"
    " systemd-timesyncd.service systemd-udevd.service systemd-udev-trigger.service systemd-udev-settle.service"
    " systemd-logind.service systemd-networkd.service systemd-networkd-wait-online.service systemd-resolved.service"
    " apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer"
).split()
# Debian enables these on installation; here a role decides, and a person about firewalls.
_DISABLED_UNITS = (
    "docker.service docker.socket containerd.service etcd.service ssh.service ufw.service firewalld.service"
).split()

# cgroup v1: systemd-nspawn mounts the controllers read-only, and dockerd makes a cgroup a container in each.
_CGROUP_UNIT = """\
[Unit]
Description=Make the cgroup v1 controllers writable for dockerd
DefaultDependencies=no
Before=sysinit.target
ConditionPathIsDirectory=/sys/fs/cgroup/memory

[Service]
Type=oneshot
ExecStart=/bin/sh -ec 'for controller in /sys/fs/cgroup/*/; do mount -o remount,bind,rw "$controller"; done'

[Install]
WantedBy=sysinit.target
"""

_FILES = {
    "etc/systemd/system/simulated-host-cgroups.service": _CGROUP_UNIT,
    # The journal lives with the host's files and must not fill the machine's disk.
    "etc/systemd/journald.conf.d/simulated-host.conf": "[Journal]\nStorage=persistent\nSystemMaxUse=64M\n",
    # The host's own name is resolved by libnss-myhostname.
    "etc/hosts": "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n",
}


@dataclass(frozen=True)
class Image:
    """A base image: ``path`` is its root directory, complete if it exists."""

    release: str

    @property
    def name(self) -> str:
        """RELEASE-HASH, the hash being that of its recipe: packages, units and files."""
        recipe = repr((self.packages, _MASKED_UNITS, _DISABLED_UNITS, sorted(_FILES.items())))
        return f"{self.release}-{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"

    @property
    def packages(self) -> tuple[str, ...]:
        return RELEASES[self.release].packages

    @property
    def path(self) -> Path:
        return IMAGES / self.name

    @property
    def _partial(self) -> Path:
        return IMAGES / f".partial-{self.name}"

    @property
    def built(self) -> bool:
        return self.path.is_dir()

    def build(self) -> bool:
        """Build it, unless it is there. It gets its name by a rename once it is whole and on disk.

        Returns whether it was built now. Raises LabError with the last line of mmdebstrap where that fails.
        """
        with locked(IMAGES / ".lock"):
            if self.built:
                return False
            for leftover in IMAGES.glob(".partial-*"):
                shutil.rmtree(leftover)
            self._bootstrap(self._partial)
            try:
                self._customize(self._partial)
                os.sync()
                self._partial.rename(self.path)
            except (OSError, LabError) as error:
                raise LabError(f"base image {self.name}: {error}") from error
            return True

    def _bootstrap(self, root: Path) -> None:
        # No mirror is named: mmdebstrap takes the machine's own package sources, and not its settings.
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as settings:
            settings.write(_fetching())
            settings.flush()
            done = _run_mmdebstrap(
                [
                    "--variant=minbase",
                    f"--include={','.join(self.packages)}",
                    f"--aptopt={settings.name}",
                    "--dpkgopt=path-exclude=/usr/share/man/*",
                    "--dpkgopt=path-exclude=/usr/share/locale/*",
                    "--dpkgopt=path-exclude=/usr/share/doc/*",
                    self.release,
                    str(root),
                ]
            )
        if done.returncode:
            shutil.rmtree(root, ignore_errors=True)
            raise LabError(f"base image {self.name}: mmdebstrap failed: {_why(done)}")

    def _customize(self, root: Path) -> None:
        for name, text in _FILES.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        units = "/etc/systemd/system"
        systemctl = ["systemctl", f"--root={root}", "--quiet"]
        for unit in _MASKED_UNITS:
            link = Path(f"{root}{units}/{unit}")
            link.unlink(missing_ok=True)
            link.symlink_to("/dev/null")
        for action, names in (("disable", _DISABLED_UNITS), ("enable", ["simulated-host-cgroups.service"])):
            programs.output([*systemctl, action, *names])
        # Each host gets its own. A proxy is the machine's, and may hold a password.
        own = ("etc/ssh/ssh_host_*", "etc/machine-id", "etc/hostname", "var/lib/dbus/machine-id")
        for pattern in (*own, _APT_SETTINGS):
            for path in root.glob(pattern):
                path.unlink()

    def remove(self) -> None:
        """Remove it. It loses its name first: what an interrupted removal leaves never passes for an image."""
        with locked(IMAGES / ".lock"):
            try:
                shutil.rmtree(self.path.rename(self._partial))
            except OSError as error:
                raise LabError(f"base image {self.name} cannot be removed: {error}") from error


def _run_mmdebstrap(arguments: list[str]) -> programs.Done:
    try:
        # Not --quiet: then it keeps to itself what apt said.
        return programs.run(["mmdebstrap", *arguments], _BUILD_SECONDS)
    except programs.Missing:
        raise LabError(
            "mmdebstrap is not installed on this machine: install the packages mmdebstrap and systemd-container"
        ) from None


def _fetching() -> str:
    """What this machine's apt.conf(5) says of fetching packages, as lines of such a file."""
    try:
        dump = programs.run(["apt-config", "dump"]).stdout
    except programs.Missing:
        return ""
    return "".join(f"{line}\n" for line in dump.splitlines() if _FETCHING.match(line))


def _why(done: programs.Done) -> str:
    """The first thing that went wrong, which is apt's word as a rule, and what to do."""
    lines = [line for line in done.stderr.splitlines() if line.startswith("E:")] or done.stderr.splitlines()
    said = lines[0] if lines else f"exit code {done.returncode}"
    if _EXPIRED.search(said):
        return (
            f"{said.rstrip('.')}; this machine's mirror is behind, or its clock is ahead: set that right, or let apt"
            ' take old indexes (Acquire::Check-Valid-Until "false"; in a file in /etc/apt/apt.conf.d)'
        )
    return f"{said}; check the machine's package sources"
