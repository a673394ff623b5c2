# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a good lab file says, with its defaults filled in, and what an inventory makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file.load import load
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file.variables import (
    check_site,
    groups,
    host_variables,
    lab_variables,
)

LABS = sorted((Path(__file__).parents[5] / "labs").glob("*.yml"))
SMALLEST = """\
name: small
sites: {here: {subnet: 10.9.0.0/24}}
hosts: {one: {addresses: {here: 10.9.0.1}}}
"""


def lab_of(hosts: list[str], rest: str = "") -> str:
    """A lab with these hosts, each given as ``name`` or ``name, more keys``."""
    lines = []
    for number, host in enumerate(hosts, start=11):
        name, _, more = host.partition(", ")
        lines.append(f"  {name}: {{addresses: {{here: 10.9.0.{number}}}{', ' + more if more else ''}}}\n")
    return "name: small\nsites: {here: {subnet: 10.9.0.0/24}}\nhosts:\n" + "".join(lines) + rest


def test_defaults():
    lab = load(SMALLEST)
    assert (lab.engine, lab.etcd_tls, lab.etcd_token, lab.docker_tcp_api) == ("auto", True, "small-etcd", False)
    assert (lab.networks, lab.containers) == ((), ())
    assert lab.sites[0].mtu == 1500


@pytest.mark.parametrize(
    ("hosts", "order", "members"),
    [
        (["a"], "a", "a"),
        (["a", "b", "c"], "abc", "abc"),
        (["a", "b", "c", "d", "e"], "abcde", "abc"),
        (["d", "c", "b", "a"], "dcba", "dcb"),
        (["a, etcd: false", "b", "c", "d"], "abcd", "bcd"),
        (["a", "b, etcd: false"], "ab", "a"),
        (["a", "b", "c", "d, etcd: true"], "abcd", "abd"),
        (["a", "b", "c", "d", "e, etcd: true, index: 9"], "abcde", "abe"),
        ([f"{name}, etcd: true" for name in "abcde"], "abcde", "abcde"),
        (["a, index: 3", "b, index: 1", "c, index: 2", "d, index: 4"], "bcad", "bca"),
        (["a, index: 2", "b", "c"], "bac", "bac"),
    ],
)
def test_order_and_members(hosts, order, members):
    lab = load(lab_of(hosts))
    assert "".join(host.name for host in lab.hosts) == order
    assert "".join(host.name for host in lab.members) == members
    indexes = [host.index for host in lab.hosts]
    assert indexes == sorted(set(indexes))


@pytest.mark.parametrize(
    ("here", "there", "network", "container", "underlay"),
    [
        ("", "", "", 1450, 1500),
        ("", ", mtu: 1400", "", 1350, 1400),
        (", mtu: 9000", ", mtu: 9000", "", 8950, 9000),
        (", mtu: 9000", "", "", 1450, 1500),
        ("", "", ", mtu: 1300", 1300, 1350),
        ("", "", ", encrypted: true", 1424, 1500),
        (", mtu: 9000", ", mtu: 8999", ", encrypted: true", 8920, 8996),
        ("", "", ", encrypted: true, mtu: 1300", 1300, 1376),
    ],
)
def test_mtu_follows_from_the_smallest_site(here, there, network, container, underlay):
    lab = load(
        "name: small\n"
        f"sites: {{here: {{subnet: 10.9.0.0/24{here}}}, there: {{subnet: 10.8.0.0/24{there}}}}}\n"
        "hosts: {one: {addresses: {here: 10.9.0.1, there: 10.8.0.1}}}\n"
        f"networks: [{{name: demo, subnet: 10.200.0.0/24{network}}}]\n"
    )
    assert (lab.networks[0].mtu, lab.networks[0].underlay_mtu) == (container, underlay)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ('/bin/sh -c "while true; do sleep 3600; done"', ("/bin/sh", "-c", "while true; do sleep 3600; done")),
        ("[sleep, '3600']", ("sleep", "3600")),
        ("", ()),
    ],
)
def test_a_command_is_a_list_of_words(command, words):
    text = lab_of(["one"], "networks: [{name: demo, subnet: 10.200.0.0/24}]\ncontainers:\n  - name: test1\n")
    text += f"    host: one\n    networks: [demo]\n    command: {command}\n"
    assert load(text).containers[0].command == words


@pytest.mark.parametrize(
    "image",
    ["busybox", "busybox:1.36", "team/app", "registry.example:5000/team/app:1.2", f"app@sha256:{'0a' * 32}"],
)
def test_images_that_docker_takes(image):
    text = lab_of(["one"], "networks: [{name: demo, subnet: 10.200.0.0/24}]\n")
    text += f"containers: [{{name: test1, host: one, networks: [demo], image: '{image}'}}]\n"
    assert load(text).containers[0].image == image


