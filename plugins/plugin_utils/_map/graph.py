# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""The map for programs that place things themselves: Mermaid, which Markdown pages may have, and Graphviz. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks.status import DIFFERS

from . import measures
from .layout import numbers_of, subtitle
from .model import RUNNING, UNDERLAY, Model

# Tunnels are between every two: with more ends, nobody can follow them.
_MOST_ENDS = 4


@dataclass(frozen=True)
class Node:
    """``key``: an identifier that both languages take; ``lines``: its label."""

    key: str
    lines: tuple[str, ...]
    differs: bool = False
    away: bool = False


@dataclass(frozen=True)
class Group:
    key: str
    title: str
    nodes: tuple[Node, ...] = ()
    groups: tuple[Group, ...] = ()


@dataclass(frozen=True)
class Edge:
    start: str
    end: str
    label: str = ""
    tunnel: bool = False
    down: bool = False


@dataclass(frozen=True)
class Graph:
    title: str
    groups: tuple[Group, ...]
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    notes: tuple[str, ...] = field(default=())


def graph(model: Model) -> Graph:
    """Ports and interfaces are the edges between containers and bridges."""
    numbers = numbers_of(model)
    hosts = model["hosts"]
    middles, tunnels = _tunnels(model)
    underlay = Node(UNDERLAY, (UNDERLAY, " ".join(measures.underlay_texts(model))))
    return Graph(
        f"Lab {model['lab']['name']}, {subtitle(model)}",
        tuple(_host(number, host, numbers) for number, host in enumerate(hosts)),
        (*middles, underlay),
        (*(edge for number, host in enumerate(hosts) for edge in _edges(number, host)), *tunnels),
        tuple(
            f"{one['number']}. {one['host'] + ': ' if one['host'] else ''}{one['text']}" for one in model["differences"]
        ),
    )


def _host(number: int, host: dict[str, Any], numbers: dict[str, tuple[int, ...]]) -> Group:
    key = f"h{number}"
    told = " ".join(filter(None, (host["address"], measures.host_text(host))))
    title = f"{host['name']} {told}{_marks(numbers, host['id'])}"
    containers = tuple(_container(key, place, one, numbers) for place, one in enumerate(host["containers"]))
    parts = tuple(_part(key, place, one, numbers) for place, one in enumerate(host["namespaces"]))
    link = host["uplink"]
    lines = (f"{link['name'] or 'not read'}{_marks(numbers, link['id'])}", host["address"])
    uplink = Node(f"{key}u", lines, link["state"] == DIFFERS, not link["name"])
    return Group(key, title, (*containers, uplink), parts)


def _marks(numbers: dict[str, tuple[int, ...]], *elements: str) -> str:
    """The numbers of what differs, behind a name."""
    return "".join(f" ({number})" for element in elements for number in numbers.get(element, ()))


def _container(key: str, place: int, container: dict[str, Any], numbers: dict[str, tuple[int, ...]]) -> Node:
    elements = [container["id"], *(one["id"] for one in container["interfaces"])]
    runs = "" if container["runs"] == RUNNING else f", {container['runs']}"
    marks = _marks(numbers, *elements)
    lines = (
        f"{container['name']}{runs}{marks}",
        *(one["address"] for one in container["interfaces"] if one["address"]),
    )
    return Node(f"{key}c{place}", lines, bool(marks), container["runs"] != RUNNING)


def _part(key: str, place: int, part: dict[str, Any], numbers: dict[str, tuple[int, ...]]) -> Group:
    nodes = []
    for letter, link in (("b", part["bridge"]), ("v", part["vxlan"])):
        if link:
            more = f"VNI {link['vni']} MTU {link['mtu']}" if letter == "v" else " ".join(link["addresses"])
            name = f"{link['name']}{'' if link['up'] else ', down'}{_marks(numbers, link['id'])}"
            nodes.append(Node(f"{key}n{place}{letter}", (name, more), link["state"] == DIFFERS, not link["up"]))
    title = f"{part['network']}, {measures.place_text(part)}{_marks(numbers, part['id'])}"
    return Group(f"{key}n{place}", title, tuple(nodes))


def _edges(number: int, host: dict[str, Any]) -> Iterator[Edge]:
    key = f"h{number}"
    places = {part["network"]: place for place, part in enumerate(host["namespaces"]) if part["bridge"]}
    for place, container in enumerate(host["containers"]):
        for one in container["interfaces"]:
            if one["port"] and one["network"] in places:
                down = not (one["up"] and one["port"]["up"] and one["port"]["bridged"])
                yield Edge(f"{key}c{place}", f"{key}n{places[one['network']]}b", one["name"], down=down)
    for place, part in enumerate(host["namespaces"]):
        if part["bridge"] and part["vxlan"]:
            yield Edge(f"{key}n{place}b", f"{key}n{place}v", down=not part["vxlan"]["up"])
        if part["vxlan"] and host["uplink"]["name"]:
            yield Edge(f"{key}n{place}v", f"{key}u", down=not part["vxlan"]["up"])
    if host["uplink"]["name"]:
        yield Edge(f"{key}u", UNDERLAY, down=not host["uplink"]["up"])


