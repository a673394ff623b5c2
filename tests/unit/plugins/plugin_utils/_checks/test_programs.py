# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks.programs import faults

LAB = {"name": "emon", "engine": "cluster_store"}
RUN: dict[str, Any] = {"archive_files": {}}
RHEL = {"os_family": "RedHat", "distribution": {"name": "Red Hat Enterprise Linux 9.6 (Plow)"}}
ARCH = {"os_family": "", "distribution": {"name": "Arch Linux"}}
JOINED = {"lab": "emon", "engine": "cluster_store"}
NONE = {"version": "", "available": ""}
SNAP = {"snap": True, "podman": [], "rootless": []}
PODMAN = {"snap": False, "podman": ["/usr/bin/docker", "/run/docker.sock"], "rootless": []}
PODMANS_CLIENT = {**PODMAN, "podman": ["/usr/bin/docker"]}
ROOTLESS = {"snap": False, "podman": [], "rootless": ["ann", "bob"]}


def info(**given: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "os_family": "Debian",
        "distribution": {"name": "Debian GNU/Linux 12 (bookworm)"},
        "record": {"lab": "", "engine": ""},
        "python": {"path": "/usr/bin/python3", "distributions": True},
        "python_libraries": {"docker": True},
        "python_packages": {"docker": []},
        "packages": {"faults": []},
        "etcd": {
            "version": "3.4.23",
            "available": "",
            "packages": [],
            "unit": True,
            "masked": False,
            "user": True,
            "etcdctl": True,
        },
        "docker": {
            **{"version": "20.10.24", "available": "", "packages": [], "active": False, "enabled": False},
            **{"unit": True, "masked": False, "socket": {"masked": False}},
        },
        "containerd": {"package": "", "active": False, "masked": False},
    }
    for key, value in given.items():
        found[key] = {**found[key], **value} if isinstance(value, dict) else value
    found["docker"].setdefault("variants", {"snap": False, "podman": [], "rootless": []})
    return found


