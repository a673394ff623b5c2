# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Playbooks of the collection on two hosts, with modules that do nothing but note who calls them, and answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_swarm import view
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file import value

ROOT = Path(__file__).resolve().parents[3]
HOSTS = ("emon", "emon2")
LAB = {
    "ansible_connection": "local",
    "lab_errors": [],
    "lab_name": "emon",
    "lab_simulated": False,
    "lab_site": "home",
    "lab_sites": {"home": {"subnet": "127.0.0.0/24", "mtu": 1500}},
    "lab_engine": "cluster_store",
    "lab_etcd_token": "emon",
    "lab_etcd_tls": False,
    "lab_docker_tcp_api": False,
    "lab_archives": {},
    "lab_expect": [],
    "lab_underlay": {},
    "lab_networks": [],
    "lab_containers": [],
    "lab_hosts": {name: {"etcd": True, "addresses": {"home": "127.0.0.1"}, "index": 1} for name in HOSTS},
    "lab": value.LAB,
}
RECORD = {"lab": "emon", "uuid": "", "machine_id": "1", "site": "home", "moving_to": "", "engine": "cluster_store"}
INFO = {
    "hostname": "emon",
    "os_family": "Debian",
    "distribution": {"name": "Debian GNU/Linux 12 (bookworm)"},
    "python": {"path": "/usr/bin/python3", "distributions": True},
    "machine_id": "1",
    "time": 1000.0,
    "kernel": {"faults": [], "missing": {}},
    "record": RECORD,
    "broken": False,
    "lock": {"state": "held", "holder": {}, "reason": ""},
    "index": 1,
    "links": {"roots": {}, "recorded": {"lab": "", "links": []}},
    "let_in": [],
    "let_in_by": "",
    "addresses": [{"interface": "lo", "address": "127.0.0.1", "prefix": 24, "mtu": 1500}],
    "listening": {"tcp": [], "udp": []},
    "etcd": {
        "lab": "emon",
        "version": "3.4.23",
        "available": "",
        "packages": [],
        "unit": True,
        "masked": False,
        "user": True,
        "etcdctl": True,
        "kubernetes": False,
        "config": {},
        "active": True,
        "ready": True,
        "enabled": True,
        "data": {
            "path": "/d",
            "present": True,
            "lost": False,
            "recorded": True,
            "lab": "emon",
            "member_id": "a",
            "cluster_id": "c",
        },
    },
    "docker": {
        "version": "20.10.24",
        "available": "",
        "packages": [],
        "unit": True,
        "masked": False,
        "socket": {"masked": False},
        "active": True,
        "enabled": True,
        "store": "",
        "damaged": "",
        "holds_lab": False,
        "variants": {"snap": False, "podman": [], "rootless": []},
    },
    "python_libraries": {"docker": True, "pyroute2": True},
    "python_packages": {"docker": [], "pyroute2": []},
    "packages": {"faults": []},
    "room": [],
    "containerd": {"package": "", "active": False, "masked": False},
    "containers": [],
    "networks": [],
    "images": ["busybox:latest"],
    "swarm": view.nothing("inactive"),
    "resolver": {"unit": False, "version": "2.90", "available": "", "active": False, "enabled": False},
    "vxlan": {"unit": False, "active": False, "enabled": False, "links": []},
}


@dataclass(frozen=True)
class Case:
    """``said``: module -> its answer on every host, or on those that are named; ``line``: what the run ends with."""

    play: str
    said: dict[str, dict[str, Any]]
    line: str
    info: dict[str, Any] = field(default_factory=lambda: INFO)
    # Whether it is refused after it has locked the hosts.
    locked: bool = True
    # Whether the hosts are simulated ones.
    simulated: bool = False


# Ansible gives it its options in a file. It knows its host by its interpreter.
STUB = """#!/usr/bin/python
# WANT_JSON
import json, os, sys
from pathlib import Path
directory, name, host = Path({directory!r}), {name!r}, os.environ.get("STUB_HOST", "localhost")
given = json.loads(Path(sys.argv[1]).read_text())
options = {{key: given[key] for key in ("state", "cleared", "uuid") if key in given}}
call = {{"module": name, "host": host, "check": given["_ansible_check_mode"], **options}}
with open(directory / "calls", "a") as calls:
    calls.write(json.dumps(call) + "\\n")
answer = json.loads((directory / "said.json").read_text()).get(name, {{}})
print(json.dumps({{"changed": False, **answer.get(host, answer)}}))
"""


