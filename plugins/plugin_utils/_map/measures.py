# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Distances of the picture, and what is as wide in all hosts so that they align. In pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .model import RUNNING, Model
from .shapes import width_of

MARGIN = 28
PAD = 14
CARD_GAP = 34
ROW_GAP = 46
HEADER = 56
LANE = 118
LANE_GAP = 20
BRIDGE_TOP, BRIDGE = 30, 26
VXLAN_TOP, VXLAN = 70, 38
PORT = 7
UPLINK = 40
UPLINK_GAP = 26
UNDERLAY_GAP = 24
UNDERLAY = 8
CONTAINER_HEAD, CONTAINER_LINE, CONTAINER_GAP = 28, 16, 12
CONTAINERS_BELOW = 26
BOX_GAP, TRACK = 12, 9
TRUNK_FIRST, TRUNK = 22, 13
# Text sizes, as in picture.css.
NAME, SMALL, HOST, TITLE = 12.5, 11, 16, 24
_LEAST_BOX, _LEAST_CARD = 112, 240
_MOST_PER_ROW, _MANY = 4, 16


@dataclass(frozen=True)
class Measures:
    """``per_row``: hosts side by side; ``columns``, ``rows``: of containers in a host; ``tracks``: how many lines pass
    at most between two columns."""

    gutter: float
    per_row: int
    host_rows: int
    columns: int
    rows: int
    tracks: int
    box: float
    box_height: float
    card: float
    card_height: float
    lanes: int

    @property
    def column(self) -> float:
        """From one container to the next."""
        return self.box + self.gap

    @property
    def gap(self) -> float:
        return BOX_GAP + TRACK * self.tracks

    @property
    def lanes_top(self) -> float:
        """Below the containers, from the top of a card."""
        if not self.rows:
            return HEADER
        return HEADER + self.rows * (self.box_height + CONTAINER_GAP) - CONTAINER_GAP + CONTAINERS_BELOW

    @property
    def uplink_top(self) -> float:
        return self.card_height - PAD - UPLINK

    @property
    def row_height(self) -> float:
        """A row of hosts with the underlay below it."""
        return self.card_height + UNDERLAY_GAP + UNDERLAY

    def row_top(self, row: int, top: float) -> float:
        return top + row * (self.row_height + ROW_GAP)


def measure(model: Model) -> Measures:
    hosts = model["hosts"]
    per_row = per_row_of(len(hosts))
    most = max((len(host["containers"]) for host in hosts), default=0)
    columns = max(1, min(most, 3 if len(hosts) <= 2 else 2))
    rows = math.ceil(most / columns)
    places = max((len(one["interfaces"]) for host in hosts for one in host["containers"]), default=1)
    box = max([_LEAST_BOX] + [container_width(one) for host in hosts for one in host["containers"]])
    tracks = places * max(0, rows - 1)
    inner = columns * (box + BOX_GAP + TRACK * tracks) - (0 if tracks else BOX_GAP)
    lanes = len(model["networks"])
    card = max(_LEAST_CARD, inner + 2 * PAD, *(_header_width(host) for host in hosts), *map(_links_width, hosts))
    height = CONTAINER_HEAD + CONTAINER_LINE * places + 6
    shell = Measures(gutter_of(model), per_row, math.ceil(len(hosts) / per_row), columns, rows, tracks, box, height,
                     math.ceil(card), 0, lanes)  # fmt: skip
    below = lanes * (LANE + LANE_GAP) - (LANE_GAP if lanes else 0)
    card_height = shell.lanes_top + below + UPLINK_GAP + UPLINK + PAD
    return Measures(shell.gutter, per_row, shell.host_rows, columns, rows, tracks, box, height, shell.card,
                    card_height, lanes)  # fmt: skip


def per_row_of(hosts: int) -> int:
    """As few rows as four side by side allow, and these as full as each other."""
    most = _MOST_PER_ROW if hosts <= _MANY else math.ceil(math.sqrt(hosts))
    return math.ceil(hosts / math.ceil(hosts / most)) if hosts else 1


def container_width(container: dict) -> float:
    label = "" if container["runs"] == RUNNING else container["runs"]
    head = 12 + width_of(container["name"], NAME, bold=True) + 12 + width_of(label, SMALL) + 22
    lines = [12 + 14 + width_of(interface_text(one), SMALL) + 12 for one in container["interfaces"]]
    return math.ceil(max([head, *lines]))


def interface_text(interface: dict) -> str:
    return "  ".join(filter(None, (interface["name"], interface["address"]))) or "no address"


def _header_width(host: dict) -> float:
    name = width_of(host["name"], HOST, bold=True) + 150
    return 2 * PAD + max(name, width_of(host_text(host), SMALL))


def host_text(host: dict) -> str:
    # Without what a distribution adds to the number.
    docker = f"Docker {host['docker'].partition('+')[0]}" if host["docker"] else ""
    return " \u00b7 ".join(filter(None, (host["role"], docker)))


def _links_width(host: dict) -> float:
    found = [0.0]
    for part in host["namespaces"]:
        if part["bridge"]:
            name = width_of(part["bridge"]["name"], NAME, bold=True)
            found.append(name + 40 + max([0.0, *(width_of(one, SMALL) for one in part["bridge"]["addresses"])]))
        found.append(40 + width_of(place_text(part), SMALL))
    return 2 * PAD + 2 * 10 + max(found)


def place_text(part: dict) -> str:
    """In which namespace a network's bridge is."""
    return f"namespace {part['netns'].rpartition('/')[2]}" if part["netns"] else "the host's own namespace"


def gutter_of(model: Model) -> float:
    """How wide the labels beside the hosts are."""
    site = model["underlay"]
    texts = [width_of(text, SMALL) for network in model["networks"] for text in network_texts(network)]
    texts += [width_of(network["name"], NAME, bold=True) + 18 for network in model["networks"]]
    texts += [width_of(text, SMALL) for text in underlay_texts(model)] + [width_of(site["subnet"], SMALL)]
    return math.ceil(max(texts, default=80) + 20)


def network_texts(network: dict) -> list[str]:
    vnis = ", ".join(map(str, network["vnis"]))
    ports = ", ".join(f"UDP {port}" for port in network["ports"])
    found = [network["subnet"], *([f"VNI {vnis}"] if vnis else []), *([ports] if ports else [])]
    return [*found, f"MTU {network['mtu']}", *(["encrypted"] if network["encrypted"] else [])]


def underlay_texts(model: Model) -> list[str]:
    site, mtu = model["underlay"], model["underlay"]["mtu"]
    return [model["lab"]["site"], site["subnet"], *([f"MTU {mtu}"] if mtu else [])]
