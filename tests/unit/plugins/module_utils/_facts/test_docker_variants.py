# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._facts.docker_variants import read

# Of the package podman-docker.
PODMANS = """#!/usr/bin/sh
[ -e /etc/containers/nodocker ] || echo "Emulate Docker CLI using podman." >&2
exec /usr/bin/podman "$@"
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for path in ("usr/bin", "run", "snap"):
        (tmp_path / path).mkdir(parents=True)
    return tmp_path


def test_a_docker_that_serves(root: Path) -> None:
    (root / "usr/bin/docker").write_bytes(b"\x7fELF" + b"podman" * 10_000)
    (root / "run/docker.sock").touch()
    (root / "run/user").mkdir()
    assert read(root) == {"snap": False, "podman": [], "rootless": []}


def test_no_docker(root: Path) -> None:
    assert read(root) == {"snap": False, "podman": [], "rootless": []}


@pytest.mark.parametrize("place", ["snap/docker/current", "var/lib/snapd/snap/docker/current"])
def test_a_snap(root: Path, place: str) -> None:
    (root / place).parent.mkdir(parents=True)
    (root / place).symlink_to("2963")
    assert read(root)["snap"]


def test_podman_under_dockers_name(root: Path) -> None:
    (root / "usr/bin/docker").write_text(PODMANS)
    assert read(root)["podman"] == ["/usr/bin/docker"]
    (root / "run/docker.sock").symlink_to("/run/podman/podman.sock")
    assert read(root)["podman"] == ["/usr/bin/docker", "/run/docker.sock"]
    (root / "usr/bin/docker").unlink()
    (root / "usr/bin/docker").symlink_to("podman")
    assert read(root)["podman"] == ["/usr/bin/docker", "/run/docker.sock"]


def test_podman_by_way_of_alternatives(root: Path) -> None:
    (root / "etc/alternatives").mkdir(parents=True)
    (root / "usr/bin/docker").symlink_to("/etc/alternatives/docker")
    (root / "etc/alternatives/docker").symlink_to("/usr/bin/docker-ce")
    assert read(root)["podman"] == []
    (root / "etc/alternatives/docker").unlink()
    (root / "etc/alternatives/docker").symlink_to("/usr/bin/podman")
    assert read(root)["podman"] == ["/usr/bin/docker"]


def test_dockerds_of_users(root: Path) -> None:
    for user in (str(os.getuid()), "4294967294"):
        (root / "run/user" / user).mkdir(parents=True)
        (root / "run/user" / user / "docker.sock").touch()
    assert read(root)["rootless"] == ["4294967294", "root"]
