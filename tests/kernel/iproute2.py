# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What iproute2 sees: the judge of what the modules have made, which shares no line with them."""

from __future__ import annotations

import json
import subprocess
from ipaddress import ip_address, ip_network
from typing import Any

FLOOD = "00:00:00:00:00:00"


def ip(netns: str, *arguments: str, tool: str = "ip") -> Any:
    """The JSON of an `ip` (or `bridge`) command in a named namespace, or the process's own where the name is empty."""
    where = ["-n", netns] if netns else []
    text = subprocess.run([tool, *where, "-j", "-d", *arguments], check=True, capture_output=True, text=True).stdout
    return json.loads(text or "[]")


def namespaces() -> set[str]:
    return {entry["name"] for entry in ip("", "netns", "list")}


def links(netns: str) -> dict[str, dict[str, Any]]:
    """Links by name, with what a topology can ask for."""
    found = {}
    names = {entry["ifindex"]: entry["ifname"] for entry in ip(netns, "link")}
    for entry in ip(netns, "addr"):
        info = entry.get("linkinfo", {})
        data = info.get("info_data", {})
        found[entry["ifname"]] = {
            "index": entry["ifindex"],
            "kind": info.get("info_kind"),
            "mtu": entry["mtu"],
            "mac": entry.get("address"),
            "master": entry.get("master"),
            "up": "UP" in entry["flags"],
            "group": entry.get("group"),
            "below": entry.get("link_index") or next((i for i, n in names.items() if n == entry.get("link")), None),
            "elsewhere": "link_netnsid" in entry,
            "addresses": {
                f"{address['local']}/{address['prefixlen']}"
                for address in entry["addr_info"]
                if address["scope"] == "global" or address["family"] == "inet"
            },
            "stp": bool(data.get("stp_state")),
            "vni": data.get("id"),
            "port": data.get("port"),
            "local": data.get("local") or data.get("local6"),
            "learning": data.get("learning"),
            "mode": data.get("mode"),
            "remotes": set(),
        }
    if any(link["kind"] == "vxlan" for link in found.values()):
        for entry in ip(netns, "fdb", "show", tool="bridge"):
            if entry["mac"] == FLOOD and entry["ifname"] in found:
                found[entry["ifname"]]["remotes"].add(entry["dst"])
    return found


def routes(netns: str) -> set[tuple[str, str | None, str | None]]:
    """(to, via, dev) of the unicast routes that are nobody's but a person's: not the kernel's own."""
    found = set()
    for family in ("-4", "-6"):
        for entry in ip(netns, family, "route"):
            if entry.get("protocol") == "kernel" or entry.get("type", "unicast") != "unicast":
                continue
            default = "0.0.0.0/0" if family == "-4" else "::/0"
            to = str(ip_network(default if entry["dst"] == "default" else entry["dst"]))
            via = str(ip_address(entry["gateway"])) if "gateway" in entry else None
            found.add((to, via, entry.get("dev")))
    return found