def _tunnels(model: Model) -> tuple[list[Node], list[Edge]]:
    """An edge for each tunnel; of a network with many, one from each VXLAN to a node in their middle."""
    nodes, edges = [], []
    for number, network in enumerate(model["networks"]):
        ends = {
            host["name"]: f"h{index}n{place}v"
            for index, host in enumerate(model["hosts"])
            for place, part in enumerate(host["namespaces"])
            if part["network"] == network["name"] and part["vxlan"]
        }
        label = f"{network['name']} VNI {', '.join(map(str, network['vnis']))}"
        if len(ends) > _MOST_ENDS:
            nodes.append(Node(f"net{number}", (network["name"], *label.split(" ", 1)[1:])))
            edges += [Edge(end, f"net{number}", tunnel=True) for end in ends.values()]
        else:
            edges += [
                Edge(ends[tunnel["from"]], ends[tunnel["to"]], label, tunnel=True)
                for tunnel in model["tunnels"]
                if tunnel["network"] == network["name"]
            ]
    return nodes, edges


# -- Mermaid -----------------------------------------------------------------------------------------------------------


def mermaid(model: Model) -> str:
    found = graph(model)
    lines = [f"%% {found.title}", *(f"%% {note}" for note in found.notes), "flowchart TB"]
    for group in found.groups:
        lines += _mermaid_group(group, "  ")
    lines += [_mermaid_node(node, "  ") for node in found.nodes]
    for edge in found.edges:
        arrow = "<-.->" if edge.tunnel else "-.-" if edge.down else "---"
        lines.append(f"  {edge.start} {arrow}{f'|{_quoted(edge.label)}|' if edge.label else ''} {edge.end}")
    lines.append("  classDef differs stroke:#b93c0b,stroke-width:3px,stroke-dasharray:5 3")
    lines.append("  classDef away stroke-dasharray:4 4")
    for name in ("differs", "away"):
        keys = [node.key for node in _nodes(found) if getattr(node, name)]
        lines += [f"  class {','.join(keys)} {name}"] if keys else []
    return "\n".join(lines) + "\n"


def _mermaid_group(group: Group, indent: str) -> list[str]:
    lines = [f"{indent}subgraph {group.key}[{_quoted(group.title)}]"]
    lines += [_mermaid_node(node, f"{indent}  ") for node in group.nodes]
    for one in group.groups:
        lines += _mermaid_group(one, f"{indent}  ")
    return [*lines, f"{indent}end"]


def _mermaid_node(node: Node, indent: str) -> str:
    return f"{indent}{node.key}[{_quoted('<br/>'.join(node.lines))}]"


def _quoted(text: str) -> str:
    return '"' + text.replace("#", "#35;").replace('"', "#quot;") + '"'


def _nodes(found: Graph) -> list[Node]:
    return [
        *(node for group in found.groups for one in (group, *group.groups) for node in one.nodes),
        *found.nodes,
    ]


# -- dot ---------------------------------------------------------------------------------------------------------------


def dot(model: Model) -> str:
    found = graph(model)
    label = "\\l".join(map(_dot_text, (found.title, *found.notes))) + "\\l"
    lines = [
        f"graph {_dot_quoted('lab ' + model['lab']['name'])} {{",
        f'  label="{label}"; labelloc=t; labeljust=l; compound=true; fontname="Helvetica";',
        '  node [shape=box, style=rounded, fontname="Helvetica", fontsize=11];',
        '  edge [fontname="Helvetica", fontsize=9];',
    ]
    for group in found.groups:
        lines += _dot_group(group, "  ")
    lines += [_dot_node(node, "  ") for node in found.nodes]
    for edge in found.edges:
        style = "dashed" if edge.tunnel else "dotted" if edge.down else "solid"
        # A tunnel between VXLANs is between what is side by side: it must not put one below the other.
        more = ", constraint=false" if edge.tunnel and edge.label else ""
        lines.append(f"  {edge.start} -- {edge.end} [label={_dot_quoted(edge.label)}, style={style}{more}];")
    return "\n".join([*lines, "}"]) + "\n"


def _dot_group(group: Group, indent: str) -> list[str]:
    lines = [f"{indent}subgraph cluster_{group.key} {{", f"{indent}  label={_dot_quoted(group.title)};"]
    lines += [_dot_node(node, f"{indent}  ") for node in group.nodes]
    for one in group.groups:
        lines += _dot_group(one, f"{indent}  ")
    return [*lines, f"{indent}}}"]


def _dot_node(node: Node, indent: str) -> str:
    style = ', color="#b93c0b", penwidth=2.5, style="rounded,dashed"' if node.differs else ""
    if node.away and not node.differs:
        style = ', style="rounded,dashed"'
    label = "\\n".join(map(_dot_text, node.lines))
    return f'{indent}{node.key} [label="{label}"{style}];'


def _dot_text(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _dot_quoted(text: str) -> str:
    return f'"{_dot_text(text)}"'
