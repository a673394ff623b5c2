# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._facts import installed
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import package_sources
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.distributions import Distribution

DEBIAN = Distribution(family="Debian")
NOTHING_GIVEN: dict[str, str | None] = {"etcd": None, "docker": None, "resolver": None}


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(installed, "find_spec", lambda name: None)
    return tmp_path


def program(host: Path, name: str, prints: str) -> None:
    (host / name).write_text(f"#!{sys.executable}\nprint({prints!r}, end='')\n")
    (host / name).chmod(0o755)


def has(host: Path, **packages: str) -> None:
    """What apt's sources have: name -> version."""
    entries = (f"{name.replace('_', '-')}:\n  Candidate: {version}\n" for name, version in packages.items())
    program(host, "apt-cache", "".join(entries))


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("Docker version 20.10.24+dfsg1, build 297e128\n", "20.10.24"),
        ("Docker version 29.0, build 1\n", "29.0"),
        ("no such thing\n", ""),
    ],
)
def test_what_is_installed_says_its_version(host: Path, printed: str, expected: str) -> None:
    program(host, "dockerd", printed)
    program(host, "etcd", "etcd Version: 3.4.23\nGit SHA: Not provided\nGo Version: go1.19.8\n")
    found = installed.read(DEBIAN, NOTHING_GIVEN, True)["programs"]
    assert found["docker"] == {"version": expected, "available": "", "packages": []}
    assert found["etcd"] == {"version": "3.4.23", "available": "", "packages": []}
    assert found["resolver"] == {"version": "", "available": "", "packages": []}


def test_sources_that_do_not_answer_are_a_fault_and_no_end(host: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(host, "etcd", "etcd Version: 3.4.23\n")
    (host / "apt-cache").write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    (host / "apt-cache").chmod(0o755)
    monkeypatch.setattr(package_sources, "_APT_SECONDS", 0.1)
    found = installed.read(DEBIAN, NOTHING_GIVEN, True)
    assert found["programs"]["etcd"]["version"] == "3.4.23"
    assert found["programs"]["docker"] == {"version": "", "available": "", "packages": []}
    assert found["faults"] == [
        "apt-cache gives no answer within 0.1 s, so it is not known what can be installed: does another one hold its"
        " lock, or a mirror not answer?"
    ]


def test_what_is_missing_has_packages(host: Path) -> None:
    has(host, etcd_server="3.4.23-4", etcd_client="3.4.23-4", python3_docker="5.0.3-1", python3_pyroute2="0.7.2-2")
    found = installed.read(DEBIAN, NOTHING_GIVEN, True)
    assert found["programs"]["etcd"] == {
        "version": "",
        "available": "3.4.23",
        "packages": ["etcd-server", "etcd-client"],
    }
    assert found["libraries"] == {
        "docker": {"there": False, "packages": ["python3-docker"]},
        "pyroute2": {"there": False, "packages": ["python3-pyroute2"]},
    }


def test_a_directory_that_pip_left_is_no_library(host: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python finds a package in it, with nothing in it."""
    (host / "left/docker/__pycache__").mkdir(parents=True)
    (host / "left/pyroute2").mkdir()
    (host / "left/pyroute2/__init__.py").touch()
    monkeypatch.setattr(installed, "find_spec", lambda name: PathFinder.find_spec(name, [str(host / "left")]))
    found = installed.read(DEBIAN, NOTHING_GIVEN, True)["libraries"]
    assert {name: one["there"] for name, one in found.items()} == {"docker": False, "pyroute2": True}


def test_a_package_that_is_given_goes_before_the_distributions(host: Path) -> None:
    has(host, etcd_server="3.4.23-4", etcd_client="3.4.23-4", our_etcd="3.3.27")
    found = installed.read(DEBIAN, {**NOTHING_GIVEN, "etcd": "our-etcd"}, True)
    assert found["programs"]["etcd"] == {"version": "", "available": "3.3.27", "packages": ["our-etcd"]}


@pytest.mark.parametrize(("family", "own"), [("", True), ("Debian", False)])
def test_no_package_brings_a_library_to_another_python(host: Path, family: str, own: bool) -> None:
    has(host, python3_docker="5.0.3-1")
    found: dict[str, Any] = installed.read(Distribution(family=family), NOTHING_GIVEN, own)["libraries"]
    assert found["docker"] == {"there": False, "packages": []}


def test_the_python_that_packages_are_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed.sys, "prefix", sys.base_prefix)
    monkeypatch.setattr(installed, "_ITS_PYTHON", tmp_path / "python3")
    assert not installed.python()["distributions"]
    (tmp_path / "python3").symlink_to(sys.executable)
    assert installed.python()["distributions"]
    # A virtual environment is a link to it, and sees none of its libraries.
    monkeypatch.setattr(installed.sys, "prefix", "/srv/venv")
    assert not installed.python()["distributions"]
    assert installed.python()["path"] == sys.executable