@pytest.mark.parametrize(
    "network",
    [
        "subnet: 10.9.0.0/24, allow_overlap: true",
        "subnet: 172.17.0.0/24, allow_overlap: true",
        "subnet: 8.8.8.0/24, allow_public: true",
        "subnet: 10.200.0.0/29",
        "subnet: 10.200.0.0/24, encrypted: true",
    ],
)
def test_what_is_allowed_when_asked_for(network):
    assert load(lab_of(["one"], f"networks: [{{name: demo, {network}}}]\n")).networks[0].name == "demo"


def test_a_container_may_have_its_own_name_as_alias():
    text = lab_of(["one"], "networks: [{name: demo, subnet: 10.200.0.0/24}]\n")
    text += "containers: [{name: test1, host: one, networks: [{name: demo, aliases: [test1, web]}]}]\n"
    assert load(text).containers[0].networks[0].aliases == ("test1", "web")


def test_what_is_expected():
    text = lab_of(["one"], "networks: [{name: demo, subnet: 10.200.0.0/24}]\n")
    text += "containers: [{name: test1, host: one, networks: [demo]}]\n"
    text += 'expect: [{from: test1, to: "store:80", within: 9}, {from: test1, to: 10.0.0.1, result: none}]\n'
    assert lab_variables(load(text), "here", simulated=True, release="bookworm")["lab_expect"] == [
        {"from": "test1", "to": "store", "port": 80, "result": "open", "within": 9},
        {"from": "test1", "to": "10.0.0.1", "port": None, "result": "none", "within": 0},
    ]


def test_yaml_anchors_and_merges_are_understood():
    text = (
        "name: small\nsites: {here: {subnet: 10.9.0.0/24}}\nhosts:\n"
        "  one: {addresses: {here: 10.9.0.1}, ansible: &ssh {ansible_user: bob, ansible_port: 22}}\n"
        "  two: {addresses: {here: 10.9.0.2}, ansible: {<<: *ssh, ansible_port: 2222}}\n"
    )
    assert load(text).hosts[1].ansible == {"ansible_user": "bob", "ansible_port": 2222}


@pytest.mark.parametrize("file", LABS, ids=lambda file: file.stem)
def test_shipped_labs_are_good(file):
    lab = load(file.read_text(encoding="utf-8"))
    # emon3 is the lab emon with one host more.
    assert lab.name == file.stem.removesuffix("3")


def test_at_least_three_labs_are_shipped():
    assert {"emon", "four", "tutorial"} <= {file.stem for file in LABS}


def shipped(name: str):
    return load(next(file for file in LABS if file.stem == name).read_text(encoding="utf-8"))


def test_the_tutorial_is_to_the_letter():
    lab = shipped("tutorial")
    assert [site.name for site in lab.sites] == ["company"]
    assert (lab.engine, lab.etcd_tls, lab.etcd_token, lab.docker_tcp_api) == (
        "cluster_store",
        False,
        "etcd-cluster",
        True,
    )
    assert [str(host.addresses["company"]) for host in lab.members] == ["10.0.0.116", "10.0.0.117"]
    assert (str(lab.networks[0].subnet), str(lab.networks[0].gateway)) == ("10.0.0.0/24", "10.0.0.1")


def test_groups():
    assert groups(shipped("four"), simulated=False) == {
        "lab": ["e1", "e2", "e3", "e4"],
        "lab_etcd": ["e1", "e2", "e3"],
        "lab_docker": ["e1", "e2", "e3", "e4"],
        "lab_simulated": [],
        "lab_ready": [],
        "lab_changing": [],
        "lab_changing_etcd": [],
        "lab_moving": [],
        "lab_moving_etcd": [],
        "lab_lost": [],
    }
    assert groups(shipped("emon"), simulated=True)["lab_simulated"] == ["emon", "emon2"]


@pytest.mark.parametrize(
    ("archive", "expected"),
    [
        ("docker-20.10.24.tgz", "/labs/docker-20.10.24.tgz"),
        ("../docker-20.10.24.tgz", "/labs/../docker-20.10.24.tgz"),
        ("/srv/docker-20.10.24.tgz", "/srv/docker-20.10.24.tgz"),
        ("~/docker-20.10.24.tgz", "/home/ann/docker-20.10.24.tgz"),
        # Nobody of that name: the path is told where it is opened.
        ("~nobodyx/docker-20.10.24.tgz", "/labs/~nobodyx/docker-20.10.24.tgz"),
        ("https://x.org/a/docker-20.10.24.tgz", "https://x.org/a/docker-20.10.24.tgz"),
    ],
)
def test_an_archive_is_beside_the_lab_file(monkeypatch: pytest.MonkeyPatch, archive: str, expected: str) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    text = f"{SMALLEST}docker: {{archive: {archive}, sha256: {'A' * 64}}}\n"
    variables = lab_variables(load(text), "here", False, "bookworm", Path("/labs"))
    assert variables["lab_archives"] == {"docker": {"archive": expected, "sha256": "a" * 64, "version": "20.10.24"}}


