# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.
"""What an inventory says of a lab: groups and variables, plain data only, because Ansible does not template it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

from .model import Archive, Container, Host, Lab
from .underlay import links
from .yaml_nodes import suggestion

SIMULATED_CONNECTION = "emon.overlay_lab.simulated_host"
_PYTHON = "/usr/bin/python3"
# Filled by playbooks; declared, because Ansible warns of a group that it does not know.
_GROUPS_OF_A_RUN = ("lab_ready", "lab_changing", "lab_changing_etcd", "lab_moving", "lab_moving_etcd", "lab_lost")


def check_site(lab: Lab, site: str) -> None:
    """Raise LabError if the lab is not at this site."""
    names = [one.name for one in lab.sites]
    if site not in names:
        raise LabError(f"site: {site} is not a site of this lab; {suggestion(site, names)}")


def groups(lab: Lab, simulated: bool) -> dict[str, list[str]]:
    """Group -> names of its hosts, in the lab's order."""
    everyone = [host.name for host in lab.hosts]
    return {
        "lab": everyone,
        "lab_etcd": [host.name for host in lab.members],
        "lab_docker": everyone,
        "lab_simulated": everyone if simulated else [],
        **{group: [] for group in _GROUPS_OF_A_RUN},
    }


def controller_dir(lab: Lab, simulated: bool) -> str:
    """Where the controller keeps what is the lab's. The same lab on real hosts is another lab, and shares nothing.

    Below the name: any name beside it may be that of a lab.
    """
    path = Path("~/.config/overlay-lab").expanduser() / lab.name
    return str(path / "simulated" if simulated else path)


def cache_dir(lab: Lab) -> str:
    """Where the controller keeps what it can fetch or measure again."""
    return str(Path("~/.cache/overlay-lab").expanduser() / lab.name)


def lab_variables(
    lab: Lab, site: str, simulated: bool, release: str, directory: Path = Path(), outbound: bool = False
) -> dict[str, Any]:
    """Variables that are the same for the whole lab; localhost has them, too.

    ``lab_hosts`` holds every host of the file, whatever the play is limited to: who is a member is read there.
    ``directory``: the lab file's, to which its paths are relative.
    """
    return {
        "lab_name": lab.name,
        "lab_site": site,
        "lab_sites": {one.name: {"subnet": str(one.subnet), "mtu": one.mtu} for one in lab.sites},
        "lab_hosts": {
            host.name: {"addresses": _addresses(host), "index": host.index, "etcd": host.etcd} for host in lab.hosts
        },
        "lab_engine": lab.engine,
        "lab_etcd_tls": lab.etcd_tls,
        "lab_etcd_token": lab.etcd_token,
        "lab_docker_tcp_api": lab.docker_tcp_api,
        "lab_archives": {
            kind: {"archive": _source(archive, directory), "sha256": archive.sha256, "version": archive.version}
            for kind, archive in lab.archives.items()
        },
        "lab_networks": [
            {
                "name": network.name,
                "subnet": str(network.subnet),
                "gateway": str(network.gateway),
                "mtu": network.mtu,
                "underlay_mtu": network.underlay_mtu,
                "allow_overlap": network.allow_overlap,
                "allow_public": network.allow_public,
                "encrypted": network.encrypted,
            }
            for network in lab.networks
        ],
        "lab_containers": [
            {
                "name": container.name,
                "host": container.host,
                "image": container.image,
                "command": list(container.command) or "",
                "networks": [
                    {
                        "name": place.network,
                        "ipv4_address": "" if place.ipv4_address is None else str(place.ipv4_address),
                        "aliases": list(place.aliases),
                    }
                    for place in container.networks
                ],
                **_service(container),
            }
            for container in lab.containers
        ],
        "lab_expect": [
            {"from": one.source, "to": one.to, "port": one.port, "result": one.result, "within": one.within}
            for one in lab.expectations
        ],
        "lab_underlay": links(lab, site),
        "lab_simulated": simulated,
        "lab_outbound": outbound,
        "lab_release": release,
        "lab_errors": [],
    }


def _service(container: Container) -> dict[str, Any]:
    """What the file says of it; a thousand containers that say nothing cost nothing."""
    given = dict(vars(container.service))
    given["depends_on"] = [
        {"name": name, **({"condition": condition} if condition else {})}
        for name, condition in container.depends_on.items()
    ]
    return {key: list(value) if isinstance(value, tuple) else value for key, value in given.items() if value}


def host_variables(host: Host, site: str, simulated: bool) -> dict[str, Any]:
    """Variables of one host, with the way Ansible reaches it at this site."""
    variables = {
        "lab_address": str(host.addresses[site]),
        "ansible_python_interpreter": _PYTHON,
    }
    if simulated:
        # The lab file's variables tell how the real machine is reached, so they have no meaning here.
        return variables | {"ansible_connection": SIMULATED_CONNECTION}
    return variables | {
        "ansible_host": str(host.addresses[site]),
        **host.ansible,
        "ansible_ssh_common_args": _ssh_arguments(host),
    }


def _source(archive: Archive, directory: Path) -> str:
    if archive.is_url:
        return archive.source
    # Unlike Path's, it leaves a home of nobody as it is written.
    return str(directory / os.path.expanduser(archive.source))  # noqa: PTH111


def _ssh_arguments(host: Host) -> str:
    """What the lab file gives comes first: of an option that is given twice, ssh(1) takes the first."""
    given = str(host.ansible.get("ansible_ssh_common_args") or "")
    # One host key holds at every site, whatever the address. A host that vanishes is noticed after 15 s: without this a
    # run whose task waits for it waits for hours, because a connection on which nothing is sent never breaks.
    ours = f"-o HostKeyAlias={host.name} -o ServerAliveInterval=5 -o ServerAliveCountMax=3"
    return f"{given} {ours}".lstrip()


def _addresses(host: Host) -> dict[str, str]:
    return {site: str(address) for site, address in host.addresses.items()}
