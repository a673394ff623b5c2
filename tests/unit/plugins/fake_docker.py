# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A dockerd in memory: as much of the SDK's low-level client as the modules use, and a record of what was changed."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from docker.errors import APIError, NotFound
from requests.exceptions import ConnectionError as HungUp


def network(name: str, driver: str = "bridge", subnets: tuple[str, ...] = (), **given: Any) -> dict[str, Any]:
    """A network as its inspection shows it."""
    return {
        "Name": name,
        "Id": f"{name}-id-0123456789",
        "Driver": driver,
        "Scope": "local",
        "IPAM": {"Driver": "default", "Config": [{"Subnet": subnet} for subnet in subnets]},
        "EnableIPv6": False,
        "Internal": False,
        "Attachable": False,
        "Options": {},
        "Labels": {},
        "Containers": {},
        **given,
    }


NO_SWARM: dict[str, Any] = {"NodeID": "", "NodeAddr": "", "LocalNodeState": "inactive", "ControlAvailable": False,
                            "Error": "", "RemoteManagers": None}  # fmt: skip


def swarm_of(address: str, manager: bool) -> dict[str, Any]:
    """What `docker info` says of a node of a swarm whose manager is at 10.0.0.116."""
    return NO_SWARM | {
        "NodeID": "node-id",
        "NodeAddr": address,
        "LocalNodeState": "active",
        "ControlAvailable": manager,
        "RemoteManagers": [{"NodeID": "node-id", "Addr": "10.0.0.116:2377"}],
    }


