# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Random valid topologies from small pools of names and values, so that two of them meet in many ways."""

from __future__ import annotations

from itertools import count
from random import Random
from typing import Any

NAMESPACES = ("tp0", "tp1", "tp2", "tp3", "tp4")
_NAMES = tuple(f"l{number}" for number in range(14))
_MTUS = (1280, 1400, 1500, 9000)
_MODES = ("private", "vepa", "bridge")
_MOST_OBJECTS = 60
# Never the same one twice: macvlans of one parent must not share one, not even for a moment.
_MACS = count(1)


def options(random: Random) -> dict[str, Any]:
    """Options of the module topology with up to sixty objects, some in "the machine's own" namespace."""
    return _Draw(random).topology()


class _Draw:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.made = random.sample(NAMESPACES, random.randint(1, len(NAMESPACES)))
        self.places = [*self.made, ""]
        self.free = {place: random.sample(_NAMES, len(_NAMES)) for place in self.places}
        self.hosts = {place: {subnet: list(range(1, 30)) for subnet in range(3)} for place in self.places}
        self.tunnels: set[tuple[str, int, int]] = set()
        self.bridges: list[dict[str, Any]] = []
        self.veths: list[dict[str, Any]] = []
        self.vxlans: list[dict[str, Any]] = []
        self.macvlans: list[dict[str, Any]] = []

    def topology(self) -> dict[str, Any]:
        left = self.random.randint(0, _MOST_OBJECTS - len(self.made))
        for _ in range(left):
            self.random.choice([self.bridge, self.veth, self.veth, self.vxlan, self.macvlan])()
        return {
            "name": "tp-property",
            "namespaces": [{"name": name} for name in self.made],
            "bridges": self.bridges,
            "veths": self.veths,
            "vxlans": self.vxlans,
            "macvlans": self.macvlans,
            "routes": self.routes(),
            "state": "present",
            "prune": True,
        }

    def maybe(self, value: Any) -> Any:
        return value if self.random.random() < 0.6 else None

    def link(self, mtus: tuple[int, ...] = _MTUS, place: str | None = None) -> dict[str, Any] | None:
        """What every link has; None where the place has no free name left."""
        place = self.random.choice(self.places) if place is None else place
        if not self.free[place]:
            return None
        return {
            "name": self.free[place].pop(),
            "netns": place or None,
            "mtu": self.random.choice(mtus) if mtus else None,
            "mac": self.maybe(f"02:{next(_MACS).to_bytes(5, 'big').hex(':')}"),
            "up": self.random.random() < 0.8,
            "addresses": [self.address(place) for _ in range(self.random.randint(0, 3))],
        }

    def address(self, place: str) -> str:
        subnet = self.random.randrange(3)
        host = self.hosts[place][subnet].pop(self.random.randrange(len(self.hosts[place][subnet])))
        return f"fd00:{subnet}::{host:x}/64" if self.random.random() < 0.4 else f"10.{subnet}.0.{host}/24"

    def master(self, link: dict[str, Any]) -> None:
        """A bridge of the link's namespace, or explicitly or silently none."""
        here = [bridge["name"] for bridge in self.bridges if bridge["netns"] == link["netns"]]
        link["master"] = self.random.choice([*here, "", None])

    def bridge(self) -> None:
        link = self.link()
        if link:
            self.bridges.append({**link, "stp": self.maybe(self.random.random() < 0.5)})

    def veth(self) -> None:
        one, other = self.link(), self.link()
        if one and other:
            self.master(one)
            self.master(other)
            self.veths.append({**one, "peer": other})

    def vxlan(self) -> None:
        link = self.link((1230,))
        if link is None:
            return
        vni, port = self.random.randint(1, 6), self.random.choice([4789, 4790])
        if (link["netns"] or "", vni, port) in self.tunnels:
            return
        self.tunnels.add((link["netns"] or "", vni, port))
        self.master(link)
        remotes = [f"192.0.2.{number}" for number in self.random.sample(range(1, 9), self.random.randint(0, 4))]
        if any(":" in address for address in link["addresses"] or ()):
            link["mtu"] = 1280
        self.vxlans.append(
            {
                **link,
                "vni": vni,
                "port": port,
                "local": self.maybe(f"192.0.2.{self.random.randint(10, 12)}"),
                "remotes": self.maybe(remotes),
                "learning": self.maybe(self.random.random() < 0.5),
            }
        )

    def macvlan(self) -> None:
        parents = [
            *self.bridges,
            *(end for veth in self.veths for end in (veth, veth["peer"]) if not end.get("master")),
        ]
        parents = [parent for parent in parents if parent.get("master") == "" or "stp" in parent]
        link = self.link(())
        if not parents or link is None:
            return
        parent = self.random.choice(parents)
        link["mtu"] = self.maybe(parent["mtu"])
        mode = self.random.choice(_MODES)
        self.macvlans.append({**link, "parent": parent["name"], "parent_netns": parent["netns"], "mode": mode})

    def routes(self) -> list[dict[str, Any]]:
        """Routes by gateways in the subnets of links that are up; by links that are up."""
        found: dict[tuple[Any, str], dict[str, Any]] = {}
        ends = [end for veth in self.veths for end in (veth, veth["peer"])]
        for link in [*self.bridges, *ends, *self.vxlans, *self.macvlans]:
            if not link["up"] or not link["addresses"] or self.random.random() < 0.5:
                continue
            address = self.random.choice(link["addresses"])
            ipv6 = ":" in address
            gateway = f"{address.rpartition(':')[0]}:fe" if ipv6 else f"{address.rpartition('.')[0]}.254"
            to = self.random.choice(["default", "fd99::/64" if ipv6 else "172.16.0.0/16"])
            key = (link["netns"], f"{to} {ipv6}")
            found[key] = {"netns": link["netns"], "to": to, "via": gateway, "dev": self.maybe(link["name"])}
        return list(found.values())
