# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""One host of the picture: containers above, each network's bridge and VXLAN, and the interface to the underlay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks.status import DIFFERS

from . import measures as m
from .measures import Measures
from .model import RUNNING, UNDERLAY
from .shapes import Box, Icon, Line, Shape, Text

OFF_TEXT = "does not answer"


@dataclass(frozen=True)
class Place:
    """``left``, ``top``: of the host's card; ``networks``: name -> number; ``numbers``: element -> its differences'."""

    left: float
    top: float
    measures: Measures
    networks: dict[str, int]
    numbers: dict[str, tuple[int, ...]]

    def lane_top(self, network: int) -> float:
        return self.top + self.measures.lanes_top + network * (m.LANE + m.LANE_GAP)

    def vxlan_middle(self, network: int) -> float:
        return self.lane_top(network) + m.VXLAN_TOP + m.VXLAN / 2

    @property
    def inner(self) -> float:
        return self.measures.card - 2 * m.PAD

    @property
    def middle(self) -> float:
        return self.left + self.measures.card / 2

    @property
    def right(self) -> float:
        return self.left + self.measures.card


def card(host: dict[str, Any], place: Place, count: int) -> Box:
    """``count``: how many differences the host has, in all of its parts."""
    left, top = place.left, place.top
    middle = place.right - m.PAD
    answers = host["answers"]
    if not answers:
        state, icon, style = OFF_TEXT, "off", "state-off"
    elif count:
        state, icon, style = f"{count} {'differs' if count == 1 else 'differ'}", "differs", "state-differs"
    else:
        state, icon, style = "as wanted", "wanted", "state-wanted"
    texts = [
        Text(left + m.PAD, top + 27, host["name"], "host-name"),
        Text(left + m.PAD, top + 44, m.host_text(host), "small"),
        Text(middle, top + 26, state, style, "end"),
    ]
    icons = (Icon(middle - m.width_of(state, m.SMALL, bold=style != "state-wanted") - 12, top + 22, icon, style),)
    about = ", ".join(filter(None, (f"host {host['name']}", host["address"], m.host_text(host), state)))
    return _box(host, place, "host", (left, top, place.measures.card, place.measures.card_height), about,
                texts=tuple(texts), icons=icons, styles=() if answers else ("off",))  # fmt: skip


def _box(
    element: dict[str, Any],
    place: Place,
    kind: str,
    at: tuple[float, float, float, float],
    about: str,
    texts: tuple[Text, ...] = (),
    icons: tuple[Icon, ...] = (),
    styles: tuple[str, ...] = (),
    focusable: bool = True,
) -> Box:
    numbers = place.numbers.get(element["id"], ())
    told = f", differs: {', '.join(map(str, numbers))}" if numbers else ""
    differs = ("differs",) if element["state"] == DIFFERS else ()
    return Box(element["id"], kind, *at, about + told, styles + differs, texts, icons, numbers, focusable)


def contents(host: dict[str, Any], place: Place, tunnels: list[Line]) -> Iterator[Shape]:
    """Everything in the card, what is behind first. ``tunnels``: what is seen there of the networks'."""
    boxes = dict(_containers(host, place))
    parts = {part["network"]: part for part in host["namespaces"]}
    yield from _descents(host, place, boxes, parts, behind=True)
    for part in host["namespaces"]:
        yield from _outward(host, part, place, behind=True)
    for part in host["namespaces"]:
        yield _namespace(part, place)
    yield from tunnels
    yield from _descents(host, place, boxes, parts, behind=False)
    for part in host["namespaces"]:
        top = place.lane_top(place.networks[part["network"]])
        yield Text(place.left + m.PAD + 10, top + 18, m.place_text(part), "small halo")
        yield from _segment(host, part, place)
        yield from _outward(host, part, place, behind=False)
    yield from _ports(host, place, boxes, parts)
    yield from boxes.values()
    yield from _uplink(host, place)


# -- containers --------------------------------------------------------------------------------------------------------


def _containers(host: dict[str, Any], place: Place) -> Iterator[tuple[str, Box]]:
    measures, many = place.measures, len(host["containers"])
    # Those of a single row stand in the middle, so that the way of a packet is as straight as it can be.
    wide = many * measures.column - measures.gap
    start = (measures.card - wide) / 2 if many <= measures.columns and measures.rows == 1 else m.PAD
    for number, container in enumerate(host["containers"]):
        left = place.left + start + (number % measures.columns) * measures.column
        row = number // measures.columns
        top = place.top + m.HEADER + row * (measures.box_height + m.CONTAINER_GAP)
        yield container["id"], _container(container, place, left, top)


