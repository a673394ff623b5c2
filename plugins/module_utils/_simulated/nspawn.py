# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Booting one systemd-nspawn machine so that it outlives its caller and changes nothing outside itself."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.processes import Process
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import module_loading

_BOOT_SECONDS = 90
# A boot takes a second or two. One that takes longer waits for a unit, such as a dockerd whose store has no majority.
_PATIENCE_SECONDS = 15
_ANSWER_SECONDS = 10
# How systemd-nspawn --keep-unit ends where the machine rebooted by itself, so that its service manager starts it again.
_REBOOTED = 133
_CGROUP_ROOT = Path("/sys/fs/cgroup")
_NSPAWN_RUN = Path("/run/systemd/nspawn")

# The machine has one clock, one set of modules and one memory: no capability of a guest, nor of who enters it, reaches
# them. With the others root inside could still do harm on purpose: a simulated host is no security boundary.
DROPPED_CAPABILITIES = ("sys_time", "sys_module", "sys_rawio")

# Only /proc/sys/net is writable inside, and that is the host's own network namespace; the other sysctls are the
# machine's (kernel.core_pattern, fs.protected_*), and stay read-only, as /sys does.
_ENVIRONMENT = {"SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network", "SYSTEMD_NSPAWN_LOCK": "0"}
# systemd from 258 on boots with cgroup v2 alone; where the machine has v1, systemd-nspawn mounts that for the guest.
_UNIFIED_CGROUPS = {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"}

# Every namespace but the user one, and the guest's own root and working directory.
_ENTER = ("--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root", "--wd")
_INSIDE = ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8")


def boot(
    name: str,
    image: Path,
    directory: Path,
    namespace: Path,
    on_supervisor: Callable[[Process], None],
    unified_cgroups: bool = False,
) -> Process:
    """Boot the machine and wait until its systemd says that it is up.

    ``on_supervisor`` is called with the process that runs systemd-nspawn, before it does anything. It lives as long as
    the machine does, through reboots.
    Returns the machine's init as this process namespace sees it. Raises LabError with the console's last lines.
    """
    modules = module_loading.prepare()
    module_loading.switch_on(namespace)
    command = _command(name, image, directory, namespace)
    variables = {**_ENVIRONMENT, **(_UNIFIED_CGROUPS if unified_cgroups else {})}
    console = directory / "console.log"
    notify = directory / "notify"
    notify.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(notify))
        supervisor_process = detached(
            shlex.join(command),
            directory,
            console,
            on_supervisor,
            pass_fds=() if modules is None else (modules,),
            env={"NOTIFY_SOCKET": str(notify), **variables},
        )
        if modules is not None:
            os.close(modules)
        try:
            leader = _wait_until_ready(listener, supervisor_process)
        except LabError as error:
            raise LabError(f"simulated host {name}: {error}: {last_lines(console)}") from None
    notify.unlink(missing_ok=True)
    return leader