class FakeDocker:
    """``calls``: every change, as (method, first argument). ``failing``: method -> what dockerd says instead."""

    base_url = "http://elsewhere:2375"

    def __init__(self) -> None:
        self.all_networks: list[dict[str, Any]] = [network("bridge", subnets=("172.17.0.0/16",))]
        self.all_containers: dict[str, dict[str, Any]] = {}
        self.images: dict[str, dict[str, Any]] = {"busybox:lab": {"Id": "sha256:busybox"}}
        self.calls: list[tuple[str, str]] = []
        self.failing: dict[str, str] = {}
        self.exit_code = 0
        self.swarm: dict[str, Any] = dict(NO_SWARM)
        self.all_nodes: list[dict[str, Any]] = []
        self.all_services: list[str] = []
        self._serial = 0

    def _changing(self, method: str, what: str) -> None:
        if method in self.failing:
            raise APIError(method, explanation=self.failing[method])
        self.calls.append((method, what))

    # Networks

    def networks(self, names: list[str] | None = None, filters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """As a swarm's manager lists them: ``Peers`` are told by an inspection only."""
        driver = (filters or {}).get("driver")
        return [
            {key: value for key, value in one.items() if key != "Peers"}
            for one in self.all_networks
            if (names is None or one["Name"] in names) and (driver is None or one["Driver"] == driver)
        ]

    def inspect_network(self, network_id: str) -> dict[str, Any]:
        for one in self.all_networks:
            if one["Id"] == network_id:
                return one
        raise NotFound("", explanation=f"network {network_id} not found")

    def create_network(self, name: str, *, driver: str, ipam: dict[str, Any] | None, **given: Any) -> dict[str, str]:
        self._changing("create_network", name)
        self._serial += 1
        made = network(name, driver, Id=f"{name}-id-new-{self._serial}")
        made["IPAM"]["Config"] = (ipam or {}).get("Config") or [{"Subnet": "172.29.0.0/16"}]
        made |= {"Options": given["options"] or {}, "Labels": given.get("labels") or {}}
        made["Internal"] = given.get("internal", False)
        self.all_networks.append(made)
        return {"Id": made["Id"]}

    def remove_network(self, network_id: str) -> None:
        self._changing("remove_network", network_id)
        self.all_networks.remove(self.inspect_network(network_id))

    def connect_container_to_network(self, container: str, net_id: str, **endpoint: Any) -> None:
        self._changing("connect", f"{self.container(container)['Name']} {net_id}")
        one = next(one for one in self.all_networks if net_id in (one["Name"], one["Id"]))
        self.container(container)["NetworkSettings"]["Networks"][one["Name"]] = {
            "IPAMConfig": {"IPv4Address": endpoint["ipv4_address"]} if endpoint["ipv4_address"] else None,
            "IPAddress": endpoint["ipv4_address"] or "",
            "Aliases": endpoint["aliases"],
            "Links": [":".join(link) for link in endpoint["links"] or ()],
            "NetworkID": one["Id"],
        }

    def disconnect_container_from_network(self, container: str, net_id: str, force: bool = False) -> None:
        self._changing("disconnect", f"{self.container(container)['Name']} {net_id}")
        # A stopped container leaves a network that is gone, too.
        one = next((one for one in self.all_networks if net_id in (one["Name"], one["Id"])), network(net_id))
        self.container(container)["NetworkSettings"]["Networks"].pop(one["Name"], None)
        one["Containers"].pop(self.container(container)["Id"], None)

    # Containers

    def containers(self, all: bool = False, filters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        network_ids = (filters or {}).get("network")
        labels = (filters or {}).get("label", [])
        return [
            {
                "Id": one["Id"],
                "Names": [one["Name"]],
                "ImageID": one.get("Image", "sha256:busybox"),
                "State": one["State"]["Status"],
                "Labels": one["Config"]["Labels"],
                "Ports": one.get("Ports") or _listed_ports(one),
                "NetworkSettings": one["NetworkSettings"],
            }
            for one in self.all_containers.values()
            if (all or one["State"]["Running"])
            and (network_ids is None or any(self._is_on(one, network_id) for network_id in network_ids))
            and not [label for label in labels if not _bears(one, *label.split("=", 1))]
        ]

    def _is_on(self, container: dict[str, Any], network_id: str) -> bool:
        return self.inspect_network(network_id)["Name"] in container["NetworkSettings"]["Networks"]

    def container(self, name: str) -> dict[str, Any]:
        for one in self.all_containers.values():
            if name in (one["Name"].lstrip("/"), one["Id"]):
                return one
        raise NotFound("", explanation=f"No such container: {name}")

    def inspect_container(self, name: str) -> dict[str, Any]:
        return deepcopy(self.container(name))

    def create_container_from_config(self, config: dict[str, Any], name: str) -> dict[str, str]:
        self._changing("create_container", name)
        self._serial += 1
        mode = config["HostConfig"]["NetworkMode"]
        endpoint = config.get("NetworkingConfig", {}).get("EndpointsConfig", {}).get(mode, {})
        joined = {} if mode in ("none", "host") or ":" in mode else {mode: {**endpoint, "NetworkID": ""}}
        self.all_containers[f"{name}-id-{self._serial}"] = {
            "Id": f"{name}-id-{self._serial}",
            "Name": f"/{name}",
            "Image": self.images[config["Image"]]["Id"],
            "State": {"Status": "created", "Running": False, "Pid": 0, "ExitCode": 0},
            "Config": config,
            "HostConfig": config["HostConfig"],
            "NetworkSettings": {"Networks": joined, "Ports": {}},
        }
        return {"Id": f"{name}-id-{self._serial}"}

    def start(self, container: str) -> None:
        self._changing("start", container)
        running = not self.exit_code
        if running:
            self._publish(self.container(container))
        status = "running" if running else "exited"
        self.container(container)["State"] |= {
            "Status": status, "Running": running, "Pid": 1 if running else 0, "ExitCode": self.exit_code,
        }  # fmt: skip

    def _publish(self, container: dict[str, Any]) -> None:
        """Only host ports that are given; dockerd refuses one that another container has."""
        wanted = container["HostConfig"].get("PortBindings") or {}
        given = {(one["HostPort"], port) for port, bindings in wanted.items() for one in bindings if one["HostPort"]}
        for other in self.containers():
            for port in other["Ports"]:
                if (str(port["PublicPort"]), port["Type"]) in {
                    (held, inner.partition("/")[2]) for held, inner in given
                }:
                    raise APIError("start", explanation=f"Bind for 0.0.0.0:{port['PublicPort']} failed")
        container["NetworkSettings"]["Ports"] = {
            inner: [{"HostIp": "0.0.0.0", "HostPort": held}] for held, inner in given
        }

    def stop(self, container: str) -> None:
        self._changing("stop", container)
        self.container(container)["State"] |= {"Status": "exited", "Running": False, "Pid": 0}
        self.container(container)["NetworkSettings"]["Ports"] = {}

    def restart(self, container: str, timeout: int) -> None:
        self._changing("restart", container)

    def unpause(self, container: str) -> None:
        self._changing("unpause", container)

    def rename(self, container: str, name: str) -> None:
        self._changing("rename", name)
        self.container(container)["Name"] = f"/{name}"

    def remove_container(self, container: str, v: bool, force: bool) -> None:
        self._changing("remove_container", container)
        gone = self.container(container)["Id"]
        del self.all_containers[gone]
        for one in self.all_networks:
            one["Containers"].pop(gone, None)

    def update_container(self, container: str, restart_policy: dict[str, str]) -> None:
        self._changing("update_container", container)
        self.container(container)["HostConfig"]["RestartPolicy"] = restart_policy

    def logs(self, container: str, tail: int) -> bytes:
        return b"last words\n"

    # Images and the daemon

    def inspect_image(self, name: str) -> dict[str, Any]:
        for tag, image in self.images.items():
            if name in (tag, image["Id"]):
                return image
        raise NotFound("", explanation=f"No such image: {name}")

    def info(self) -> dict[str, Any]:
        return {"LiveRestoreEnabled": False, "Swarm": self.swarm}

    def version(self) -> dict[str, Any]:
        return {"Version": "20.10.24"}

    # The swarm

    def create_swarm_spec(self, name: str, labels: dict[str, str]) -> dict[str, Any]:
        return {"Name": name, "Labels": labels}

    def init_swarm(self, *, advertise_addr: str, swarm_spec: dict[str, Any], **given: Any) -> str:
        self._changing("init_swarm", f"{advertise_addr} {given['default_addr_pool']}")
        self.swarm = swarm_of(advertise_addr, manager=True) | {"Cluster": {"ID": "cluster", "Spec": swarm_spec}}
        return "node-id"

    def join_swarm(self, remote_addrs: list[str], join_token: str, *, advertise_addr: str, **given: Any) -> bool:
        self._changing("join_swarm", f"{advertise_addr} {remote_addrs[0]} {join_token}")
        self.swarm = swarm_of(advertise_addr, manager=False)
        return True

    def leave_swarm(self, force: bool) -> bool:
        self._changing("leave_swarm", "force" if force else "")
        self.swarm = dict(NO_SWARM)
        self.all_networks = [one for one in self.all_networks if one["Scope"] != "swarm"]
        return True

    def nodes(self) -> list[dict[str, Any]]:
        if "nodes" in self.failing:
            raise APIError("nodes", explanation=self.failing["nodes"])
        return deepcopy(self.all_nodes)

    def update_node(self, node_id: str, version: int, node_spec: dict[str, Any]) -> bool:
        self._changing("update_node", f"{node_id} {node_spec['Role']}")
        for one in self.all_nodes:
            if one["ID"] == node_id:
                if one["Spec"]["Role"] != node_spec["Role"] == "worker" and not one["ManagerStatus"]:
                    raise APIError("update_node", explanation="can't find manager in raft memberlist")
                one["Spec"] = node_spec
                one["ManagerStatus"] = {"Reachability": "reachable"} if node_spec["Role"] == "manager" else None
        return True

    def remove_node(self, node_id: str, force: bool) -> bool:
        self._changing("remove_node", node_id)
        self.all_nodes = [one for one in self.all_nodes if one["ID"] != node_id]
        return True

    def services(self) -> list[dict[str, Any]]:
        if "services" in self.failing:
            raise APIError("services", explanation=self.failing["services"])
        return [{"Spec": {"Name": name}} for name in self.all_services]

    def inspect_swarm(self) -> dict[str, Any]:
        return {"JoinTokens": {"Worker": "SWMTKN-w", "Manager": "SWMTKN-m"}}


def _listed_ports(container: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"PrivatePort": int(inner.partition("/")[0]), "PublicPort": int(one["HostPort"]), "IP": one["HostIp"],
         "Type": inner.partition("/")[2]}
        for inner, bindings in container["NetworkSettings"].get("Ports", {}).items()
        for one in bindings
    ]  # fmt: skip


def _bears(container: dict[str, Any], key: str, value: str | None = None) -> bool:
    labels = container["Config"]["Labels"] or {}
    return key in labels and value in (None, labels[key])


CHANGES = (
    "create_network",
    "remove_network",
    "connect_container_to_network",
    "disconnect_container_from_network",
    "create_container_from_config",
    "start",
    "stop",
    "rename",
    "remove_container",
)


class Restarting:
    """A dockerd that goes away at its change number ``moment``, from 0, and comes back.

    ``done``: it makes that change, and goes away before it has said so. ``left``: changes until then.
    """

    def __init__(self, docker: FakeDocker, moment: int, done: bool) -> None:
        self.docker, self.left, self.done = docker, moment, done

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.docker, name)
        if name not in CHANGES:
            return method

        def change(*arguments: Any, **options: Any) -> Any:
            self.left -= 1
            if self.left != -1:
                return method(*arguments, **options)
            if self.done:
                method(*arguments, **options)
            raise HungUp("('Connection aborted.', RemoteDisconnected('Remote end closed connection'))")

        return change
