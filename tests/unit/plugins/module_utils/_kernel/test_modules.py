"""Whether the running kernel has what a lab needs, read from a file tree."""

from __future__ import annotations

import gzip

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.modules import MODULES, Kernel, faults

RELEASE = "6.12.0-test"


@pytest.fixture
def tree(tmp_path):
    """Writes files of a machine, and returns its kernel."""

    def write(**files: str | bytes) -> Kernel:
        for name, content in files.items():
            path = tmp_path / name.replace("__", "/").replace("RELEASE", RELEASE)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return Kernel(RELEASE, tmp_path)

    return write


def depmod(*names: str) -> str:
    return "".join(f"kernel/net/{name}.ko.xz: kernel/net/other.ko.xz\n" for name in names)


def config(**options: str) -> bytes:
    return gzip.compress("".join(f"CONFIG_{name}={value}\n" for name, value in options.items()).encode())


@pytest.mark.parametrize(
    ("files", "name", "state"),
    [
        ({"proc__modules": "vxlan 16384 0 - Live 0x0\n"}, "vxlan", "loaded"),
        ({"lib__modules__RELEASE__modules.builtin": "kernel/net/packet/af_packet.ko\n"}, "af_packet", "built in"),
        ({"lib__modules__RELEASE__modules.dep": depmod("br_netfilter")}, "br_netfilter", "available"),
        # depmod writes a file's own name; the kernel turns hyphens into underscores.
        ({"lib__modules__RELEASE__modules.dep": depmod("ip-vs")}, "ip_vs", "available"),
        ({"lib__modules__RELEASE__modules.dep": "kernel/net/ip_vs.ko:\n"}, "ip_vs", "available"),
        ({"sys__module__overlay__parameters__x": "1"}, "overlay", "built in"),
        ({"proc__config.gz": config(VETH="y")}, "veth", "built in"),
        ({"boot__config-6.12.0-test": "CONFIG_VETH=y\n# CONFIG_DUMMY is not set\n"}, "veth", "built in"),
        ({"boot__config-6.12.0-test": "CONFIG_VETH=y\n# CONFIG_DUMMY is not set\n"}, "dummy", "missing"),
        # Configured as a module, and the file is not there.
        ({"proc__config.gz": config(VXLAN="m")}, "vxlan", "missing"),
        ({"lib__modules__RELEASE__modules.dep": depmod("bridge")}, "vxlan", "missing"),
        # One that is only a dependency of another is not one that is there.
        ({"lib__modules__RELEASE__modules.dep": "kernel/a.ko: kernel/net/vxlan.ko\n"}, "vxlan", "missing"),
        ({"proc__modules": "bridge 1 0 - Live 0x0\n"}, "vxlan", "unknown"),
        ({}, "vxlan", "unknown"),
    ],
)
def test_where_a_module_is(tree, files, name, state):
    assert tree(**files).states()[name] == state


def test_a_kernel_with_everything_has_no_fault(tree):
    names = [module.name for module in MODULES]
    assert faults(tree(**{"lib__modules__RELEASE__modules.dep": depmod(*names)})) == []


def test_what_nothing_tells_of_is_no_fault(tree):
    assert faults(tree()) == []


def test_what_is_only_wanted_is_no_fault(tree):
    names = [module.name for module in MODULES if module.needed]
    assert faults(tree(**{"lib__modules__RELEASE__modules.dep": depmod(*names)})) == []


def test_what_is_needed_and_missing_is_a_line_each(tree):
    names = [module.name for module in MODULES if module.name not in ("br_netfilter", "vxlan")]
    assert faults(tree(**{"lib__modules__RELEASE__modules.dep": depmod(*names)})) == [
        "the kernel 6.12.0-test has no br_netfilter, needed for keeping containers apart on docker_gwbridge: without it"
        " no container starts on an overlay network: install the rest of the kernel's modules (Ubuntu:"
        " linux-modules-extra-$(uname -r); Fedora and Red Hat: kernel-modules-extra), or boot a kernel with"
        " CONFIG_BRIDGE_NETFILTER",
        "the kernel 6.12.0-test has no vxlan, needed for the tunnels between hosts: install the rest of the kernel's"
        " modules (Ubuntu: linux-modules-extra-$(uname -r); Fedora and Red Hat: kernel-modules-extra), or boot a kernel"
        " with CONFIG_VXLAN",
    ]


def test_an_upgrade_that_took_the_modules_away_asks_for_a_reboot(tree):
    kernel = tree(
        **{"lib__modules__6.13.0-new__modules.dep": depmod("vxlan"), "boot__config-6.12.0-test": "CONFIG_A=y\n"}
    )
    found = faults(kernel)
    assert found
    assert all(line.endswith("were removed by an upgrade: reboot into the new kernel") for line in found)


def test_modules_that_may_not_be_loaded_are_a_line_each(tree):
    kernel = tree(
        **{
            "lib__modules__RELEASE__modules.dep": depmod(*(module.name for module in MODULES)),
            "etc__modprobe.d__CIS.conf": "install overlayfs /bin/false\n install  overlay /bin/false\n"
            "#install vxlan /bin/true\n",
            "lib__modprobe.d__x.conf": "install br-netfilter /usr/bin/true\ninstall veth /sbin/modprobe -i veth\n",
        }
    )
    lines = faults(kernel)
    assert [line.partition(", needed")[0] for line in lines] == [
        f"the kernel {RELEASE} may not load {name}" for name in ("overlay", "br_netfilter")
    ]
    assert lines[0].endswith("remove `install  overlay /bin/false` from /etc/modprobe.d/CIS.conf")


def test_a_kernel_that_loads_no_module_any_more(tree):
    loaded = "".join(f"{module.name} 1 0 - Live 0x0\n" for module in MODULES if module.name != "vxlan")
    kernel = tree(
        **{
            "lib__modules__RELEASE__modules.dep": depmod("vxlan"),
            "proc__modules": loaded,
            "proc__sys__kernel__modules_disabled": "1\n",
        }
    )
    (line,) = faults(kernel)
    assert line.startswith(f"the kernel {RELEASE} may not load vxlan") and "kernel.modules_disabled" in line


def test_every_module_is_named_once():
    names = [module.name for module in MODULES]
    assert len(names) == len(set(names))
