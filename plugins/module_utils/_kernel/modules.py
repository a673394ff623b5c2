# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What a lab asks of the kernel, by module, and whether the running kernel has it.

A distribution's kernel has most of it as modules; other kernels have it built in. Read in this order: what is loaded
(/proc/modules, /sys/module), the lists of depmod(8) below /lib/modules/RELEASE, and the kernel's configuration.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

LOADED, BUILT_IN, AVAILABLE, BARRED, MISSING, UNKNOWN = (
    "loaded", "built in", "available", "barred", "missing", "unknown"
)  # fmt: skip
# Where modprobe(8) reads what to do instead of loading a module. Hardening guides write `install NAME /bin/false`.
_MODPROBE_D = ("etc/modprobe.d", "run/modprobe.d", "usr/lib/modprobe.d", "lib/modprobe.d")
_INSTEAD = re.compile(r"^[ \t]*(install[ \t]+(\S+)[ \t]+\S*\b(?:true|false|nologin)\b)", re.MULTILINE)


@dataclass(frozen=True)
class KernelModule:
    """One thing that the kernel must or should have.

    ``option``: the kernel's build option; ``needed``: whether no lab works without it; ``purpose``: what is not there
    without it.
    """

    name: str
    option: str
    needed: bool
    purpose: str


_NEEDED, _WANTED = True, False

# The kernel loads most of these by itself when they are first asked for. Docker asks for br_netfilter and ip_vs with
# modprobe(8), which simulated hosts do not have.
MODULES = (
    KernelModule(
        "overlay", "CONFIG_OVERLAY_FS", _NEEDED, "images of containers, and the file trees of simulated hosts"
    ),
    KernelModule("veth", "CONFIG_VETH", _NEEDED, "links of containers and of simulated hosts"),
    KernelModule("bridge", "CONFIG_BRIDGE", _NEEDED, "Docker's bridges, and the underlay of simulated hosts"),
    KernelModule(
        "br_netfilter",
        "CONFIG_BRIDGE_NETFILTER",
        _NEEDED,
        "keeping containers apart on docker_gwbridge: without it no container starts on an overlay network",
    ),
    KernelModule("vxlan", "CONFIG_VXLAN", _NEEDED, "the tunnels between hosts"),
    KernelModule("nf_tables", "CONFIG_NF_TABLES", _NEEDED, "the packet filter of iptables-nft, which Docker writes"),
    KernelModule("nft_compat", "CONFIG_NFT_COMPAT", _NEEDED, "the matches and targets of iptables-nft"),
    KernelModule("nft_chain_nat", "CONFIG_NFT_NAT", _NEEDED, "address translation by iptables-nft"),
    KernelModule("nf_nat", "CONFIG_NF_NAT", _NEEDED, "address translation for containers"),
    KernelModule("xt_nat", "CONFIG_NETFILTER_XT_NAT", _NEEDED, "published ports"),
    KernelModule("xt_MASQUERADE", "CONFIG_NETFILTER_XT_TARGET_MASQUERADE", _NEEDED, "the containers' way out"),
    KernelModule("xt_conntrack", "CONFIG_NETFILTER_XT_MATCH_CONNTRACK", _NEEDED, "answers to containers"),
    KernelModule("xt_addrtype", "CONFIG_NETFILTER_XT_MATCH_ADDRTYPE", _NEEDED, "published ports"),
    KernelModule("af_packet", "CONFIG_PACKET", _NEEDED, "announcing addresses by ARP, and tcpdump"),
    KernelModule("xt_mark", "CONFIG_NETFILTER_XT_MARK", _WANTED, "published ports of Swarm services"),
    KernelModule("ip_vs", "CONFIG_IP_VS", _WANTED, "virtual addresses of Swarm services"),
    KernelModule("esp4", "CONFIG_INET_ESP", _WANTED, "networks with encrypted: true"),
    KernelModule("macvlan", "CONFIG_MACVLAN", _WANTED, "the module macvlan, and Docker's driver of that name"),
    KernelModule("ipvlan", "CONFIG_IPVLAN", _WANTED, "Docker's driver ipvlan"),
    KernelModule("dummy", "CONFIG_DUMMY", _WANTED, "Docker's internal macvlan networks"),
    KernelModule("tun", "CONFIG_TUN", _WANTED, "TAP interfaces as ports of a bridge"),
    KernelModule("ifb", "CONFIG_IFB", _WANTED, "shaping what arrives at a link"),
    KernelModule("sch_tbf", "CONFIG_NET_SCH_TBF", _WANTED, "a link that is slow on purpose"),
    KernelModule("sch_htb", "CONFIG_NET_SCH_HTB", _WANTED, "the rate of a link, and all of it that waits in a queue"),
    KernelModule("cls_u32", "CONFIG_NET_CLS_U32", _WANTED, "telling apart to which host a packet goes"),
    KernelModule(
        "sch_netem", "CONFIG_NET_SCH_NETEM", _WANTED, "delay, jitter, duplicate, corrupt and reorder of a link"
    ),
    KernelModule("nft_numgen", "CONFIG_NFT_NUMGEN", _WANTED, "loss on a link"),
)


