# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Loading the kernel modules that simulated hosts need, and unloading them when the last host is gone.

A simulated host has no modprobe(8), so what Docker asks for by it is loaded here. br_netfilter makes every bridge pass
the packet filters of its network namespace, from the moment it is loaded. Its switches are per namespace (since Linux
5.3), so it is switched off in every namespace that is there, the machine's own first. The switches appear before the
module takes its hooks, for which it needs RTNL: that is held until they are written, so not a packet passes a filter
in between. In the hosts' namespaces, made later, it is on.

A module that was loaded before is left as it is, and so are its switches.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.processes import boot_id
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.state_files import (
    STATE_DIR,
    locked,
    read_json,
    write_json,
)

from . import netns as kernel_netns
from . import rtnl
from .modules import AVAILABLE, MODULES, Kernel

_BRIDGE_FILTER = "br_netfilter"
_DIRECTORY = Path("/sys/module") / _BRIDGE_FILTER
_SWITCHES = tuple(
    Path("/proc/sys/net/bridge") / f"bridge-nf-call-{family}" for family in ("iptables", "ip6tables", "arptables")
)
# Removing one of these takes everybody's links of its kind, in every namespace, without a question.
_LINK_KINDS = frozenset(("veth", "bridge", "vxlan", "macvlan", "macvtap", "ipvlan", "dummy", "ifb", "tun"))
# Wanted only, and the kernel does not load it by itself.
_ASKED_BY_MODPROBE = ("ip_vs",)
_MODPROBE_SECONDS = 60
# Of modprobe(8), while nobody can change a link.
_HOLD_SECONDS = 10

# {"boot": boot id, "loaded": [module, ...], "quiet": whether br_netfilter was switched off after it was loaded}
_RECORD = STATE_DIR / "modules.json"


def prepare() -> int | None:
    """Load what simulated hosts need and this kernel has as modules.

    Returns a descriptor for the host's processes to hold, as long as they run: while one does, on whatever lab's
    behalf, `release` unloads nothing. None where nothing can be unloaded. Raises LabError where a needed module cannot
    be loaded.
    """
    while True:
        with locked(_RECORD.with_suffix(".lock")):
            _load_what_is_absent()
        held = _hold()
        # Another lab's last host may have been removed in between, and the module unloaded.
        if held is None or _still_there(held):
            return held
        os.close(held)


def switch_on(namespace: Path) -> None:
    """A host's own bridges pass its packet filters, as on a machine on which Docker has loaded br_netfilter."""
    with kernel_netns.Namespaces() as namespaces, namespaces.inside(str(namespace)):
        for switch in _SWITCHES:
            _write(switch, b"1")


def _load_what_is_absent() -> None:
    states = Kernel(os.uname().release).states()
    absent = [
        module.name
        for module in MODULES
        if (module.needed or module.name in _ASKED_BY_MODPROBE) and states[module.name] == AVAILABLE
    ]
    record = _record()
    if absent:
        before = _loaded()
        record["loaded"] = sorted({*record["loaded"], *absent})
        record["quiet"] = record["quiet"] and _BRIDGE_FILTER not in absent
        # Written first: a run that is killed in between leaves nothing that nobody knows of.
        write_json(_RECORD, record)
        _load([name for name in absent if name != _BRIDGE_FILTER])
        if _BRIDGE_FILTER in absent:
            _load_bridge_filter()
        record["loaded"] = sorted({*record["loaded"], *(_loaded() - before)})
    if not record["quiet"]:
        _switch_off_everywhere()
        record["quiet"] = True
    if record["loaded"]:
        write_json(_RECORD, record)
    needed = {module.name for module in MODULES if module.needed}
    if lost := sorted(needed & set(absent) - _loaded()):
        raise LabError([f"the kernel module {name} cannot be loaded: modprobe {name} says why" for name in lost])


def release() -> None:
    """Unload what `prepare` has loaded, and nobody uses. The caller has seen that no simulated host is left."""
    with locked(_RECORD.with_suffix(".lock")):
        loaded = _record()["loaded"]
        with _held_by_nobody() as free:
            if loaded and free:
                _unload({name for name in loaded if name not in _LINK_KINDS})
        _RECORD.unlink(missing_ok=True)
        _RECORD.with_suffix(".lock").unlink(missing_ok=True)


