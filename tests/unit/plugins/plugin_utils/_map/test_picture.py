# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The picture: nothing lies on anything else, nothing is cut off, and all of it can be read."""

from __future__ import annotations

import re
from itertools import combinations
from xml.etree import ElementTree

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._map import layout, measures, model, svg
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._map.shapes import Box, Line, Picture, Text, width_of
from ansible_collections.emon.overlay_lab.tests.unit.plugins.plugin_utils._map import labs

SVG = "{http://www.w3.org/2000/svg}"
SIZES = [
    pytest.param(hosts, engine, networks, containers, id=f"{hosts} hosts, {engine}, {networks} x {containers}")
    for hosts, engine, networks, containers in (
        (1, "cluster_store", 1, 1),
        (2, "cluster_store", 1, 1),
        (2, "cluster_store", 3, 7),
        (3, "vxlan", 2, 2),
        (4, "swarm", 2, 3),
        (5, "swarm", 1, 0),
        (16, "cluster_store", 2, 2),
        (16, "vxlan", 6, 5),
        (17, "swarm", 1, 1),
    )
]


def drawn(hosts: int, engine: str, networks: int, containers: int) -> Picture:
    lab = labs.lab(hosts, engine, networks, containers)
    return layout.picture(model.build(lab, labs.views(lab), {}, "now"))


def boxes(picture: Picture, *kinds: str) -> list[Box]:
    return [one for one in picture.shapes if isinstance(one, Box) and one.kind in kinds]


def apart(one: Box, other: Box) -> bool:
    return one.right <= other.x or other.right <= one.x or one.bottom <= other.y or other.bottom <= one.y


def inside(one: Box, other: Box) -> bool:
    return other.x <= one.x and one.right <= other.right and other.y <= one.y and one.bottom <= other.bottom


@pytest.mark.parametrize(("hosts", "engine", "networks", "containers"), SIZES)
def test_nothing_lies_on_anything_else(hosts: int, engine: str, networks: int, containers: int) -> None:
    picture = drawn(hosts, engine, networks, containers)
    for kinds in (
        ("host", "network", "underlay"),
        ("container", "namespace", "uplink"),
        ("bridge", "vxlan"),
        ("port",),
    ):
        assert [pair for pair in combinations(boxes(picture, *kinds), 2) if not apart(*pair)] == []


@pytest.mark.parametrize(("hosts", "engine", "networks", "containers"), SIZES)
def test_everything_is_in_what_it_belongs_to(hosts: int, engine: str, networks: int, containers: int) -> None:
    picture = drawn(hosts, engine, networks, containers)
    cards = boxes(picture, "host")
    assert len(cards) == hosts
    for one in boxes(picture, "container", "namespace", "uplink"):
        assert sum(inside(one, card) for card in cards) == 1
    namespaces = boxes(picture, "namespace")
    for one in boxes(picture, "bridge", "vxlan", "port"):
        assert sum(inside(one, namespace) for namespace in namespaces) == 1
    whole = Box("", "", 0, 0, picture.width, picture.height, "")
    assert all(inside(one, whole) for one in picture.shapes if isinstance(one, Box))
    # A port sits on its bridge.
    bridges = boxes(picture, "bridge")
    for port in boxes(picture, "port"):
        assert any(one.x <= port.x and port.right <= one.right and one.y < port.bottom <= one.bottom for one in bridges)


@pytest.mark.parametrize(("hosts", "engine", "networks", "containers"), SIZES)
def test_every_text_fits(hosts: int, engine: str, networks: int, containers: int) -> None:
    sizes = {"name": measures.NAME, "host-name": measures.HOST, "title": measures.TITLE}
    picture = drawn(hosts, engine, networks, containers)
    placed = [(one, text) for one in picture.shapes if isinstance(one, Box) for text in one.texts]
    for box, text in placed:
        style = text.style.split()[0]
        wide = width_of(text.text, sizes.get(style, measures.SMALL), bold=style in sizes)
        start = text.x - wide * {"start": 0, "middle": 0.5, "end": 1}[text.anchor]
        assert box.x <= start, text
        assert start + wide <= box.right + 0.5, text
    assert all(text.x + width_of(text.text, 11) <= picture.width for text in picture.shapes if isinstance(text, Text))


