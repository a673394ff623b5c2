# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""What engines ask of hosts. ``info``: what the module host_info returned there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.state_files import RECORD_PATH

# UDP port of Docker's VXLANs. Docker numbers networks consecutively; besides the lab's there are ingress and maybe
# others.
_DOCKERS_PORT = 4789
_OTHER_NETWORKS = 8


def has_joined(lab: dict[str, Any], info: dict[str, Any]) -> bool:
    """Whether the host is configured for this engine. A host that changes its engine is not yet."""
    return bool(info["record"]["lab"]) and info["record"]["engine"] == lab["engine"]


def record_back(lab: str, info: dict[str, Any]) -> str:
    """What else helps where something is not the lab's by the record: that the record is lost; '' where it is not."""
    return f", or put this host's record back ({RECORD_PATH}), which is gone" if info.get("left_by") == lab else ""


def docker_version(info: dict[str, Any]) -> str:
    """The version that runs, or the one that would be installed; '' where there is none to be had."""
    return info["docker"]["version"] or info["docker"]["available"]


def without_library(name: str, info: dict[str, Any]) -> list[str]:
    """Why a Python library that modules need is missing on the host, and stays so; empty where a run installs it."""
    if info["python_libraries"][name] or info["python_packages"][name]:
        return []
    python = info["python"]
    if not python["distributions"]:
        return [
            f"the Python library {name} is missing for {python['path']}, by which Ansible runs here, and packages are"
            f" for /usr/bin/python3: set ansible_python_interpreter to that, or {python['path']} -m pip install {name}"
        ]
    return [
        f"the Python library {name} is neither installed nor in this host's package sources (python3-{name}): add a"
        f" source, or {python['path']} -m pip install {name}"
    ]


def foreign_vxlans(lab: dict[str, Any], infos: dict[str, dict], first_vni: int) -> list[str]:
    """VXLANs on Docker's UDP port that have a VNI which Docker will take for the lab: it does not look at the kernel's.

    Docker's own are in namespaces of their own, and are not seen here.
    """
    likely = range(first_vni, first_vni + len(lab["networks"]) + _OTHER_NETWORKS)
    return [
        f"{host}: the VXLAN {link['name']} {vni_of(link)} on UDP port {_DOCKERS_PORT}, which Docker takes"
        f" for a network of its own: give it another one, or remove it (ip link delete {link['name']})"
        for host, info in infos.items()
        if not has_joined(lab, info)
        for link in info["vxlan"]["links"]
        if link["port"] == _DOCKERS_PORT and (link["vni"] in likely or link["vni"] == 0)
    ]


def vni_of(link: Mapping[str, Any]) -> str:
    """In words. One that the kernel configures from outside (external) has none, and takes every packet of its port."""
    return f"has the VNI {link['vni']}" if link["vni"] else "takes every VNI"


def said(result: Mapping[str, Any], host: str = "") -> list[str]:
    """The faults that a module ended with, on a host."""
    lines = (result.get("faults") or [result["msg"]]) if result.get("msg") else []
    return [f"{host}: {line}" if host else line for line in lines]
