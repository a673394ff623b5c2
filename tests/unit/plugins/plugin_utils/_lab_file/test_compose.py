# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file import compose, new
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file.load import load

SHOP = """
services:
  web:
    image: nginx:1.25
    container_name: www
    ports: ["8080:80", "127.0.0.1:8443:443", {target: 9000, published: "9001", protocol: udp}]
    environment: [A=b, "C=d$$e"]
    depends_on: {db: {condition: service_healthy}}
    networks: {front: {aliases: [shop], ipv4_address: 10.230.7.9}, back: }
    restart: on-failure
    deploy: {resources: {limits: {cpus: "0.50", memory: 64M}}}
  db:
    image: postgres:16
    environment: {N: 5, EMPTY: ""}
    volumes: ["data:/data", {type: bind, source: /srv/init, target: /init, read_only: true}]
    networks: [back]
    healthcheck: {test: [CMD-SHELL, pg_isready], interval: 5s, retries: 5}
  cache:
    image: redis:7
    command: redis-server --appendonly yes
    restart: no
    depends_on: []
networks:
  front: {ipam: {config: [{subnet: "fd00::/64"}, {subnet: 10.230.7.0/24}]}}
  back:
volumes: {data: }
"""


def imported(service: str, rest: str = "") -> compose.Imported:
    return compose.read(f"services: {{web: {{image: busybox, {service}}}}}\n{rest}", "shop")


def test_a_compose_file_becomes_a_lab_that_is_right() -> None:
    found = compose.read(SHOP, "shop")
    assert found.left_out == []
    assert found.networks == {"front": "10.230.7.0/24", "back": "", "shop": ""}
    lab = load(new.files("shop", 2, "auto", [], found)["labs/shop.yml"])
    www, db, cache = lab.containers
    # They wait for each other, so they are on one host.
    assert [one.host for one in lab.containers] == ["shop-1", "shop-1", "shop-2"]
    assert (www.name, www.depends_on) == ("www", {"db": "service_healthy"})
    assert [(place.network, str(place.ipv4_address), place.aliases) for place in www.networks] == [
        ("front", "10.230.7.9", ("web", "shop")),
        ("back", "None", ("web",)),
    ]
    assert www.service.published_ports == ("8080:80", "127.0.0.1:8443:443", "9001:9000/udp")
    assert www.service.env == {"A": "b", "C": "d$e"}
    assert (www.service.restart_policy, www.service.cpus, www.service.memory) == ("on-failure", "0.5", "64M")
    assert db.service.env == {"N": "5", "EMPTY": ""}
    assert db.service.volumes == ("data:/data", "/srv/init:/init:ro")
    assert db.service.healthcheck["test"] == ["CMD-SHELL", "pg_isready"]
    assert (cache.command, cache.service.restart_policy) == (("redis-server", "--appendonly", "yes"), "no")


@pytest.mark.parametrize(
    ("service", "rest", "line"),
    [
        ("logging: {driver: none}", "", "services.web.logging: a lab file has no such key"),
        ("build: .", "", "services.web.build: nothing is built here: the hosts need the image"),
        ("ports: [3000-3005]", "", "services.web.ports[0]: 3000-3005 is a range: write each of its ports"),
        ("environment: [HOME]", "", "services.web.environment[0]: its value would be that of the shell: write one"),
        ("environment: {A: }", "", "services.web.environment.A: its value would be that of the shell: write one"),
        ("env_file: .env", "", "services.web.env_file: copy the file beside the lab file, and name it there: env_file"),
        (
            "volumes: [./a:/a]",
            "",
            "services.web.volumes[0]: ./a is a folder of this machine, which the hosts do not have",
        ),
        ("volumes: [/a]", "", "services.web.volumes[0]: the volume at /a has no name: give it one"),
        (
            "volumes: [{type: tmpfs, target: /a}]",
            "",
            "services.web.volumes[0]: a lab file has no volumes of the type tmpfs",
        ),
        ("volumes: ['aa:/a:z']", "", "services.web.volumes[0]: the option z has no meaning here"),
        ("restart: 'on-failure:3'", "", "services.web.restart: the number of attempts, 3"),
        (
            "healthcheck: {test: ls, start_interval: 1s}",
            "",
            "services.web.healthcheck.start_interval: a lab file has no such key",
        ),
        (
            "deploy: {replicas: 0}",
            "",
            "services.web.deploy.replicas: a lab file has no container of which none runs: one does; remove it there",
        ),
        ("networks: [n]", "networks: {n: {external: true}}", "networks.n.external: the lab makes a network of its own"),
        (
            "networks: {n: {ipv4_address: 10.1.0.9}}",
            "networks: {n: }",
            "services.web.networks.n.ipv4_address: the file gives the network no subnet",
        ),
        ("user: '0'", "secrets: {s: {file: s}}", "secrets: a lab file has no such key"),
        ("user: '0'", "volumes: {v: {external: true}}", "volumes.v.external: a lab file has no such key"),
    ],
)
def test_what_a_lab_file_has_no_word_for_is_named(service: str, rest: str, line: str) -> None:
    found = imported(service, rest)
    assert found.left_out == [line]
    load(new.files("shop", 1, "auto", [], found)["labs/shop.yml"])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{}", "services: missing: a Compose file has at least one"),
        ("[]", "the file must be a mapping, not a list"),
        ("services: {web: }", "services.web.image: missing: nothing is built here; build the image, and name it"),
        (
            "services: {web: {build: .}}",
            "services.web.image: missing: nothing is built here; build the image, and name it",
        ),
        (
            "services: {web: {image: 'nginx:${TAG:-1}'}}",
            "services.web.image: ${TAG:-1} is for Compose to replace: write its value, or import what"
            " `docker compose config` prints",
        ),
        ("services: {web: {image: a, depends_on: [b]}}", "services.web.depends_on: b is not a service of this file"),
        ("services: {web: {image: a, networks: [b]}}", "services.web.networks: b is not a network of this file"),
        ("services: {web: {image: a, cpus: many}}", "services.web.cpus: many is no number"),
        (
            "services: {web: {image: a, restart: never}}",
            "services.web.restart: never is not one of no, always, on-failure, unless-stopped",
        ),
        ("services: {web: {image: [a]}}", "services.web.image: must be text, not a list"),
    ],
)
def test_what_is_wrong_is_one_line(text: str, fault: str) -> None:
    with pytest.raises(LabError) as caught:
        compose.read(text, "shop")
    assert list(map(str, caught.value.faults)) == [fault]


