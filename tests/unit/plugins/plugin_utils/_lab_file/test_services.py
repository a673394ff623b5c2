# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Containers as services: what a lab file says of them, in files of variables too, and on several hosts."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.emon.overlay_lab.plugins.filter.containers import container_options, container_secrets
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import environment
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file import env_files
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file.load import load
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file.variables import lab_variables

LAB = """\
name: shop
sites: {here: {subnet: 10.9.0.0/24}}
hosts:
  one: {addresses: {here: 10.9.0.1}}
  two: {addresses: {here: 10.9.0.2}}
networks: [{name: demo, subnet: 10.200.0.0/24}]
containers:
"""
SECRET = "sesame-7431"
ROLE = {"image": "busybox:latest", "command": ["sleep"], "restart_policy": "unless-stopped", "lab": "shop"}


def variables(containers: str, folder: Path | None = None) -> list[dict[str, Any]]:
    return lab_variables(load(LAB + containers, folder), "here", True, "bookworm")["lab_containers"]


def test_every_key_comes_to_the_module() -> None:
    found = variables("""\
  - name: web
    host: one
    networks: [demo]
    env: {A: 1.10, B: "", C: "yes"}
    volumes: ["data:/data", "/srv:/srv:ro"]
    published_ports: ["8080:80"]
    entrypoint: sh -c
    user: "1000"
    restart_policy: always
    cap_add: [NET_ADMIN]
    cap_drop: [ALL]
    sysctls: {net.core.somaxconn: 512}
    memory: 64m
    cpus: 0.50
    healthcheck: {test: [CMD, "true"], interval: 1s, retries: 3}
    labels: {tier: front}
""")
    assert container_options(found, "one", ROLE) == [
        {
            "name": "web",
            "image": "busybox:latest",
            "networks": [{"name": "demo", "ipv4_address": "", "aliases": []}],
            "dns": [],
            "env": {"A": "1.10", "B": "", "C": "yes"},
            "volumes": ["data:/data", "/srv:/srv:ro"],
            "published_ports": ["8080:80"],
            "entrypoint": ["sh", "-c"],
            "user": "1000",
            "restart_policy": "always",
            "capabilities": ["NET_ADMIN"],
            "drop_capabilities": ["ALL"],
            "sysctls": {"net.core.somaxconn": "512"},
            "memory": "64m",
            "cpus": "0.50",
            "healthcheck": {"test": ["CMD", "true"], "interval": "1s", "retries": 3},
            "labels": {"tier": "front", "emon.overlay_lab.lab": "shop"},
        }
    ]


@pytest.mark.parametrize(
    ("hosts", "names"),
    [("all", ["web-one", "web-two"]), ("[two]", ["web-two"]), ("[two, one]", ["web-two", "web-one"])],
)
def test_one_container_on_each_host(hosts: str, names: list[str]) -> None:
    found = variables(f"  - {{name: web, hosts: {hosts}, networks: [{{name: demo, aliases: [www]}}]}}\n")
    assert [one["name"] for one in found] == names
    assert [f"web-{one['host']}" for one in found] == names


def test_each_waits_for_the_one_on_its_own_host_and_starts_after_it() -> None:
    found = variables(
        """\
  - {name: web, hosts: all, networks: [demo], depends_on: [store, cache]}
  - {name: store, hosts: all, networks: [demo]}
  - {name: cache, host: one, networks: [demo]}
  - {name: cache2, host: two, networks: [demo], depends_on: {store-two: {condition: service_started}}}
""".replace(", cache]", "]")
    )
    assert [one.get("depends_on") for one in found] == [
        [{"name": "store-one"}],
        [{"name": "store-two"}],
        None,
        None,
        None,
        [{"name": "store-two", "condition": "service_started"}],
    ]
    assert [one["name"] for one in container_options(found, "one", ROLE)] == ["store-one", "web-one", "cache"]
    assert [one["name"] for one in container_options(found, "two", ROLE)] == ["store-two", "web-two", "cache2"]


