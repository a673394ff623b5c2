# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The graph of a lab, and the ways along it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._map import model
from ansible_collections.emon.overlay_lab.tests.unit.plugins.plugin_utils._map import labs, ways

ENGINES = ("cluster_store", "swarm", "vxlan")


def made(*given: Any, silent: tuple[str, ...] = (), **more: Any) -> model.Model:
    lab = labs.lab(*given, **more)
    views = {host: view for host, view in labs.views(lab).items() if host not in silent}
    return model.build(lab, views, dict.fromkeys(silent, "it is off"), "2026-11-22 11:10 UTC")


def elements(found: model.Model) -> list[str]:
    """The id of everything in the map."""
    if isinstance(found, dict):
        own = [found["id"]] if "id" in found else []
        return own + [one for value in found.values() for one in elements(value)]
    return [one for value in found for one in elements(value)] if isinstance(found, list) else []


def test_two_hosts() -> None:
    found = made()
    assert found["lab"] == {
        "name": "emon",
        "site": "company",
        "engine": "cluster_store",
        "read": "2026-11-22 11:10 UTC",
        "ok": True,
    }
    assert found["underlay"] == {"id": "underlay", "subnet": "10.0.0.0/24", "mtu": 1500}
    assert found["networks"] == [
        {
            "id": "network:demo",
            "state": "as wanted",
            "name": "demo",
            "subnet": "10.200.0.0/24",
            "mtu": 1450,
            "encrypted": False,
            "vnis": [256],
            "ports": [4789],
        }
    ]
    host = found["hosts"][1]
    assert (host["name"], host["role"], host["docker"], host["answers"]) == ("emon2", "etcd member", "20.10.24", True)
    assert host["uplink"]["addresses"] == ["10.0.0.117/24"]
    (part,) = host["namespaces"]
    assert (part["netns"], part["bridge"]["name"]) == ("/var/run/docker/netns/1-0a0a0a0a0a", "br0")
    assert (part["vxlan"]["vni"], part["vxlan"]["mtu"], part["vxlan"]["remotes"]) == (256, 1450, ["10.0.0.116"])
    (container,) = host["containers"]
    assert (container["runs"], container["seconds"]) == ("running", 600)
    (interface,) = container["interfaces"]
    assert (interface["name"], interface["address"], interface["port"]["name"]) == ("eth0", "10.200.0.3", "veth0")
    assert found["tunnels"] == [{"network": "demo", "from": "emon", "to": "emon2", "vni": 256, "port": 4789}]
    assert found["differences"] == []


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("hosts", [1, 2, 4, 16])
def test_everything_has_an_id_of_its_own_and_links_join_what_there_is(engine: str, hosts: int) -> None:
    found = made(hosts, engine, networks=3, containers=4)
    ids = elements(found)
    assert len(ids) == len(set(ids))
    assert {end for link in found["links"] for end in link.values()} <= set(ids)
    assert len(found["tunnels"]) == 3 * hosts * (hosts - 1) / 2


def test_a_difference_is_numbered_and_marks_what_it_is_of() -> None:
    lab = labs.lab()
    views = labs.views(lab)
    views["emon2"]["networks"][0]["vxlans"][0]["up"] = False
    views["emon2"]["containers"][0].update(running=False, started=None, interfaces=[])
    found = model.build(lab, views, {}, "")
    assert [(one["number"], one["element"]) for one in found["differences"]] == [
        (1, "vxlan:emon2/demo"),
        (2, "container:test2"),
    ]
    host = found["hosts"][1]
    assert host["namespaces"][0]["vxlan"]["state"] == host["containers"][0]["state"] == "differs"
    assert host["state"] == host["namespaces"][0]["bridge"]["state"] == "as wanted"
    assert host["containers"][0]["runs"] == "stopped"
    assert found["lab"]["ok"] is False


def test_a_host_that_is_off_has_what_the_lab_file_says() -> None:
    found = made(4, silent=("emon3",))
    host = found["hosts"][2]
    assert (host["answers"], host["state"], host["uplink"]["name"], host["namespaces"]) == (False, "differs", "", [])
    assert [(one["name"], one["runs"]) for one in host["containers"]] == [("test3", "unknown")]
    assert {(one["from"], one["to"]) for one in found["tunnels"]} == {
        ("emon", "emon2"),
        ("emon", "emon4"),
        ("emon2", "emon4"),
    }


def test_the_way_between_two_hosts() -> None:
    assert ways.between(made(), "container:test1", "container:test2") == {
        "network": "demo",
        "elements": [
            "container:test1",
            "interface:test1/demo",
            "port:test1/demo",
            "bridge:emon/demo",
            "vxlan:emon/demo",
            "uplink:emon",
            "underlay",
            "uplink:emon2",
            "vxlan:emon2/demo",
            "bridge:emon2/demo",
            "port:test2/demo",
            "interface:test2/demo",
            "container:test2",
        ],
        "why": "",
    }


def test_the_way_within_a_host_turns_at_the_bridge() -> None:
    found = ways.between(made(containers=2), "container:test1", "container:test2")
    assert found["elements"][2:5] == ["port:test1/demo", "bridge:emon/demo", "port:test2/demo"]


def test_the_way_of_two_that_share_the_second_network() -> None:
    """test3 is on both networks, test2 on the second alone."""
    found = ways.between(made(networks=2, containers=3), "container:test3", "container:test2")
    assert (found["network"], found["elements"][1]) == ("store", "interface:test3/store")


def test_no_way() -> None:
    found = made(networks=2, containers=3)
    assert ways.between(found, "container:test1", "container:test2") == {
        "network": "",
        "elements": [],
        "why": "test1 and test2 share no network.",
    }


def test_a_way_that_ends() -> None:
    found = ways.between(made(4, silent=("emon2",)), "container:test1", "container:test2")
    assert found["elements"] == ["container:test2", "interface:test2/demo"]
    assert found["why"] == "The way of test2 ends here."
