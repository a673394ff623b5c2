# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleTemplatePluginError
from ansible_collections.emon.overlay_lab.tests.unit.plugins.plugin_utils._map import labs

FILTERS = Path(__file__).parents[4] / "plugins/filter"


def filters() -> dict[str, Any]:
    """Every filter of the collection, as Ansible finds them."""
    found: dict[str, Any] = {}
    for path in FILTERS.glob("*.py"):
        spec = importlib.util.spec_from_file_location(f"filter_{path.stem}", path)
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        found |= module.FilterModule().filters()
    return found


INFO = {
    "os_family": "Debian",
    "python_libraries": {"docker": True},
    "python_packages": {"docker": []},
    "packages": {"faults": []},
    "room": [],
    "hostname": "emon",
    "containerd": {"masked": False},
    "docker": {
        "version": "26.1.5",
        "available": "",
        "packages": [],
        "unit": True,
        "masked": False,
        "socket": {"masked": False},
        "variants": {"snap": False, "podman": [], "rootless": []},
        "damaged": "",
    },
    "etcd": {
        "version": "3.5.16",
        "available": "",
        "packages": [],
        "unit": True,
        "masked": False,
        "user": True,
        "etcdctl": True,
        "active": False,
        "lab": "",
        "kubernetes": False,
        "data": {"present": False, "lost": False},
    },
    "record": {"lab": "", "machine_id": "", "site": "", "moving_to": "", "engine": ""},
    "time": 1000.0,
    "kernel": {"faults": []},
    "machine_id": "0a",
    "listening": {"tcp": [], "udp": []},
    "addresses": [{"interface": "eth0", "address": "10.0.0.116", "prefix": 24}],
    "containers": [],
    "vxlan": {"links": []},
}
HOST = {"addresses": {"company": "10.0.0.116"}, "etcd": True, "index": 1}
LAB = {
    "name": "emon",
    "site": "company",
    "engine": "cluster_store",
    "etcd": {"tls": False},
    "links": {},
    "pki": "/nonexistent",
    "former_pki": "",
    "networks": [],
    "simulated": False,
    "hosts": {"emon": HOST},
}
RUN = {
    "limited": False,
    "reads": False,
    "new_ca": False,
    "change_engine": False,
    "missing": [],
    "silent": {},
    "restart_allowed": False,
    "clock_seconds": 30,
    "archive_files": {},
    "archive_faults": [],
}
VERIFIED = {**LAB, "networks": [], "containers": []}
STATE = {"emon": {"networks": [], "containers": [], "forwarding": [], "boot": {"state": "active", "said": ""}}}
SITES = {"company": {"subnet": "10.0.0.0/24", "mtu": 1500}}


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        (
            "engine_traits",
            ("swarm",),
            {
                "uses_etcd": False,
                "dockerd_store": False,
                "swarm_mode": True,
                "own_resolver": False,
                "pauses": True,
                "move": "Containers pause and stay; their networks get other ids, because a new swarm is founded",
            },
        ),
        (
            "preflight_faults",
            ({"emon": INFO}, LAB, RUN),
            [
                "emon: Docker 26.1.5 cannot serve the engine cluster_store: Docker 23.0 removed it; use Docker 20.10,"
                " or the engine vxlan, which any Docker serves"
            ],
        ),
        ("lock_faults", ({"emon": {"lock": {"state": "held", "holder": {}, "reason": ""}}},), []),
        (
            "module_faults",
            ({"emon": [{"changed": False}, {"msg": "2 faults", "faults": ["a", "b"]}], "emon2": [{}, {"msg": "c"}]},),
            ["emon: a", "emon: b", "emon2: c"],
        ),
        (
            "cluster_store_unrecorded",
            (
                {"name": "emon", "networks": [{"name": "demo"}, {"name": "more"}, {"name": "third"}]},
                {"networks": [{"name": "demo", "lab": "emon"}, {"name": "more", "lab": ""}]},
            ),
            ["more", "third"],
        ),
        ("port_faults", ({"emon": {"changed": False, "skipped": True}}, 30, 16), []),
        ("verification_probes", (VERIFIED, STATE, "emon"), []),
        ("query", ({"a": [{"b": 1}, {"b": 2}]}, "a[?b > `1`].b | [0]"), 2),
        ("query", ({"a": 1}, "none"), None),
    ],
)
def test_filter(name: str, arguments: tuple[Any, ...], expected: Any) -> None:
    assert filters()[name](*arguments) == expected


def test_underlay() -> None:
    made = filters()["underlay"]("emon", {"emon": HOST}, "company", SITES)
    assert [veth["addresses"] for veth in made["veths"]] == [["10.0.0.116/24"]]


def test_port_plan() -> None:
    plan = filters()["port_plan"]({**LAB, "ports": []}, {"emon": {**INFO, "docker": {"active": False}}})
    assert plan["emon"] == {
        "address": "10.0.0.116", "listen": [], "peers": [], "open": {"peers": [], "ports": []}, "left": [],
    }  # fmt: skip


def test_verification_report() -> None:
    store = {"keys": ["/docker/nodes/10.0.0.116:2376"], "remedies": []}
    assert filters()["verification_report"](VERIFIED, STATE, {"emon": []}, store)["ok"] is True


def test_the_map_of_a_lab_of_which_one_host_answers(tmp_path: Path) -> None:
    lab = labs.lab()
    results = {"emon": labs.views(lab)["emon"], "emon2": {"unreachable": True, "msg": "Task failed: No\n  route"}}
    report = filters()["status_report"](results, lab)
    assert report["lines"] == ["emon2: does not answer (No; route)"]
    made = filters()["lab_map"](results, lab, "now")
    assert [host["answers"] for host in made["hosts"]] == [True, False]
    assert filters()["map_content"](made, "x.mmd").startswith("%% Lab emon")
    assert filters()["map_faults"](f"{tmp_path}/lab.svg") == []
    assert filters()["map_faults"](f"{tmp_path}/none/lab.png") == [
        f"map_file: {tmp_path}/none/lab.png ends in none of .html, .svg, .mmd, .dot, .json: choose one of these formats"
        " by its ending",
        f"map_file: {tmp_path}/none/lab.png: there is no folder {tmp_path}/none: make it, or choose another one",
    ]


def test_a_command_in_a_lab() -> None:
    lab = {"name": "emon", "hosts": {"emon": {}, "emon2": {}}, "containers": []}
    chosen = filters()["exec_targets"](lab, "", "hostname")
    results = {host: {"results": [{"rc": 0, "stdout": "x", "stderr": ""}]} for host in lab["hosts"]}
    assert filters()["exec_answers"](results, chosen["targets"])["lines"] == ["everywhere:", "  x"]


@pytest.mark.parametrize(
    ("expression", "said"), [("a[", "cannot be evaluated"), ("", "must be a text"), (None, "text")]
)
def test_query_fault(expression: Any, said: str) -> None:
    with pytest.raises(AnsibleTemplatePluginError, match=said):
        filters()["query"]({}, expression)


def test_every_filter_is_documented() -> None:
    documented = {path.stem for path in FILTERS.glob("*.yml")} | {
        path.stem for path in FILTERS.glob("*.py") if "DOCUMENTATION" in path.read_text(encoding="utf-8")
    }
    assert documented == set(filters())