def _container(container: dict[str, Any], place: Place, left: float, top: float) -> Box:
    runs, right = container["runs"], left + place.measures.box
    texts = [Text(left + 12, top + 19, container["name"], "name")]
    if runs != RUNNING:
        texts.append(Text(right - 22, top + 19, runs, "small", "end"))
    icons = [Icon(right - 13, top + 15, "runs" if runs == RUNNING else "stopped", f"runs-{runs}")]
    numbers: tuple[int, ...] = place.numbers.get(container["id"], ())
    said = [f"container {container['name']}", runs]
    for number, interface in enumerate(container["interfaces"]):
        line = top + m.CONTAINER_HEAD + m.CONTAINER_LINE * number + 8
        network = place.networks[interface["network"]]
        texts.append(Text(left + 26, line + 4, m.interface_text(interface), "small"))
        icons.append(Icon(left + 16, line, f"network-{network % 6}", f"n{network % 6}"))
        said.append(f"{interface['network']} {m.interface_text(interface)}")
        numbers += place.numbers.get(interface["id"], ())
    told = f", differs: {', '.join(map(str, numbers))}" if numbers else ""
    styles = (*(() if runs == RUNNING else ("away",)), *(("differs",) if numbers else ()))
    return Box(container["id"], "container", left, top, place.measures.box, place.measures.box_height,
               ", ".join(said) + told, styles, tuple(texts), tuple(icons), numbers)  # fmt: skip