@pytest.mark.parametrize(
    ("given", "member"),
    [
        pytest.param({}, True, id="all is there"),
        pytest.param({"etcd": NONE}, False, id="no etcd, and no member"),
        pytest.param({"docker": {"version": "", "available": "29.0.1"}}, True, id="Docker to be had"),
        pytest.param(
            {"python_libraries": {"docker": False}, "python_packages": {"docker": ["python3-docker"]}},
            True,
            id="its library to be had",
        ),
        pytest.param({**ARCH, "python_libraries": {"docker": True}}, True, id="an unknown distribution that has all"),
        pytest.param({"docker": {"variants": PODMANS_CLIENT}}, True, id="podman's client beside a dockerd"),
        pytest.param(
            {"docker": {"variants": ROOTLESS, "active": True}}, True, id="rootless beside one that runs as root"
        ),
        pytest.param({"docker": {"variants": ROOTLESS, "enabled": True}}, True, id="rootless beside one that is off"),
        pytest.param({"docker": {"variants": SNAP}, "record": JOINED}, True, id="a snap that came after the lab"),
        pytest.param(
            {"etcd": {"masked": True, "unit": False, "user": False}}, False, id="an etcd that is not asked for"
        ),
        pytest.param(
            {"docker": {"version": "", "available": "29.0.1", "unit": False}, "containerd": {"masked": True}},
            True,
            id="units of a Docker that is to come",
        ),
        pytest.param({"packages": {"faults": ["interrupted"]}}, True, id="nothing is to be installed"),
        pytest.param({"etcd": {"etcdctl": False, "packages": ["etcd-client"]}}, True, id="etcdctl is to be had"),
    ],
)
def test_fit(given: dict[str, Any], member: bool) -> None:
    assert faults(LAB, member, info(**given), RUN) == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(
            {**RHEL, "docker": NONE},
            [
                "Docker is neither installed nor available from this host's package sources: install it, or add a"
                " source (RHEL, Rocky and Alma have none of their own: add the repository of docker-ce)"
            ],
            id="RHEL has no Docker",
        ),
        pytest.param(
            {**RHEL, "etcd": NONE},
            [
                "etcd is neither installed nor available from this host's package sources: install it, or add a source"
                " (RHEL, Rocky and Alma have none of their own: it needs a unit etcd.service that reads"
                " /etc/etcd/etcd.conf; or set etcd: false for this host, or choose an engine without etcd)"
            ],
            id="RHEL has no etcd",
        ),
        pytest.param(
            {**ARCH, "docker": NONE, "etcd": NONE},
            [
                "etcd is not installed, and packages of Arch Linux are not known here: install it yourself",
                "Docker is not installed, and packages of Arch Linux are not known here: install it yourself",
            ],
            id="an unknown distribution",
        ),
        pytest.param(
            {"os_family": "", "distribution": {"name": ""}, "docker": NONE},
            [
                "Docker is not installed, and packages of a system without /etc/os-release are not known here: install"
                " it yourself"
            ],
            id="a distribution that does not say what it is",
        ),
        pytest.param(
            {"python_libraries": {"docker": False}},
            [
                "the Python library docker is neither installed nor in this host's package sources (python3-docker):"
                " add a source, or /usr/bin/python3 -m pip install docker"
            ],
            id="no library",
        ),
        pytest.param(
            {
                "python_libraries": {"docker": False},
                "python": {"path": "/usr/bin/python3.12", "distributions": False},
                "record": JOINED,
            },
            [
                "the Python library docker is missing for /usr/bin/python3.12, by which Ansible runs here, and packages"
                " are for /usr/bin/python3: set ansible_python_interpreter to that, or /usr/bin/python3.12 -m pip"
                " install docker"
            ],
            id="another Python than the packages are for",
        ),
        pytest.param(
            {"docker": {**NONE, "variants": SNAP, "available": "29.0.1"}},
            [
                "Docker is here as a snap, which keeps its configuration and data where no lab looks: snap remove"
                " docker, with which its containers and images go, and the run installs the distribution's"
            ],
            id="a snap",
        ),
        pytest.param(
            {"docker": {**NONE, "variants": PODMAN, "available": "29.0.1"}},
            [
                "/usr/bin/docker and /run/docker.sock are podman's here, which has no overlay networks: remove the"
                " package podman-docker, and these where they stay, and the run installs Docker; podman itself can stay"
            ],
            id="podman's client and socket",
        ),
        pytest.param(
            {"docker": {"variants": PODMAN}},
            [
                "/run/docker.sock is podman's here, which has no overlay networks: remove the package podman-docker,"
                " and these where they stay, and the run installs Docker; podman itself can stay"
            ],
            id="podman's socket beside a dockerd",
        ),
        pytest.param(
            {"docker": {"variants": ROOTLESS}},
            [
                "Docker runs here without root, as ann, bob, where no overlay network can be, and no dockerd runs as"
                " root: start one beside it (systemctl enable --now docker, where it is installed), or end the other"
                " (dockerd-rootless-setuptool.sh uninstall, as that user)"
            ],
            id="rootless",
        ),
        pytest.param(
            {
                "docker": {"masked": True, "unit": False, "socket": {"masked": True}},
                "etcd": {"masked": True, "unit": False},
            },
            [
                "docker.service is masked here, and the lab has to start it: systemctl unmask docker.service",
                "docker.socket is masked here, and the lab has to start it: systemctl unmask docker.socket",
                "etcd.service is masked here, and the lab has to start it: systemctl unmask etcd.service",
            ],
            id="masked units",
        ),
        pytest.param(
            {"docker": {"unit": False}, "etcd": {"unit": False, "user": False}},
            [
                "Docker is installed here without the unit docker.service, by which the lab starts it: install its"
                " package, or give it that unit",
                "etcd is installed here without the unit etcd.service, by which the lab starts it: install its package,"
                " or give it that unit",
                "etcd is installed here without a user etcd, whose its keys and data are: useradd --system etcd",
            ],
            id="binaries of a tarball",
        ),
        pytest.param(
            {"etcd": {"etcdctl": False}},
            [
                "etcd is installed here without etcdctl, by which dockerd's unit asks for its store and backups are"
                " made, and no package source has it: put it beside etcd"
            ],
            id="no etcdctl",
        ),
        pytest.param(
            {
                "docker": {"version": "", "available": "20.10.24", "packages": ["docker.io"]},
                "packages": {"faults": ["an installation of packages was interrupted here: dpkg --configure -a"]},
            },
            ["an installation of packages was interrupted here: dpkg --configure -a (to be installed: docker.io)"],
            id="dpkg was interrupted",
        ),
        pytest.param(
            {**RHEL, "docker": NONE, "packages": {"faults": ["dnf gives no answer"]}},
            [
                "Docker is neither installed nor available from this host's package sources: install it, or add a"
                " source (RHEL, Rocky and Alma have none of their own: add the repository of docker-ce)",
                "dnf gives no answer",
            ],
            id="nobody knows what can be installed",
        ),
    ],
)
def test_fault(given: dict[str, Any], expected: list[str]) -> None:
    assert faults(LAB, True, info(**given), RUN) == expected


@pytest.mark.parametrize(
    ("selinux", "wanted", "is_named"),
    [
        ({"mode": "enforcing", "restorecon": False}, "sum", True),
        ({"mode": "permissive", "restorecon": False}, "sum", True),
        ({"mode": "enforcing", "restorecon": True}, "sum", False),
        ({"mode": "enforcing", "restorecon": False}, "", False),
        ({"mode": "disabled", "restorecon": False}, "sum", False),
    ],
)
def test_programs_from_an_archive_want_labels(selinux: dict[str, Any], wanted: str, is_named: bool) -> None:
    archive = {"lab": "emon", "version": "20.10.24", "sha256": "sum", "whole": True, "path": "", "wanted": wanted,
               "obstacles": [], "missing": []}  # fmt: skip
    found = faults(LAB, False, {**info(docker={"archive": archive}), "selinux": selinux}, RUN)
    assert [line for line in found if "SELinux" in line] == [
        f"SELinux is {selinux['mode']} here, and restorecon, which labels programs from an archive, is missing: install"
        " policycoreutils"
    ] * is_named
