# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._trace import request, way
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._trace.ends import Nowhere
from ansible_collections.emon.overlay_lab.tests.unit.plugins.plugin_utils._trace import a_lab

NEAR = ["emon test1 eth0 out", "emon demo veth-test1 in", "emon demo br0 bridge", "emon demo vxlan0 out"]
FAR = ["emon2 demo vxlan0 in", "emon2 demo br0 bridge", "emon2 demo veth-test2 out", "emon2 test2 eth0 in"]
CABLE = ["emon host eth0 out 256", "emon2 host eth0 in 256"]
UNDERLAY = [
    "emon host eth0 out 256",
    "localhost underlay emon in 256",
    "localhost underlay underlay bridge",
    "localhost underlay emon2 out 256",
    "emon2 host eth0 in 256",
]
VXLAN = [
    "emon test1 eth0 out",
    "emon host veth-test1 in",
    "emon host vxbr-9 bridge",
    "emon host vxlan-9 out",
    "emon host eth0 out 9",
    "emon2 host eth0 in 9",
    "emon2 host vxlan-9 in",
    "emon2 host vxbr-9 bridge",
    "emon2 host veth-test2 out",
    "emon2 test2 eth0 in",
]


def told(made: a_lab.plans.Plan) -> list[str]:
    return [
        " ".join(
            [
                hop.at.space.host,
                made.names.get(hop.at.space) or "host",
                hop.at.name,
                "bridge" if hop.bridge else "out" if hop.outgoing else "in",
                *([str(hop.tunnel.vni)] if hop.tunnel and not hop.bridge else []),
            ]
        )
        for hop in made.hops
    ]


@pytest.mark.parametrize(
    ("engine", "simulated", "target", "expected"),
    [
        pytest.param("overlay", False, "test2", NEAR + CABLE + FAR, id="Docker's overlay on real hosts"),
        pytest.param("overlay", True, "test2", NEAR + UNDERLAY + FAR, id="Docker's overlay on simulated hosts"),
        pytest.param("vxlan", False, "test2", VXLAN, id="the engine vxlan"),
        pytest.param(
            "overlay", True, "near", [*NEAR[:3], "emon demo veth-near out", "emon near eth0 in"], id="on one host"
        ),
    ],
)
def test_the_way_between_two_containers(engine: str, simulated: bool, target: str, expected: list[str]) -> None:
    made = a_lab.plan(a_lab.states(engine, simulated), target=target)
    assert (told(made), made.missing) == (expected, "")


def test_the_way_between_two_hosts() -> None:
    made = a_lab.plan(a_lab.states(simulated=False), "emon", "emon2")
    assert told(made) == ["emon host eth0 out", "emon2 host eth0 in"]


def test_the_way_does_not_depend_on_what_is_broken() -> None:
    """A link that is down, a forwarding entry or an address that is gone: the way is the same."""
    states = a_lab.states()
    sound = told(a_lab.plan(states))
    a_lab.space(states, "emon", a_lab.OVERLAY)["fdb"] = []
    for host, netns, name in (("emon", "", "eth0"), ("emon2", "/run/docker/netns/test2", "eth0")):
        a_lab.the_link(states, host, netns, name).update(up=False, addresses=[])
        a_lab.space(states, host, netns)["routes"] = []
    assert told(a_lab.plan(states)) == sound


def test_the_reply_takes_the_way_back() -> None:
    made = a_lab.plan(a_lab.states(simulated=False))
    back = way.back(made.hops)
    assert [hop.at for hop in back] == [hop.at for hop in reversed(made.hops)]
    assert [hop.outgoing for hop in back] == [not hop.outgoing for hop in reversed(made.hops)]


@pytest.mark.parametrize(
    ("host", "netns", "name", "change", "missing"),
    [
        pytest.param(
            "emon",
            a_lab.OVERLAY,
            "veth-test1",
            {"master": None},
            "veth-test1 in namespace .* on emon is no port of a bridge",
            id="near port",
        ),
        pytest.param(
            "emon",
            a_lab.OVERLAY,
            "vxlan0",
            {"master": None},
            "no VXLAN is a port of br0 in namespace .* on emon",
            id="near VXLAN",
        ),
        pytest.param(
            "emon2",
            a_lab.OVERLAY,
            "vxlan0",
            {"settings": {"vni": 257, "port": 4789}},
            "emon2 has no VXLAN of VNI 256 on UDP port 4789, as vxlan0 in namespace .* on emon is",
            id="other VNI",
        ),
        pytest.param(
            "emon2",
            a_lab.OVERLAY,
            "vxlan0",
            {"master": None},
            "vxlan0 in namespace .* on emon2 is no port of a bridge",
            id="far VXLAN",
        ),
        pytest.param(
            "emon2",
            a_lab.OVERLAY,
            "veth-test2",
            {"master": None},
            "veth-test2 in namespace .* on emon2 is no port of br0",
            id="far port",
        ),
    ],
)
def test_a_way_that_does_not_lead_to_the_end(host: str, netns: str, name: str, change: dict, missing: str) -> None:
    states = a_lab.states()
    a_lab.the_link(states, host, netns, name).update(change)
    made = a_lab.plan(states)
    assert a_lab.matches(missing, made.missing), made.missing
    assert told(made)[0] == NEAR[0]