@pytest.mark.parametrize(
    ("hosts", "expected"),
    [
        (1, [1]),
        (2, [2]),
        (4, [4]),
        (5, [3, 2]),
        (6, [3, 3]),
        (7, [4, 3]),
        (8, [4, 4]),
        (9, [3, 3, 3]),
        (16, [4, 4, 4, 4]),
    ],
)
def test_hosts_stand_in_even_rows(hosts: int, expected: list[int]) -> None:
    tops = [card.y for card in boxes(drawn(hosts, "cluster_store", 1, 1), "host")]
    assert [tops.count(top) for top in dict.fromkeys(tops)] == expected


def test_a_tunnel_joins_the_first_and_the_last_vxlan_of_a_row() -> None:
    picture = drawn(4, "cluster_store", 1, 1)
    ends = [one.middle for one in boxes(picture, "vxlan")]
    (whole, *_parts) = [one for one in picture.shapes if isinstance(one, Line) and one.kind == "tunnel"]
    assert [point[0] for point in whole.points] == [ends[0], ends[-1]]


def test_rows_are_joined() -> None:
    """Both the network and the underlay lead from the first row to the last."""
    picture = drawn(8, "cluster_store", 1, 1)
    tops = sorted({card.y for card in boxes(picture, "host")})
    upright = [
        one for one in picture.shapes if isinstance(one, Line) and one.points[0][0] == one.points[-1][0]
        and one.points[0][1] < tops[1] < one.points[-1][1]
    ]  # fmt: skip
    assert sorted(one.kind for one in upright) == ["trunk", "tunnel"]


def sick() -> model.Model:
    lab = labs.lab(4, containers=2)
    views = labs.views(lab)
    views["emon2"]["networks"][0]["vxlans"][0]["up"] = False
    views["emon2"]["containers"][0]["interfaces"][0]["mtu"] = 1400
    del views["emon4"]
    return model.build(lab, views, {"emon4": 'No <route> & "host"'}, "now")


def test_what_differs_is_marked_by_more_than_colour() -> None:
    picture = layout.picture(sick())
    marked = {one.element: one.numbers for one in picture.shapes if isinstance(one, Box) and one.numbers}
    # An interface has no box of its own: its container has the number.
    assert marked == {"vxlan:emon2/demo": (1,), "container:test3": (2,), "host:emon4": (3,)}
    said = [text.text for one in boxes(picture, "host") for text in one.texts]
    assert [text for text in said if "differ" in text or "wanted" in text or "answer" in text] == [
        "as wanted", "2 differ", "as wanted", "does not answer",
    ]  # fmt: skip
    notes = [one.text for one in picture.shapes if isinstance(one, Text) and one.style == "note"]
    assert notes[-1] == 'emon4: does not answer (No <route> & "host")'


def test_it_is_well_formed_and_static() -> None:
    text = svg.render(layout.picture(sick()))
    root = ElementTree.fromstring(text)
    assert root.find(f"{SVG}title").text == "Map of the lab emon"
    assert root.findall(f".//{SVG}script") == []
    # Nothing leads elsewhere, and nothing is loaded.
    assert re.findall(r"(?:href|src|url\(|@import)", text) == []
    assert "http://" not in text.replace("http://www.w3.org/2000/svg", "")


def test_every_class_has_a_style() -> None:
    text = svg.render(layout.picture(sick()))
    classes = {name for names in re.findall(r'class="([^"]*)"', text) for name in names.split()}
    styled = set(re.findall(r"\.([a-z][\w-]*)", svg.STYLE))
    # Those that a style of the page is for, or that stay as they are.
    assert classes - styled == {"element", "container", "runs-stopped", "runs-unknown"}


def test_the_same_lab_gives_the_same_picture() -> None:
    assert svg.render(layout.picture(sick())) == svg.render(layout.picture(sick()))