def _unload(names: set[str]) -> None:
    """The kernel itself refuses a module that is in use; each that goes frees those that it depended on."""
    if _BRIDGE_FILTER in names and _bridge_filter_serves_somebody():
        names = names - {_BRIDGE_FILTER}
    while names:
        gone = {name for name in names if programs.run(["rmmod", name]).returncode == 0}
        if not gone:
            return
        names = names - gone


def _record() -> dict:
    """What was loaded during this boot of the machine."""
    found = read_json(_RECORD, {"boot": str, "loaded": [str], "quiet": bool}) or {}
    nothing = {"boot": boot_id(), "loaded": [], "quiet": True}
    return {**nothing, **found} if found.get("boot") == boot_id() else nothing


def _loaded() -> set[str]:
    try:
        return {line.split()[0] for line in Path("/proc/modules").read_text(encoding="ascii").splitlines()}
    except FileNotFoundError:
        return set()


def _load(names: list[str]) -> None:
    """modprobe(8) says which it could not load; `prepare` looks."""
    if names:
        with suppress(LabError):
            programs.run(["modprobe", "--quiet", "--all", *names], timeout=_MODPROBE_SECONDS)


def _load_bridge_filter() -> None:
    """Load it, and switch it off in every namespace before it takes its hooks."""
    namespaces = _others()
    loader = threading.Thread(target=_load, args=([_BRIDGE_FILTER],))
    with rtnl.held() as held:
        loader.start()
        deadline = time.monotonic() + _HOLD_SECONDS
        # Where RTNL cannot be held, it is a race: between the coming of a switch and that of the hooks are some tens
        # of microseconds.
        pause = 0.001 if held else 0
        for _namespace in _each_namespace(namespaces):
            for switch in _SWITCHES:
                while not _write(switch, b"0") and loader.is_alive() and time.monotonic() < deadline:
                    time.sleep(pause)
    loader.join()


def _write(switch: Path, value: bytes) -> bool:
    """Whether the switch is there, and was written."""
    try:
        descriptor = os.open(switch, os.O_WRONLY)
    except OSError:
        return False
    try:
        os.write(descriptor, value)
    finally:
        os.close(descriptor)
    return True


def _switch_off_everywhere() -> None:
    """Switch it off in every namespace that is there; no simulated host runs yet."""
    for _namespace in _each_namespace(_others()):
        for switch in _SWITCHES:
            _write(switch, b"0")


def _bridge_filter_serves_somebody() -> bool:
    """Whether bridges are to pass packet filters where processes live: those of a Docker that was started later, say.

    A namespace in which no process lives is not asked: those of hosts that have just gone are like that.
    """
    return any(any(map(_is_on, _SWITCHES)) and _has_bridge() for _namespace in _each_namespace(_of_processes()))


def _others() -> list[str]:
    """Namespaces beside this one that can be seen, some of them twice."""
    return [*kernel_netns.names(), *_of_processes()]


def _of_processes() -> list[str]:
    return [f"{process}/ns/net" for process in Path("/proc").glob("[0-9]*")]


def _each_namespace(others: Iterable[str]) -> Iterator[str]:
    """Be in each network namespace in turn, the machine's own first."""
    seen = {kernel_netns.identity(kernel_netns.OWN)}
    yield kernel_netns.OWN
    with kernel_netns.Namespaces() as namespaces:
        for netns in others:
            identity = kernel_netns.identity(netns)
            if identity is None or identity in seen:
                continue
            seen.add(identity)
            # A process may have ended meanwhile.
            with suppress(FileNotFoundError), namespaces.inside(netns):
                yield netns


def _is_on(switch: Path) -> bool:
    try:
        return switch.read_text(encoding="ascii").strip() != "0"
    except FileNotFoundError:
        return False


def _has_bridge() -> bool:
    return bool(programs.run(["ip", "-oneline", "link", "show", "type", "bridge"]).stdout)


# -- who holds it. The sandboxes of tests and the machine have different file trees and process namespaces, but one
# kernel: the lock is on the kernel's own directory of the module, and falls with its holders.


def _hold() -> int | None:
    """A descriptor that holds the module; None where it is built in."""
    descriptor = _open_directory()
    if descriptor is not None:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


@contextmanager
def _held_by_nobody() -> Iterator[bool]:
    """Whether no host holds it; none can begin to in the block."""
    descriptor = _open_directory()
    if descriptor is None:
        yield True
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)


def _still_there(descriptor: int) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), _DIRECTORY.stat())
    except FileNotFoundError:
        return False


def _open_directory() -> int | None:
    try:
        return os.open(_DIRECTORY, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