@pytest.mark.parametrize("key", ["scale: 3", "deploy: {replicas: 3}", "deploy: {replicas: '3', resources: }"])
def test_replicas_are_spread_over_the_hosts(key: str) -> None:
    found = imported(key)
    assert found.left_out == []
    lab = load(new.files("shop", 2, "auto", [], found)["labs/shop.yml"])
    assert [(one.name, one.host) for one in lab.containers] == [
        ("web-1", "shop-1"),
        ("web-2", "shop-2"),
        ("web-3", "shop-1"),
    ]


def test_one_replica_is_a_container_as_any_other() -> None:
    lab = load(new.files("shop", 2, "auto", [], imported("deploy: {replicas: 1}"))["labs/shop.yml"])
    assert [one.name for one in lab.containers] == ["web"]


def test_the_lab_made_of_a_compose_file_is_what_is_made_of_it_today() -> None:
    labs = Path(__file__).parents[5] / "labs"
    imported_now = compose.read((labs / "compose/compose.yml").read_text(encoding="utf-8"), "compose")
    assert imported_now.left_out == []
    made = load(new.files("compose", 2, "auto", [], imported_now)["labs/compose.yml"])
    kept = load((labs / "compose.yml").read_text(encoding="utf-8"))
    assert made.containers == kept.containers
    assert [one.name for one in made.networks] == [one.name for one in kept.networks]


def test_replicas_that_wait_are_on_the_host_of_what_they_wait_for() -> None:
    text = """
services:
  one: {image: busybox}
  db: {image: postgres:16}
  web: {image: busybox, scale: 2, container_name: www, depends_on: [db]}
  log: {image: busybox, depends_on: [web]}
"""
    lab = load(new.files("shop", 3, "auto", [], compose.read(text, "shop"))["labs/shop.yml"])
    assert [(one.name, one.host, list(one.depends_on)) for one in lab.containers] == [
        ("one", "shop-1", []),
        ("db", "shop-2", []),
        ("www-1", "shop-2", ["db"]),
        ("www-2", "shop-2", ["db"]),
        ("log", "shop-2", ["www-1", "www-2"]),
    ]
    assert lab.containers[2].networks[0].aliases == ("www", "web")


def test_no_value_is_lost_between_the_words_of_both() -> None:
    """Every key that is translated is one of a lab file's containers."""
    values: dict[str, Any] = {
        "image": "busybox", "command": "ls", "entrypoint": "sh", "user": "'0'", "cap_add": "[ALL]", "cap_drop": "[ALL]",
        "mem_limit": "64m", "cpus": "1", "environment": "{A: b}", "labels": "[a=b]",
        "sysctls": "[net.core.somaxconn=9]",
        "ports": "['80']", "volumes": "['aa:/a']", "restart": "always", "healthcheck": "{disable: true}",
    }  # fmt: skip
    text = ", ".join(f"{key}: {value}" for key, value in values.items())
    found = compose.read(f"services: {{web: {{{text}}}}}", "shop")
    assert found.left_out == []
    assert len(found.containers[0]) == len(values) + len(["name", "networks"])
    load(new.files("shop", 1, "auto", [], found)["labs/shop.yml"])