@dataclass(frozen=True)
class Kernel:
    """The running kernel as its files tell it. The paths are those of this machine, or of a test."""

    release: str
    root: Path = Path("/")

    @property
    def _directory(self) -> Path:
        """Where this kernel's modules are. Without usr-merge /lib is no link; the path is the same for both."""
        return self.root / "lib/modules" / self.release

    def states(self, modules: Iterable[KernelModule] = MODULES) -> dict[str, str]:
        """{name: "loaded" | "built in" | "available" | "barred" | "missing" | "unknown"}; each file is read once."""
        loaded = self._words("proc/modules")
        built_in = _names(self._directory / "modules.builtin")
        available = _names(self._directory / "modules.dep")
        options = self._options()
        return {module.name: self._state(module, loaded, built_in, available, options) for module in modules}

    def _state(
        self, module: KernelModule, loaded: set[str], built_in: set[str], available: set[str], options: dict[str, str]
    ) -> str:
        if module.name in loaded:
            return LOADED
        if module.name in built_in:
            return BUILT_IN
        if module.name in available:
            return BARRED if self.how_to_allow(module.name) else AVAILABLE
        # A module that is built in shows here only where it has parameters.
        if (self.root / "sys/module" / module.name).is_dir() or options.get(module.option) == "y":
            return BUILT_IN
        # A list of all modules that lacks it tells, and so does a configuration.
        return MISSING if available or options else UNKNOWN

    def how_to_allow(self, name: str) -> str:
        """How to allow that a module is loaded where somebody has forbidden it; '' where nobody has."""
        if self._words("proc/sys/kernel/modules_disabled") == {"1"}:
            return "take kernel.modules_disabled=1 out of what sets it (/etc/sysctl.d), and reboot"
        return self._instead.get(name, "")

    @cached_property
    def _instead(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for path in (
            path for one in _MODPROBE_D for path in sorted((self.root / one).glob("*.conf")) if path.is_file()
        ):
            for line, name in _INSTEAD.findall(path.read_text(encoding="utf-8", errors="replace")):
                where = f"/{path.relative_to(self.root)}"
                found.setdefault(name.replace("-", "_"), f"remove `{line}` from {where}")
        return found

    def _words(self, path: str) -> set[str]:
        """The first word of each line."""
        file = self.root / path
        lines = file.read_text(encoding="ascii", errors="replace").splitlines() if file.exists() else []
        return {line.split()[0] for line in lines if line.strip()}

    def _options(self) -> dict[str, str]:
        """The build options that are set, from the first configuration that can be read."""
        for path in ("proc/config.gz", f"boot/config-{self.release}", f"lib/modules/{self.release}/config"):
            file = self.root / path
            try:
                content = file.read_bytes()
            except OSError:
                continue
            text = (gzip.decompress(content) if path.endswith(".gz") else content).decode("ascii", "replace")
            return dict(re.findall(r"^(CONFIG_\w+)=(\S+)", text, re.MULTILINE))
        return {}

    @property
    def lost_its_modules(self) -> bool:
        """Whether an upgrade has replaced the modules of the kernel that still runs."""
        modules = self.root / "lib/modules"
        return modules.is_dir() and not self._directory.is_dir() and any(modules.iterdir())


def _names(path: Path) -> set[str]:
    """The modules in a list of depmod(8), whose lines begin with a file: kernel/net/bridge/bridge.ko.xz"""
    if not path.exists():
        return set()
    text = path.read_text(encoding="ascii", errors="replace")
    return {
        name.replace("-", "_") for name in re.findall(r"^(?:\S*/)?([^/\s:]+)\.ko(?:\.\w+)?(?=:|$)", text, re.MULTILINE)
    }


def faults(kernel: Kernel) -> list[str]:
    """What a lab needs and this kernel has not, a line each."""
    return needed(missing(kernel))


def needed(lines: Mapping[str, str]) -> list[str]:
    """Of what `missing` returned: the lines of what no lab works without."""
    return [lines[module.name] for module in MODULES if module.needed and module.name in lines]


def missing(kernel: Kernel) -> dict[str, str]:
    """What this kernel has not, whether a lab needs it or not, by module: a line each."""
    states = kernel.states()
    words = {MISSING: "has no", BARRED: "may not load"}
    return {
        module.name: f"the kernel {kernel.release} {words[states[module.name]]} {module.name}, needed for"
        f" {module.purpose}: {kernel.how_to_allow(module.name) or _remedy(module, kernel.lost_its_modules)}"
        for module in MODULES
        if states[module.name] in words
    }


def _remedy(module: KernelModule, replaced: bool) -> str:
    if replaced:
        return "the modules of the running kernel were removed by an upgrade: reboot into the new kernel"
    return (
        "install the rest of the kernel's modules (Ubuntu: linux-modules-extra-$(uname -r); Fedora and Red Hat:"
        f" kernel-modules-extra), or boot a kernel with {module.option}"
    )