def test_a_published_port_leads_on_to_the_container() -> None:
    states = a_lab.states(simulated=False)
    a_lab.publish(states)
    made = a_lab.plan(states, "emon", "emon2", "8080")
    assert told(made) == [
        "emon host eth0 out",
        "emon2 host eth0 in",
        "emon2 host docker_gwbridge out",
        "emon2 host veth9 out",
        "emon2 test2 eth1 in",
    ]
    assert made.hops[1].translated == "172.18.0.3"
    # Another port is the host's own.
    assert len(a_lab.plan(states, "emon", "emon2", "81").hops) == 2


def test_a_host_is_not_in_the_overlay() -> None:
    made = a_lab.plan(a_lab.states(), "emon", "test2")
    assert made.missing == "emon has no route to 10.200.0.3"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(lambda states: states.pop("emon2"), "emon2 does not answer, and test2 is there: .*", id="host"),
        pytest.param(
            lambda states: states["emon2"].update(containers=[]),
            "emon2: there is no container test2; .*",
            id="container",
        ),
        pytest.param(
            lambda states: states["emon2"].update(containers=[], docker_error="time is out", docker_frozen=True),
            r"emon2: dockerd does not answer, because it is frozen \(.*\), so test2 .*--signal=CONT docker.service",
            id="frozen dockerd",
        ),
        pytest.param(
            lambda states: states["emon2"].update(containers=[], docker_error="refused"),
            "emon2: dockerd does not answer, so test2 cannot be found; on emon2: systemctl start docker.service.*",
            id="dockerd",
        ),
        pytest.param(
            lambda states: states["emon2"]["containers"][0].update(netns=None, pid=None, status="exited"),
            r"emon2: the container test2 does not run \(it is exited\); on emon2: docker start test2",
            id="stopped",
        ),
        pytest.param(
            lambda states: states["emon2"]["containers"][0].update(networks=[]),
            "emon2: test2 is in no network demo; on emon2: docker network connect demo test2",
            id="network",
        ),
    ],
)
def test_an_end_that_is_not_there(change, expected: str) -> None:
    states = a_lab.states()
    change(states)
    with pytest.raises(Nowhere) as error:
        a_lab.plan(states)
    assert a_lab.matches(expected, str(error.value)), str(error.value)


def test_a_container_in_the_hosts_network_is_at_the_hosts_address() -> None:
    states = a_lab.states(simulated=False)
    of_host = {"name": "hosted", "id": "h", "status": "running", "pid": 9, "netns": "",
               "networks": [{"name": "host", "id": "n", "address": None, "mac": None}],
               "listening": {"tcp": [], "udp": []}}  # fmt: skip
    states["emon"]["containers"].append(of_host)
    assert told(a_lab.plan(states, "emon:hosted", "emon2")) == ["emon host eth0 out", "emon2 host eth0 in"]
    assert told(a_lab.plan(states, "emon2", "emon:hosted")) == ["emon2 host eth0 out", "emon host eth0 in"]


@pytest.mark.parametrize(
    ("target", "network", "expected"),
    [
        pytest.param("test2", "", "10.200.0.2 > 10.200.0.3", id="the first of the lab file"),
        pytest.param("test2", "back", "10.201.0.2 > 10.201.0.3", id="the one that is asked for"),
        pytest.param("10.201.0.3", "", "10.201.0.2 > 10.201.0.3", id="that of the address"),
    ],
)
def test_ends_that_share_two_networks(target: str, network: str, expected: str) -> None:
    lab = {**a_lab.LAB, "networks": [*a_lab.LAB["networks"], {"name": "back", "subnet": "10.201.0.0/24"}]}
    lab["containers"] = [{**one, "networks": [{"name": "demo"}, {"name": "back"}]} for one in a_lab.LAB["containers"]]
    states = a_lab.states()
    for host in a_lab.HOSTS:
        for one in states[host]["containers"]:
            address = one["networks"][0]["address"].replace("10.200", "10.201")
            one["networks"].append({"name": "back", "id": "b", "address": address, "mac": "02:00:00:00:09:01"})
            place = a_lab.space(states, host, one["netns"])
            place["links"].append(a_lab.link("eth1", "veth", addresses=[f"{address}/24"], mtu=1450))
            place["routes"].append({"to": "10.201.0.0/24", "via": None, "dev": "eth1"})
    asked, faults = request.parse({"from": "test1", "to": target, "network": network}, lab)
    assert asked, faults
    made = a_lab.plans.make(asked, states, lab)
    assert f"{made.source.address} > {made.target.address}" == expected
    assert made.hops[0].at.name == ("eth0" if expected.startswith("10.200") else "eth1")