def test_variables_of_the_lab():
    assert lab_variables(shipped("emon"), "home", simulated=True, release="trixie") == {
        "lab_name": "emon",
        "lab_site": "home",
        "lab_sites": {
            "home": {"subnet": "192.168.1.0/24", "mtu": 1500},
            "company": {"subnet": "10.0.0.0/24", "mtu": 1500},
        },
        "lab_hosts": {
            "emon": {"addresses": {"home": "192.168.1.116", "company": "10.0.0.116"}, "index": 1, "etcd": True},
            "emon2": {"addresses": {"home": "192.168.1.117", "company": "10.0.0.117"}, "index": 2, "etcd": True},
        },
        "lab_engine": "auto",
        "lab_etcd_tls": True,
        "lab_etcd_token": "emon-etcd",
        "lab_docker_tcp_api": False,
        "lab_archives": {},
        "lab_networks": [
            {
                "name": "demo",
                "subnet": "10.200.0.0/24",
                "gateway": "10.200.0.1",
                "mtu": 1450,
                "underlay_mtu": 1500,
                "allow_overlap": False,
                "allow_public": False,
                "encrypted": False,
            }
        ],
        "lab_containers": [
            {
                "name": name,
                "host": host,
                "image": "",
                "command": "",
                "networks": [{"name": "demo", "ipv4_address": "", "aliases": []}],
            }
            for name, host in (("test1", "emon"), ("test2", "emon2"))
        ],
        "lab_expect": [],
        "lab_underlay": {},
        "lab_simulated": True,
        "lab_outbound": False,
        "lab_release": "trixie",
        "lab_errors": [],
    }


def test_variables_of_a_container_in_two_networks():
    containers = lab_variables(shipped("four"), "home", False, "bookworm")["lab_containers"]
    by_name = {container["name"]: container["networks"] for container in containers}
    assert by_name["app"] == [
        {"name": "front", "ipv4_address": "10.201.0.100", "aliases": []},
        {"name": "back", "ipv4_address": "", "aliases": []},
    ]
    assert by_name["store"][0]["aliases"] == ["database"]


def test_variables_are_plain_data():
    for file in LABS:
        lab = load(file.read_text(encoding="utf-8"))
        site = lab.sites[0].name
        variables = [lab_variables(lab, site, False, "bookworm")]
        variables += [host_variables(host, site, simulated) for host in lab.hosts for simulated in (True, False)]
        assert json.loads(json.dumps(variables)) == variables


REAL = lab_of(["one, ansible: {ansible_user: bob, ansible_host: gate.example}", "two"])


def test_variables_of_a_real_host():
    one, two = load(REAL).hosts
    assert host_variables(two, "here", simulated=False) == {
        "lab_address": "10.9.0.12",
        "ansible_host": "10.9.0.12",
        "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_ssh_common_args": "-o HostKeyAlias=two -o ServerAliveInterval=5 -o ServerAliveCountMax=3",
    }
    variables = host_variables(one, "here", simulated=False)
    assert (variables["ansible_user"], variables["ansible_host"]) == ("bob", "gate.example")


def test_ssh_arguments_of_the_lab_file_come_before_ours():
    text = lab_of(["one, ansible: {ansible_ssh_common_args: -J gate -o HostKeyAlias=mine}", "two"])
    arguments = host_variables(load(text).hosts[0], "here", simulated=False)["ansible_ssh_common_args"]
    assert arguments.startswith("-J gate -o HostKeyAlias=mine -o HostKeyAlias=one -o ServerAlive")


def test_variables_of_a_simulated_host():
    one, _ = load(REAL).hosts
    assert host_variables(one, "here", simulated=True) == {
        "lab_address": "10.9.0.11",
        "ansible_connection": "emon.overlay_lab.simulated_host",
        "ansible_python_interpreter": "/usr/bin/python3",
    }


def test_a_site_that_the_lab_does_not_have():
    check_site(shipped("emon"), "home")
    with pytest.raises(LabError) as caught:
        check_site(shipped("emon"), "hom")
    assert caught.value.faults == ["site: hom is not a site of this lab; did you mean home?"]
