# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a lab is: each thing that can differ is changed in a lab in which nothing does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks import status
from ansible_collections.emon.overlay_lab.tests.unit.plugins.plugin_utils._map import labs

ENGINES = ("cluster_store", "swarm", "vxlan")
AGAIN = "run playbooks/overlay.yml"
Change = Callable[[labs.Views], Any]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("hosts", [1, 2, 4, 16])
def test_a_lab_as_wanted(engine: str, hosts: int) -> None:
    lab = labs.lab(hosts, engine, networks=2, containers=3)
    report = status.report(lab, labs.views(lab), {})
    assert (report["lines"], report["ok"], len(report["data"]["hosts"])) == ([], True, hosts)


def test_the_table() -> None:
    lab = labs.lab(3, networks=2, containers=5)
    views = labs.views(lab)
    del views["emon3"]
    views["emon2"]["containers"][0].update(running=False, started=None)
    report = status.report(lab, views, {"emon3": "No route to host"})
    assert report["table"] == [
        "HOST   ADDRESS     SITE     ROLE         CONTAINERS                   NETWORKS     SINCE   STATE",
        "emon   10.0.0.116  company  etcd leader  test1, test2, test3, 2 more  demo, store  10 min  as wanted",
        "emon2  10.0.0.117  company  etcd member  test7, test8, test9, test10  demo, store  10 min  1 differs",
        "emon3  10.0.0.118  -        -            -                            -            -       off",
    ]
    assert report["lines"] == [
        f"emon2: the container test6 does not run: {AGAIN}",
        "emon3: does not answer (No route to host)",
    ]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "-"),
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (3600, "60 min"),
        (7200, "2 h"),
        (86400, "24 h"),
        (172800, "2 d"),
    ],
)
def test_durations(seconds: int | None, said: str) -> None:
    assert status.duration(seconds) == said


@pytest.mark.parametrize(
    ("engine", "roles"),
    [
        ("cluster_store", ["etcd leader", "etcd member", "etcd member", ""]),
        ("swarm", ["swarm leader", "swarm manager", "swarm manager", "swarm worker"]),
        ("vxlan", ["", "", "", ""]),
    ],
)
def test_roles(engine: str, roles: list[str]) -> None:
    lab = labs.lab(4, engine)
    assert [row["role"] for row in status.report(lab, labs.views(lab), {})["data"]["hosts"]] == roles


@pytest.mark.parametrize(("docker", "engine"), [("20.10.24", "cluster_store"), ("26.1.5", "swarm")])
def test_an_engine_that_nobody_has_recorded_yet_is_chosen_by_docker(docker: str, engine: str) -> None:
    lab = labs.lab()
    views = labs.views(lab)
    for view in views.values():
        view["record"].update(lab="", engine="", index=0)
        view["docker"]["version"] = docker
    report = status.report({**lab, "engine": "auto"}, views, {})
    assert report["data"]["engine"] == engine
    assert report["lines"] == [f"{host}: has nothing of the lab: {AGAIN}" for host in ("emon", "emon2")]


def test_the_engine_that_hosts_have_recorded_holds() -> None:
    lab = labs.lab(engine="swarm")
    views = labs.views(lab)
    assert status.report({**lab, "engine": "auto"}, views, {})["data"]["engine"] == "swarm"


def test_no_host_answers() -> None:
    lab = labs.lab()
    report = status.report({**lab, "engine": "auto"}, {}, dict.fromkeys(lab["hosts"], "it is off"))
    assert (report["ok"], [row["state"] for row in report["data"]["hosts"]]) == (False, ["off", "off"])


def test_hosts_outside_of_the_run_are_not_told() -> None:
    lab = labs.lab()
    views = labs.views(lab)
    del views["emon2"]
    report = status.report(lab, views, {})
    assert (report["ok"], len(report["table"])) == (True, 2)


def of(host: str, *path: Any, **given: Any) -> Change:
    """Change a dictionary of a host's view, which the path leads to."""

    def change(views: labs.Views) -> None:
        place: Any = views[host]
        for key in path:
            place = place[key]
        place.update(given)

    return change


NO_RECORD = {"lab": "", "site": "", "moving_to": "", "engine": "", "index": 0}
NETWORK, CONTAINER = ("networks", 0), ("containers", 0)
INTERFACE = (*CONTAINER, "interfaces", 0)