def test_a_file_of_variables_gives_names_to_the_inventory_and_values_to_the_module_alone(tmp_path: Path) -> None:
    (tmp_path / "web.env").write_text(f"# comment\n\nPASSWORD={SECRET}\nUSER='me'\nLEVEL=1\n", encoding="utf-8")
    (tmp_path / "more.env").write_text('LEVEL="2"\nEQUALS=a=b # no comment\n', encoding="utf-8")
    found = variables(
        "  - {name: web, host: one, networks: [demo], env: {USER: you}, env_file: [web.env, more.env]}\n", tmp_path
    )
    assert found[0]["secret_env"] == ["EQUALS", "LEVEL", "PASSWORD"]
    assert SECRET not in json.dumps([found, container_options(found, "one", ROLE)])
    assert environment.unpacked(container_secrets(found, "one")) == {
        "web": {"PASSWORD": SECRET, "LEVEL": "2", "EQUALS": "a=b # no comment"}
    }
    assert container_secrets(found, "two") == ""
    (tmp_path / "web.env").unlink()
    with pytest.raises(AnsibleFilterError, match=r"container web: env_file: .*web.env: cannot be read: No such file"):
        container_secrets(found, "one")


def test_every_fault_of_files_of_variables_comes_with_those_of_the_lab_file_and_without_what_they_hold(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "labs"
    folder.mkdir()
    (folder / "bad.env").write_text(f"{SECRET}\nPASSWORD {SECRET}\n9X={SECRET}\nGOOD=1\n", encoding="utf-8")
    (folder / "binary.env").write_bytes(b"A=\xff\n")
    (folder / "large.env").write_text("A=" + "x" * 70_000, encoding="utf-8")
    (tmp_path / "outside.env").write_text("A=1\n", encoding="utf-8")
    (folder / "out.env").symlink_to(tmp_path / "outside.env")
    (folder / "folder.env").mkdir()
    os.mkfifo(folder / "pipe.env")
    (folder / "loop.env").symlink_to("loop.env")
    files = ["bad.env", "binary.env", "large.env", "out.env", "folder.env", "pipe.env", "none.env", "loop.env"]
    with pytest.raises(LabError) as caught:
        load(
            f"{LAB}  - {{name: web, hosts: all, networks: [demo], memory: 1m, env_file: {json.dumps(files)}}}\n", folder
        )
    assert caught.value.faults == [
        "containers[0].memory: 1m is too little: Docker wants 6m at least",
        "env_file: bad.env: line 1: is not NAME=VALUE",
        "env_file: bad.env: line 2: is not NAME=VALUE",
        "env_file: bad.env: line 3: is not NAME=VALUE",
        "env_file: binary.env: is not text in UTF-8",
        "env_file: large.env: is larger than 64 KiB: split it",
        "env_file: out.env: leads out of the lab file's folder: copy it there",
        "env_file: folder.env: is no file: write NAME=VALUE lines into one",
        "env_file: pipe.env: is no file: write NAME=VALUE lines into one",
        "env_file: none.env: cannot be read: No such file or directory",
        "env_file: loop.env: cannot be read: Too many levels of symbolic links",
    ]


def test_values_of_nothing() -> None:
    assert env_files.values([], {}) == {}


def test_a_strangers_file_is_refused_before_it_costs_anything() -> None:
    hosts = "".join(f"  h{n}: {{addresses: {{here: 10.9.{n // 256}.{n % 256}}}}}\n" for n in range(1, 1000))
    text = LAB.partition("hosts:")[0].replace("/24", "/16") + "hosts:\n" + hosts
    many = "networks: [{name: demo, subnet: 10.200.0.0/16}]\ncontainers:\n" + "".join(
        f"  - {{name: c{n}, hosts: all, networks: [demo]}}\n" for n in range(1000)
    )
    began = time.process_time()
    with pytest.raises(LabError, match="containers with replicas and those of each host: a lab has at most 5000"):
        load(text + many)
    chain = "".join(
        f"  - {{name: c{n}, host: one, networks: [demo], depends_on: [c{n + 1}],"
        f' published_ports: ["{n}-{n + 200}:1-201"]}}\n'
        for n in range(1, 2000)
    )
    with pytest.raises(LabError, match="more faults than these"):
        load(LAB.replace("/24}]", "/16}]") + chain + "  - {name: c2000, host: one, networks: [demo]}\n")
    assert time.process_time() - began < 15
