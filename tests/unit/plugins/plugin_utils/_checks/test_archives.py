# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks import archives

NEW, OTHER = "a" * 64, "b" * 64
URL = "https://x.org/docker-20.10.24.tgz"
ETCD = "etcd-v3.5.9-linux-amd64.tar.gz"
WANTED = {
    "docker": {"archive": URL, "sha256": NEW, "version": "20.10.24"},
    "etcd": {"archive": ETCD, "sha256": NEW, "version": "3.5.9"},
}
BARE = {
    "lab": "",
    "version": "",
    "sha256": "",
    "whole": False,
    "wanted": NEW,
    "path": "",
    "obstacles": [],
    "missing": [],
    "free": 1000,
}
DONE = {**BARE, "lab": "emon", "version": "20.10.24", "sha256": NEW, "whole": True}
PACKAGED = {"version": "26.1.5", "archive": {**BARE, "path": "/usr/sbin/dockerd", "obstacles": ["a unit"]}}
FILES = {"docker": {"machine": "x86_64", "megabytes": 200}}
RUN = {"archive_files": FILES}


def info(docker: dict[str, Any] | None = None, etcd: dict[str, Any] | None = None, **given: Any) -> dict[str, Any]:
    return {
        "machine": "x86_64",
        "docker": {"version": "", "available": "20.10.24", "archive": BARE, **(docker or {})},
        "etcd": {"version": "3.5.9", "available": "", "archive": DONE, **(etcd or {})},
        "record": {"lab": ""},
        "archive_room": 1000,
        **given,
    }


def lab(**given: Any) -> dict[str, Any]:
    hosts = {"emon": {"etcd": True}, "emon2": {"etcd": False}}
    return {"engine": "cluster_store", "hosts": hosts, "archives": WANTED, **given}


@pytest.mark.parametrize(
    ("given", "infos", "names"),
    [
        pytest.param({}, {"emon": info()}, ["docker"], id="one that has none"),
        pytest.param({}, {"emon": info({"archive": DONE})}, [], id="it is there"),
        pytest.param({}, {"emon": info({"archive": {**DONE, "whole": False}})}, ["docker"], id="it is not whole"),
        pytest.param({}, {"emon": info({"archive": DONE}, {"archive": BARE})}, ["etcd"], id="a member without etcd"),
        pytest.param({}, {"emon2": info({"archive": DONE}, {"archive": BARE})}, [], id="no member needs none"),
        pytest.param(
            {"engine": "vxlan"}, {"emon": info({"archive": DONE}, {"archive": BARE})}, [], id="an engine without etcd"
        ),
        pytest.param({"archives": {}}, {"emon": info()}, [], id="packages"),
    ],
)
def test_what_hosts_have_still_to_get(given: dict[str, Any], infos: dict[str, Any], names: list[str]) -> None:
    found = archives.needed(lab(**given), infos)
    assert [one["name"] for one in found] == names
    assert all(one == {"name": one["name"], **_options(one["name"])} for one in found)


def _options(name: str) -> dict[str, str]:
    return {key: WANTED[name][key] for key in ("archive", "sha256")}


@pytest.mark.parametrize(
    ("given", "of_host", "lines"),
    [
        pytest.param({}, info(), [], id="nothing is in the way"),
        pytest.param({}, info({"version": "20.10.24", "archive": DONE}), [], id="it is there"),
        pytest.param(
            {},
            info(PACKAGED),
            [
                "Docker 26.1.5 is installed here (/usr/sbin/dockerd), and the lab file wants docker.archive, which is"
                " put beside none: remove the packages that have it, or remove docker.archive from the lab file"
            ],
            id="a package has it",
        ),
        pytest.param(
            {},
            info(PACKAGED, record={"lab": "emon"}),
            [
                "Docker 26.1.5 is installed here (/usr/sbin/dockerd), and the lab file wants docker.archive, which is"
                " put beside none: take the lab off (destroy.yml, or host_remove.yml for this host), remove the"
                " packages that have it, or remove docker.archive from the lab file"
            ],
            id="a lab runs with a package",
        ),
        pytest.param(
            {},
            info({"archive": {**DONE, "sha256": OTHER}}),
            [
                f"Docker 20.10.24 here is of an archive with the sha256 {OTHER[:12]}, which the lab emon has installed,"
                f" and the lab file wants another (sha256 {NEW[:12]}): to keep what is here, put that archive back into"
                " the lab file; to change it, take the lab off (destroy.yml, or host_remove.yml for this host) and run"
                " again"
            ],
            id="another archive",
        ),
        pytest.param(
            {"archives": {"etcd": WANTED["etcd"]}},
            info({"version": "20.10.24", "archive": {**DONE, "wanted": ""}}),
            [
                f"Docker 20.10.24 here is of an archive with the sha256 {NEW[:12]}, which the lab emon has installed,"
                " and the lab file has no docker.archive: to keep what is here, put that archive back into the lab"
                " file; to change it, take the lab off (destroy.yml, or host_remove.yml for this host) and run again"
            ],
            id="packages again",
        ),
        pytest.param(
            {},
            info({"archive": {**BARE, "obstacles": ["the unit containerd.service is there"], "missing": ["iptables"]}}),
            [
                "the unit containerd.service is there",
                "iptables is missing here, which Docker from an archive starts and does not bring: install the package"
                " iptables",
            ],
            id="what is in its way",
        ),
        pytest.param(
            {},
            info(machine="aarch64", archive_room=399),
            [
                "this host is of the kind aarch64, and the programs of docker.archive are for x86_64: one lab file"
                " serves hosts of one kind; take upstream's archive for aarch64",
                "/usr/local/lib/overlay-lab has 399 MB free here, and Docker from an archive needs 400 MB: make room"
                " there",
            ],
            id="another machine without room",
        ),
    ],
)
def test_what_is_in_the_way(given: dict[str, Any], of_host: dict[str, Any], lines: list[str]) -> None:
    assert archives.faults(lab(**given), True, of_host, RUN) == lines


def test_a_host_that_is_no_member_needs_no_etcd() -> None:
    of_host = info({"archive": DONE}, {"archive": {**BARE, "obstacles": ["a unit"]}})
    assert archives.faults(lab(), False, of_host, RUN) == []
    assert archives.faults(lab(engine="swarm"), True, of_host, RUN) == []
    assert archives.faults(lab(), True, of_host, RUN) == [
        "etcd 3.5.9 is installed here (), and the lab file wants etcd.archive, which is put beside none: remove the"
        " packages that have it, or remove etcd.archive from the lab file"
    ]


@pytest.mark.parametrize(
    ("found", "lines"),
    [
        (BARE, ["Docker: absent -> 20.10.24 from an archive"]),
        ({**DONE, "whole": False}, ["Docker: 20.10.24, not whole -> 20.10.24 from an archive"]),
        (DONE, []),
        ({**BARE, "wanted": ""}, []),
        (None, []),
    ],
)
def test_what_a_run_tells(found: dict[str, Any] | None, lines: list[str]) -> None:
    assert archives.changes("docker", info({"archive": found})) == lines