def detached(
    command: str,
    directory: Path,
    console: Path,
    on_process: Callable[[Process], None],
    env: Mapping[str, str],
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen:
    """Start a program that outlives its caller, in the cgroups of the machine in that directory.

    ``command``: as a shell takes it. ``on_process`` is called with the process before it does anything.
    """
    gate_read, gate_write = os.pipe()
    with console.open("wb") as output:
        # Not by programs.run: it outlives this process, behind its gate.
        started = subprocess.Popen(
            # The gate: nothing runs until the process is recorded and in its cgroup; if this process dies first,
            # `read` fails at the end of the file and nothing ever runs.
            ["sh", "-c", f"read go || exit 1; exec {command} </dev/null"],
            stdin=gate_read,
            stdout=output,
            stderr=output,
            start_new_session=True,
            cwd="/",
            pass_fds=pass_fds,
            env={"PATH": os.environ["PATH"], **env},
        )
    os.close(gate_read)
    process = Process.of(started.pid)
    if process is None:
        raise LabError(f"simulated host {directory.name}: no process could be started")
    _enter_cgroups(directory, process.pid)
    on_process(process)
    os.write(gate_write, b"go\n")
    os.close(gate_write)
    return started


def entering(leader: Process, command: list[str]) -> list[str]:
    """The command line that runs ``command`` in the machine of that init, as its root, with a clean environment."""
    bounds = ",".join(f"-{name}" for name in DROPPED_CAPABILITIES)
    return [
        # First, and by this machine's own program: what comes after nsenter is the guest's.
        *("env", "-i", *_INSIDE),
        *("setpriv", f"--bounding-set={bounds}"),
        *("nsenter", f"--target={leader.pid}", *_ENTER, "--", *command),
    ]


def _command(name: str, image: Path, directory: Path, namespace: Path) -> list[str]:
    nspawn = [
        # It ends with the shell that starts it again after a reboot.
        *("setpriv", "--pdeathsig", "KILL"),
        "systemd-nspawn",
        "--quiet",
        f"--directory={directory}/root",
        f"--machine={name}",
        f"--hostname={name}",
        "--boot",
        "--register=no",
        "--keep-unit",
        f"--network-namespace-path={namespace}",
        "--capability=all",
        f"--drop-capability={','.join(f'CAP_{name.upper()}' for name in DROPPED_CAPABILITIES)}",
        # What dockerd and runc need beyond the default filter: keyrings, eBPF device rules, mounts and namespaces.
        "--system-call-filter=@keyring bpf @privileged",
        "--resolv-conf=off",
        "--timezone=off",
        "--link-journal=no",
        "--console=pipe",
        "--notify-ready=yes",
        # overlay2 does not work on an overlay file system: Docker's data lie on the machine's own.
        f"--bind={directory}/docker:/var/lib/docker",
    ]
    overlay = f"lowerdir={image},upperdir={directory}/upper,workdir={directory}/work"
    mount = ["mount", "-t", "overlay", "overlay", "-o", overlay, f"{directory}/root"]
    again = f"until {shlex.join(nspawn)}; do status=$?; [ $status = {_REBOOTED} ] || exit $status; done"
    # The mount is made in a mount namespace of its own: it ends with the machine, however that ends. A slave, so that
    # what the machine unmounts meanwhile (a disk, another host's network namespace) is not held by this copy.
    return [
        "unshare",
        "--mount",
        "--propagation",
        "slave",
        "sh",
        "-ec",
        f"{shlex.join(mount)}; {again}",
    ]


def _wait_until_ready(listener: socket.socket, supervisor: subprocess.Popen) -> Process:
    """Read systemd-nspawn's notifications (sd_notify(3)): first the id of the machine's init, then that it is up."""
    listener.settimeout(0.2)
    deadline = time.monotonic() + _BOOT_SECONDS
    leader = None
    while time.monotonic() < deadline:
        try:
            lines = listener.recv(4096).decode().splitlines()
        except socket.timeout:
            if supervisor.poll() is not None:
                raise LabError(f"systemd-nspawn ended with exit code {supervisor.returncode}") from None
            if leader and time.monotonic() > deadline - _BOOT_SECONDS + _PATIENCE_SECONDS and _basically_up(leader):
                return leader
            continue
        for line in lines:
            key, _separator, value = line.partition("=")
            if key == "X_NSPAWN_LEADER_PID":
                leader = Process.of(int(value))
            elif key == "READY" and leader:
                return leader
    raise LabError(f"not up within {_BOOT_SECONDS} s")


def _basically_up(leader: Process) -> bool:
    """Whether its systemd has reached basic.target: services may still be starting, and a person can enter."""
    asked = entering(leader, ["systemctl", "is-active", "--quiet", "basic.target"])
    try:
        return programs.run(asked, _ANSWER_SECONDS).returncode == 0
    except programs.Overdue:
        return False


def last_lines(console: Path) -> str:
    lines = [line.strip() for line in console.read_text(errors="replace").splitlines() if line.strip()]
    return " / ".join(lines[-3:]) or "the console is empty"


# -- cgroups: each machine in its own, so that two systemds do not write into one tree, and so that a machine outlives
# the login session of whoever booted it


def _hierarchies() -> list[Path]:
    """The cgroup mounts of this machine: one (v2), or one a controller (v1)."""
    if (_CGROUP_ROOT / "cgroup.procs").exists():
        return [_CGROUP_ROOT]
    return [
        path for path in sorted(_CGROUP_ROOT.iterdir()) if (path / "cgroup.procs").exists() and not path.is_symlink()
    ]


def _cgroup(hierarchy: Path, directory: Path) -> Path:
    # With the inode: hosts of one name in different mount namespaces (the tests') are different machines.
    return hierarchy / f"overlay-lab.{directory.name}.{directory.stat().st_ino}"


def _enter_cgroups(directory: Path, pid: int) -> None:
    for hierarchy in _hierarchies():
        cgroup = _cgroup(hierarchy, directory)
        cgroup.mkdir(exist_ok=True)
        # A new cpuset of cgroup v1 is empty and takes no process until it is told its processors and memory nodes.
        for setting in ("cpuset.cpus", "cpuset.mems"):
            if hierarchy.name == "cpuset":
                (cgroup / setting).write_text((hierarchy / setting).read_text())
        (cgroup / "cgroup.procs").write_text(str(pid))


def freeze(directory: Path, frozen: bool) -> None:
    """Stop all processes of the machine where they are, as a suspend to memory does, or let them go on."""
    for hierarchy in _hierarchies():
        cgroup = _cgroup(hierarchy, directory)
        if (cgroup / "cgroup.freeze").exists():
            (cgroup / "cgroup.freeze").write_text("1" if frozen else "0")
        elif (cgroup / "freezer.state").exists():
            (cgroup / "freezer.state").write_text("FROZEN" if frozen else "THAWED")


def frozen(directory: Path) -> bool:
    """Whether the machine in this directory was stopped by `freeze`."""
    for hierarchy in _hierarchies():
        cgroup = _cgroup(hierarchy, directory)
        for setting, value in (("cgroup.freeze", "1"), ("freezer.state", "FROZEN")):
            if (cgroup / setting).exists() and (cgroup / setting).read_text().strip() == value:
                return True
    return False


def remove_cgroups(directory: Path) -> None:
    """Remove the cgroups of the machine in this directory; none of its processes runs any more."""
    for hierarchy in _hierarchies():
        top = _cgroup(hierarchy, directory)
        for cgroup, _subdirectories, _files in os.walk(top, topdown=False):
            _remove_cgroup(Path(cgroup))


def _remove_cgroup(path: Path) -> None:
    # A cgroup stays busy for a moment after its last process has ended.
    for _attempt in range(50):
        try:
            path.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.02)
        else:
            return


def remove_leftovers(name: str) -> None:
    """Remove what systemd-nspawn leaves below /run for a machine that is gone."""
    propagate = _NSPAWN_RUN / "propagate" / name
    if propagate.is_dir() and not propagate.is_mount():
        shutil.rmtree(propagate)