def make_collection(directory: Path) -> None:
    """Fill a directory with the collection, whose modules do nothing but note who calls them, and answer."""
    copy = directory / "ansible_collections/emon/overlay_lab"
    (copy / "plugins/modules").mkdir(parents=True)
    for name in ("roles", "playbooks", "meta", "galaxy.yml"):
        (copy / name).symlink_to(ROOT / name)
    for path in (ROOT / "plugins").iterdir():
        if path.name != "modules":
            (copy / "plugins" / path.name).symlink_to(path)
    for path in (ROOT / "plugins/modules").glob("*.py"):
        text = STUB.format(directory=str(directory), name=path.stem)
        (copy / "plugins/modules" / path.name).write_text(text, encoding="utf-8")
    for host in HOSTS:
        script = f'#!/bin/sh\nSTUB_HOST={host} exec {sys.executable} "$@"\n'
        (directory / host).write_text(script, encoding="utf-8")
        (directory / host).chmod(0o700)
    # What is no module of the collection's changes nothing either: units start where a case says so.
    start = f'test "$1" != start || exec cat {directory}/starts'
    systemctl = f"#!/bin/sh\n{start}\necho LoadState=loaded\necho ActiveState=inactive\n"
    (directory / "systemctl").write_text(systemctl, encoding="utf-8")
    (directory / "systemctl").chmod(0o700)
    # Simulated hosts are root's.
    (directory / "id").write_text("#!/bin/sh\necho 0\n", encoding="utf-8")
    (directory / "id").chmod(0o700)
    hosts = {name: {"ansible_python_interpreter": str(directory / name)} for name in HOSTS}
    groups = {name: {"hosts": dict.fromkeys(HOSTS)} for name in ("lab_docker", "lab_etcd")}
    lab = {"hosts": hosts, "children": groups | {"lab_simulated": {}}}
    everything = {"vars": {**LAB, "lab_controller_dir": str(directory / "controller")}, "children": {"lab": lab}}
    (directory / "hosts.json").write_text(json.dumps({"all": everything}), encoding="utf-8")
    simulated = {"lab": {"children": {"lab_simulated": {"hosts": dict.fromkeys(HOSTS)}}}}
    of_them = {"vars": {"lab_simulated": True, "lab_release": "bookworm"}, "children": simulated}
    (directory / "simulated.json").write_text(json.dumps({"all": of_them}), encoding="utf-8")
    (directory / "controller/pki").mkdir(parents=True)
    (directory / "controller/pki/uuid").write_text("of-emon\n", encoding="utf-8")


def run(collection: Path, case: Case) -> tuple[int, str, list[dict[str, Any]]]:
    """(its code, what it said, the modules that it called, in order)."""
    (collection / "calls").write_text("", encoding="utf-8")
    # No host is a clone of another.
    infos = {
        host: {**info, "hostname": host, "machine_id": host, "record": {**info["record"], "machine_id": host}}
        for host in HOSTS
        for info in [case.info.get(host, case.info)]
    }
    (collection / "said.json").write_text(json.dumps({"host_info": infos, **case.said}), encoding="utf-8")
    copy = collection / "ansible_collections/emon/overlay_lab"
    play, *options = case.play.split()
    command = [sys.executable, "-m", "ansible.cli.playbook", "-i", collection / "hosts.json", copy / "playbooks" / play]
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(collection),
        "PATH": f"{collection}:{os.environ['PATH']}",
    }
    if case.simulated:
        command += ["-i", collection / "simulated.json"]
    done = subprocess.run(
        [*command, *options], cwd=collection, env=environment, capture_output=True, text=True, check=False
    )
    # Ansible folds lines.
    said = " ".join((done.stdout + done.stderr).split())
    calls = (collection / "calls").read_text(encoding="utf-8").splitlines()
    return done.returncode, said, [json.loads(line) for line in calls]
