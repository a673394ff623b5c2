# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The map as a file of each format."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._map import formats, graph, model
from ansible_collections.emon.overlay_lab.tests.unit.plugins.plugin_utils._map import labs


def made(hosts: int = 2, engine: str = "cluster_store") -> model.Model:
    lab = labs.lab(hosts, engine, networks=2, containers=3)
    views = labs.views(lab)
    views["emon2"]["networks"][0]["vxlans"][0]["up"] = False
    views["emon2"]["containers"][0].update(running=False, started=None, interfaces=[])
    return model.build(lab, views, {}, "now")


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("map.html", "<!DOCTYPE html>"),
        ("MAP.SVG", "<svg "),
        ("a.b/map.mmd", "%% Lab emon, at company"),
        ("map.dot", 'graph "lab emon" {'),
        ("map.json", '{\n  "version": 1,'),
    ],
)
def test_the_ending_says_the_format(name: str, begins: str) -> None:
    assert formats.render(made(), name).startswith(begins)


@pytest.mark.parametrize("name", ["map", "map.png", "html", ".svg/map"])
def test_another_ending(name: str) -> None:
    with pytest.raises(
        LabError, match=rf"^map_file: {re.escape(name)} ends in none of \.html, \.svg, \.mmd, \.dot, \.json: "
    ):
        formats.render(made(), name)


def test_json_is_the_model() -> None:
    assert json.loads(formats.render(made(), "x.json")) == made()


@pytest.mark.parametrize("engine", ["cluster_store", "swarm", "vxlan"])
@pytest.mark.parametrize("hosts", [1 + 1, 16])
def test_edges_join_nodes_that_there_are(engine: str, hosts: int) -> None:
    found = graph.graph(made(hosts, engine))
    keys = [node.key for group in found.groups for one in (group, *group.groups) for node in one.nodes]
    keys += [node.key for node in found.nodes]
    assert len(keys) == len(set(keys))
    assert {end for edge in found.edges for end in (edge.start, edge.end)} <= set(keys)


def test_mermaid() -> None:
    text = graph.mermaid(made())
    assert "%% 2. emon2: the container test4 does not run: run playbooks/overlay.yml" in text
    assert '    h1c0["test4, stopped (2)<br/>10.200.0.4"]\n' in text
    assert '      h1n0v["vxlan0, down (1)<br/>VNI 256 MTU 1450"]\n' in text
    assert '  h0n0v <-.->|"demo VNI 256"| h1n0v\n' in text
    assert "  class h1c0,h1n0v differs\n" in text


@pytest.mark.parametrize(("hosts", "edges", "middles"), [(2, 2, 0), (4, 12, 0), (5, 10, 2), (16, 32, 2)])
def test_many_tunnels_meet_in_the_middle(hosts: int, edges: int, middles: int) -> None:
    found = graph.graph(made(hosts))
    assert sum(edge.tunnel for edge in found.edges) == edges
    assert [node.lines for node in found.nodes][:-1] == [("demo", "VNI 256"), ("store", "VNI 257")][:middles]


def test_a_quote_in_mermaid() -> None:
    found = made()
    found["hosts"][0]["role"] = 'a"#b'
    assert 'subgraph h0["emon 10.0.0.116 a#quot;#35;b ' in graph.mermaid(found)


@pytest.mark.skipif(shutil.which("dot") is None, reason="graphviz is not installed")
@pytest.mark.parametrize("hosts", [2, 16])
def test_dot_is_understood_by_graphviz(hosts: int) -> None:
    found = made(hosts)
    found["hosts"][0]["role"] = 'a"\\b'
    done = subprocess.run(["dot", "-Tcanon"], input=graph.dot(found), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("subgraph") == hosts * 3