def _pins(host: dict[str, Any], place: Place, boxes: dict[str, Box]) -> Iterator[tuple[dict, dict, float, Box, float]]:
    """(container, interface, where its line leaves the box, the box, where it arrives at the bridge)."""
    measures = place.measures
    rows = -(-len(host["containers"]) // measures.columns)
    passing = [0] * measures.columns
    for number, container in enumerate(host["containers"]):
        box, column = boxes[container["id"]], number % measures.columns
        for position, interface in enumerate(container["interfaces"], 1):
            pin = box.x + box.width * position / (len(container["interfaces"]) + 1)
            arrival = pin
            if number // measures.columns < rows - 1:
                passing[column] += 1
                arrival = box.right + m.TRACK * passing[column]
            yield container, interface, pin, box, arrival


def _descents(
    host: dict[str, Any], place: Place, boxes: dict[str, Box], parts: dict[str, Any], behind: bool
) -> Iterator[Line]:
    """A container's line to its bridge. It passes behind other networks' namespaces, and is seen in its own."""
    for container, interface, pin, box, arrival in _pins(host, place, boxes):
        part, port = parts.get(interface["network"]), interface["port"]
        if not part or not part["bridge"] or not port:
            continue
        network = place.networks[interface["network"]]
        top = place.lane_top(network)
        start = ((pin, box.bottom),) if arrival == pin else (
            (pin, box.bottom), (pin, box.bottom + 6), (arrival, box.bottom + 6))  # fmt: skip
        points = (*start, (arrival, top + m.BRIDGE_TOP)) if behind else ((arrival, top), (arrival, top + m.BRIDGE_TOP))
        down = ("down",) if not (interface["up"] and port["up"] and port["bridged"]) else ()
        link = f"{container['id']} {interface['id']} {port['id']} {part['bridge']['id']}"
        yield Line(link, "link", points, network, down)


def _ports(host: dict[str, Any], place: Place, boxes: dict[str, Box], parts: dict[str, Any]) -> Iterator[Box]:
    for container, interface, _pin, _box_of, arrival in _pins(host, place, boxes):
        part, port = parts.get(interface["network"]), interface["port"]
        if part and part["bridge"] and port:
            top = place.lane_top(place.networks[interface["network"]]) + m.BRIDGE_TOP - m.PORT / 2
            about = f"port {port['name']} of {container['name']} on {part['bridge']['name']}"
            at = (arrival - m.PORT / 2, top, float(m.PORT), float(m.PORT))
            yield _box(port, place, "port", at, about, focusable=bool(place.numbers.get(port["id"])))


# -- networks ----------------------------------------------------------------------------------------------------------


def _namespace(part: dict[str, Any], place: Place) -> Box:
    top = place.lane_top(place.networks[part["network"]])
    at = (place.left + m.PAD, top, place.inner, float(m.LANE))
    return _box(part, place, "namespace", at, f"{m.place_text(part)}, network {part['network']}",
                focusable=bool(place.numbers.get(part["id"])))  # fmt: skip


def _segment(host: dict[str, Any], part: dict[str, Any], place: Place) -> Iterator[Shape]:
    network, bridge, vxlan = place.networks[part["network"]], part["bridge"], part["vxlan"]
    top = place.lane_top(network)
    left, width = place.left + m.PAD + 10, place.inner - 20
    if bridge and vxlan:
        points = ((place.middle, top + m.BRIDGE_TOP + m.BRIDGE), (place.middle, top + m.VXLAN_TOP))
        down = () if bridge["up"] and vxlan["up"] else ("down",)
        yield Line(f"{bridge['id']} {vxlan['id']}", "link", points, network, down)
    if bridge:
        addresses = " ".join(bridge["addresses"])
        texts = (
            Text(left + 10, top + m.BRIDGE_TOP + 17.5, bridge["name"], "name"),
            Text(left + width - 10, top + m.BRIDGE_TOP + 17.5, addresses, "small", "end"),
        )
        at = (left, top + m.BRIDGE_TOP, width, float(m.BRIDGE))
        about = f"bridge {bridge['name']} on {host['name']}, {addresses}, {_up(bridge)}"
        yield _box(bridge, place, "bridge", at, about, texts=texts, styles=(f"n{network % 6}", *_down(bridge)))
    if vxlan:
        text = f"VNI {vxlan['vni']} \u00b7 MTU {vxlan['mtu']}"
        wide = max(m.width_of(text, m.SMALL), m.width_of(vxlan["name"], m.NAME, bold=True)) + 24
        texts = (
            Text(place.middle, top + m.VXLAN_TOP + 16, vxlan["name"], "name", "middle"),
            Text(place.middle, top + m.VXLAN_TOP + 30, text, "small", "middle"),
        )
        at = (place.middle - wide / 2, top + m.VXLAN_TOP, wide, float(m.VXLAN))
        about = f"VXLAN {vxlan['name']} on {host['name']}, {text}, {_up(vxlan)}"
        yield _box(vxlan, place, "vxlan", at, about, texts=texts, styles=(f"n{network % 6}", *_down(vxlan)))


def _up(link: dict[str, Any]) -> str:
    return "up" if link["up"] else "down"


def _down(link: dict[str, Any]) -> tuple[str, ...]:
    return () if link["up"] else ("is-down",)


def _outward(host: dict[str, Any], part: dict[str, Any], place: Place, behind: bool) -> Iterator[Line]:
    """From a VXLAN to the interface by which its packets leave. It passes behind the namespaces below."""
    if not part["vxlan"] or not host["uplink"]["name"]:
        return
    network = place.networks[part["network"]]
    # Beside the middle, where containers' lines may pass, unless it is the only network.
    x = place.middle + (12 + 8 * network if len(place.networks) > 1 else 0)
    top = place.lane_top(network)
    start, end = top + m.VXLAN_TOP + m.VXLAN, place.top + place.measures.uplink_top
    points = ((x, start), (x, end if behind else top + m.LANE))
    down = () if part["vxlan"]["up"] and host["uplink"]["up"] else ("down",)
    yield Line(f"{part['vxlan']['id']} {host['uplink']['id']}", "link", points, network, down)


# -- underlay ----------------------------------------------------------------------------------------------------------


def _uplink(host: dict[str, Any], place: Place) -> Iterator[Shape]:
    link, top = host["uplink"], place.top + place.measures.uplink_top
    found = bool(link["name"])
    address = next((one for one in link["addresses"] if one.startswith(f"{host['address']}/")), host["address"])
    mtu = f" \u00b7 MTU {link['mtu']}" if found else ""
    text = f"{address}{mtu}"
    name = link["name"] or ("no interface" if host["answers"] else "not read")
    wide = max(m.width_of(text, m.SMALL), m.width_of(name, m.NAME, bold=True)) + 28
    if found:
        end = place.top + place.measures.card_height + m.UNDERLAY_GAP
        down = () if link["up"] else ("down",)
        yield Line(f"{link['id']} {UNDERLAY}", "link", ((place.middle, top + m.UPLINK), (place.middle, end)), -1, down)
    texts = (
        Text(place.middle, top + 17, name, "name", "middle"),
        Text(place.middle, top + 31.5, text, "small", "middle"),
    )
    at = (place.middle - wide / 2, top, wide, float(m.UPLINK))
    about = f"interface {name} of {host['name']}, {text}" + (f", {_up(link)}" if found else "")
    styles = _down(link) if found else ("away",)
    yield _box(link, place, "uplink", at, about, texts=texts, styles=styles)