@pytest.mark.parametrize(
    ("engine", "change", "element", "line"),
    [
        pytest.param(
            "cluster_store",
            of("emon2", "record", lab="other"),
            "host:emon2",
            "emon2: belongs to the lab other",
            id="another lab's host",
        ),
        pytest.param(
            "cluster_store",
            lambda views: views["emon2"].update(record=NO_RECORD, faults=["state.json is damaged"]),
            "host:emon2",
            "emon2: state.json is damaged",
            id="a record that cannot be read",
        ),
        pytest.param(
            "cluster_store",
            of("emon2", "record", site="home"),
            "host:emon2",
            f"emon2: is at the site home, and the inventory says company: {AGAIN}",
            id="another site",
        ),
        pytest.param(
            "cluster_store",
            of("emon2", "record", moving_to="home"),
            "host:emon2",
            f"emon2: moves to the site home, and has not arrived: {AGAIN}",
            id="on the way",
        ),
        pytest.param(
            "cluster_store",
            of("emon2", "record", engine="vxlan"),
            "host:emon2",
            f"emon2: has the engine vxlan, and the lab has cluster_store: {AGAIN}",
            id="another engine",
        ),
        pytest.param(
            "cluster_store",
            lambda views: (
                views["emon2"]["units"].update({"docker.service": {"active": False, "enabled": True, "started": 0}}),
                views["emon2"]["docker"].update(version="", fault="dockerd does not answer"),
                views["emon2"].update(networks=[], containers=[]),
            ),
            "host:emon2",
            f"emon2: docker.service does not run: see its journal, and {AGAIN}",
            id="dockerd stopped",
        ),
        pytest.param(
            "cluster_store",
            lambda views: (
                views["emon2"]["docker"].update(version="", fault="dockerd does not answer (timed out)"),
                views["emon2"].update(networks=[], containers=[]),
            ),
            "host:emon2",
            "emon2: dockerd does not answer (timed out)",
            id="dockerd frozen",
        ),
        pytest.param(
            "cluster_store",
            of("emon2", "units", "containerd.service", active=False),
            "host:emon2",
            "emon2: containerd.service does not run, so containers run on, and none can be started, entered or stopped:"
            " systemctl start containerd.service",
            id="containerd stopped",
        ),
        pytest.param(
            "cluster_store",
            of("emon2", "units", "etcd.service", active=False),
            "host:emon2",
            f"emon2: etcd.service does not run: see its journal, and {AGAIN}",
            id="etcd stopped",
        ),
        pytest.param(
            "cluster_store",
            of("emon2", "etcd", fault="it sees no leader"),
            "host:emon2",
            "emon2: etcd is not healthy (it sees no leader)",
            id="etcd without a leader",
        ),
        pytest.param(
            "cluster_store",
            of("emon2", "etcd", remedy="etcd's database on emon2 has reached its quota: type X"),
            "host:emon2",
            "emon2: etcd's database on emon2 has reached its quota: type X",
            id="the quota of etcd is reached",
        ),
        pytest.param(
            "cluster_store",
            lambda views: views["emon2"].update(uplink=None),
            "uplink:emon2",
            "emon2: no interface has the address 10.0.0.117 of the site company: give it to one",
            id="no address",
        ),
        pytest.param(
            "cluster_store",
            of("emon2", "uplink", up=False),
            "uplink:emon2",
            "emon2: host0, which has 10.0.0.117, is down: ip link set host0 up",
            id="uplink down",
        ),
        pytest.param(
            "cluster_store",
            of("emon2", "uplink", mtu=1400),
            "uplink:emon2",
            "emon2: host0 has MTU 1400, and the lab file counts on 1500: raise it, or set the site's mtu in the lab"
            " file",
            id="uplink too small",
        ),
        pytest.param(
            "cluster_store",
            of("emon2", *NETWORK, "vxlans", 0, up=False),
            "vxlan:emon2/demo",
            "emon2: vxlan0 of the network demo is down:"
            " nsenter --net=/var/run/docker/netns/1-0a0a0a0a0a ip link set vxlan0 up",
            id="VXLAN down",
        ),
        pytest.param(
            "cluster_store",
            of("emon2", *NETWORK, "vxlans", 0, master=None),
            "vxlan:emon2/demo",
            "emon2: vxlan0 of the network demo is no port of its bridge: restart its containers here",
            id="VXLAN out of its bridge",
        ),
        pytest.param(
            "cluster_store",
            of("emon2", *NETWORK, vxlans=[], vnis=[]),
            "vxlan:emon2/demo",
            "emon2: the network demo has a bridge, and no VXLAN that leads to other hosts: restart its containers here",
            id="no VXLAN",
        ),
        pytest.param(
            "cluster_store",
            of("emon2", *NETWORK, "bridge", up=False),
            "bridge:emon2/demo",
            "emon2: br0, the bridge of demo, is down:"
            " nsenter --net=/var/run/docker/netns/1-0a0a0a0a0a ip link set br0 up",
            id="bridge down",
        ),
        pytest.param(
            "cluster_store",
            of("emon2", *NETWORK, exists=False, bridge=None, vxlans=[], vnis=[]),
            "namespace:emon2/demo",
            f"emon2: the network demo is not there: {AGAIN}",
            id="no network",
        ),
        pytest.param(
            "cluster_store",
            of("emon2", *NETWORK, id="9f" * 32),
            "network:demo",
            "the network demo is 2 networks (0a0a0a0a0a0a on emon, 9f9f9f9f9f9f on emon2): remove the ones without"
            " containers",
            id="two networks of one name",
        ),
        pytest.param(
            "cluster_store",
            of("emon2", *CONTAINER, exists=False, running=False, interfaces=[]),
            "container:test2",
            f"emon2: the container test2 is not there: {AGAIN}",
            id="no container",
        ),
        pytest.param(
            "cluster_store",
            of("emon2", *CONTAINER, networks=[]),
            "interface:test2/demo",
            f"emon2: test2 has no address on demo: {AGAIN}",
            id="detached container",
        ),
        pytest.param(
            "cluster_store",
            of("emon2", *INTERFACE, addresses=[]),
            "interface:test2/demo",
            "emon2: test2 has no interface with 10.200.0.3 of demo: restart it",
            id="address removed in the container",
        ),
        pytest.param(
            "cluster_store",
            of("emon2", *INTERFACE, up=False),
            "interface:test2/demo",
            "emon2: eth0 of test2, on demo, is down: restart test2",
            id="interface down",
        ),
        pytest.param(
            "cluster_store",
            of("emon2", *INTERFACE, "port", up=False),
            "port:test2/demo",
            "emon2: veth0, by which test2 is on demo, is down: restart test2",
            id="port down",
        ),
        pytest.param(
            "cluster_store",
            of("emon2", *INTERFACE, "port", master=None),
            "port:test2/demo",
            "emon2: veth0, by which test2 is on demo, is no port of the network's bridge: restart test2",
            id="port out of the bridge",
        ),
        pytest.param(
            "cluster_store",
            lambda views: views["emon"]["forwarding"].append(
                {"network": "demo", "mac": "02:42:0a:c8:00:03", "vtep": "10.0.0.99", "address": None}
            ),
            "vxlan:emon/demo",
            "emon: forwards demo traffic for test2 (02:42:0a:c8:00:03) to 10.0.0.99, not to emon2 at 10.0.0.117:"
            " restart test2 on emon2",
            id="forwarding leads elsewhere",
        ),
        pytest.param(
            "swarm",
            of("emon2", "swarm", "swarm", state="pending", error="no manager"),
            "host:emon2",
            f"emon2: its swarm node is pending (no manager): {AGAIN}",
            id="swarm node that is not up",
        ),
        pytest.param(
            "swarm",
            of("emon", "swarm", "nodes", 1, state="down"),
            "host:emon2",
            "emon2: its swarm node is down for the managers: does dockerd run there, and does it reach tcp port 2377 of"
            " emon?",
            id="swarm node that managers do not see",
        ),
        pytest.param(
            "vxlan",
            of("emon2", "units", "overlay-lab-vxlan.service", active=False),
            "host:emon2",
            "emon2: overlay-lab-vxlan.service is inactive: its VXLANs would not come back after a reboot; see its"
            f" journal, and {AGAIN}",
            id="unit of the engine vxlan",
        ),
        pytest.param(
            "vxlan",
            of("emon2", *NETWORK, "vxlans", 0, remotes=[]),
            "vxlan:emon2/demo",
            f"emon2: vxlan-8687456 of the network demo does not lead to emon at 10.0.0.116: {AGAIN}",
            id="VXLAN without its remotes",
        ),
    ],
)
def test_a_difference(engine: str, change: Change, element: str, line: str) -> None:
    lab = labs.lab(engine=engine)
    views = labs.views(lab)
    change(views)
    report = status.report(lab, views, {})
    assert report["lines"] == [line]
    assert [one["element"] for one in report["data"]["differences"]] == [element]


def test_another_vni_is_told_on_both_sides() -> None:
    lab = labs.lab()
    views = labs.views(lab)
    of("emon2", *NETWORK, "vxlans", 0, vni=999)(views)
    views["emon2"]["networks"][0]["vnis"] = [999]
    assert status.report(lab, views, {})["lines"] == [
        f"emon: vxlan0 of the network demo has the VNI 256, and 999 on emon2: {AGAIN}",
        f"emon2: vxlan0 of the network demo has the VNI 999, and 256 on emon: {AGAIN}",
    ]


def test_who_became_a_member_later_is_one() -> None:
    """The third of the lab file is replaced by the fourth: nobody misses its etcd."""
    lab = labs.lab(4)
    views = labs.views(lab)
    views["emon4"]["units"]["etcd.service"] = views["emon3"]["units"]["etcd.service"]
    views["emon3"]["units"]["etcd.service"] = {"active": False, "enabled": False, "started": 0}
    report = status.report(lab, views, {})
    assert (report["lines"], report["data"]["hosts"][3]["role"]) == ([], "etcd member")
