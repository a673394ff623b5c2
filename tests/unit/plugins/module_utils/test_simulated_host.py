# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils import (
    _nspawn,
    _simulated_host,
    _simulated_image,
    _state_dir,
)
from ansible_collections.emon.overlay_lab.plugins.module_utils._errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._processes import Process
from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated_host import SimulatedHost
from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated_image import RELEASES, Image


@pytest.fixture
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(_simulated_image, "IMAGES", tmp_path)
    return tmp_path


@pytest.fixture
def hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(_simulated_host, "HOSTS", tmp_path)
    monkeypatch.setattr(_simulated_host.os, "geteuid", lambda: 0)
    monkeypatch.setattr(_simulated_host.shutil, "which", lambda program: f"/usr/bin/{program}")
    return tmp_path


# -- images ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("release", RELEASES)
def test_image_is_named_by_release_and_recipe(release: str) -> None:
    name, _, digest = Image(release).name.partition("-")
    assert name == release
    assert len(bytes.fromhex(digest)) == 6
    assert Image(release).name == Image(release).name


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("_PACKAGES", [*_simulated_image._PACKAGES, "nano"]),
        ("_PACKAGES_OF_RELEASE", {"bookworm": ("nano",)}),
        ("_MASKED_UNITS", _simulated_image._MASKED_UNITS[1:]),
        ("_DISABLED_UNITS", [*_simulated_image._DISABLED_UNITS, "cron.service"]),
        ("_FILES", {**_simulated_image._FILES, "etc/hosts": "127.0.0.1 localhost\n"}),
        ("_FILES", {**_simulated_image._FILES, "etc/motd": ""}),
    ],
)
def test_another_recipe_is_another_image(monkeypatch: pytest.MonkeyPatch, attribute: str, value: Any) -> None:
    before = Image("bookworm").name
    monkeypatch.setattr(_simulated_image, attribute, value)
    assert Image("bookworm").name != before


def test_every_release_has_its_packages() -> None:
    assert set(_simulated_image._PACKAGES_OF_RELEASE) == set(RELEASES)


def test_built_only_under_its_full_name(images: Path) -> None:
    image = Image("bookworm")
    for name in (f".partial-{image.name}", "bookworm-000000000000"):
        (images / name).mkdir()
    assert not image.built
    image.path.mkdir()
    assert image.built


def test_an_image_that_is_there_is_not_built_again(images: Path) -> None:
    image = Image("bookworm")
    image.path.mkdir()
    assert image.build() is False


def test_removal_leaves_nothing(images: Path) -> None:
    image = Image("bookworm")
    (image.path / "etc").mkdir(parents=True)
    image.remove()
    assert [path.name for path in images.iterdir()] == [".lock"]


def test_an_interrupted_removal_leaves_no_image(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = Image("bookworm")
    image.path.mkdir()

    def fail(_path: Path) -> None:
        raise OSError(16, "Device or resource busy")

    monkeypatch.setattr(_simulated_image.shutil, "rmtree", fail)
    with pytest.raises(LabError, match=f"base image {image.name} cannot be removed: .*busy"):
        image.remove()
    assert not image.built


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (None, "mmdebstrap is not installed on this machine: install the packages mmdebstrap and systemd-container"),
        (
            "echo 'I: running' >&2; echo 'E: apt-get update failed' >&2; echo 'E: second' >&2; exit 25",
            "base image {name}: mmdebstrap failed: E: apt-get update failed; check the machine's package sources",
        ),
        ("exit 7", "base image {name}: mmdebstrap failed: exit code 7; check the machine's package sources"),
    ],
)
def test_a_failed_build_says_why_and_leaves_nothing(
    images: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, expected: str
) -> None:
    programs = images / ".bin"
    programs.mkdir()
    if script:
        (programs / "mmdebstrap").write_text(f"#!/bin/sh\n{script}\n")
        (programs / "mmdebstrap").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    image = Image("bookworm")
    with pytest.raises(LabError) as error:
        image.build()
    assert error.value.faults == [expected.format(name=image.name)]
    assert not image.built
    assert list(images.glob(".partial-*")) == []


# -- hosts -------------------------------------------------------------------------------------------------------------

RECORD = {"lab": "emon", "release": "bookworm", "image": "bookworm-0"}


@pytest.mark.parametrize(
    ("record", "lab", "release", "expected"),
    [
        (None, "emon", "bookworm", []),
        (RECORD, "emon", "bookworm", []),
        (RECORD, "emon", None, []),
        (
            RECORD,
            "school",
            None,
            ["simulated host qa belongs to the lab emon: destroy that lab first"],
        ),
        (
            RECORD,
            "emon",
            "trixie",
            [
                "simulated host qa runs bookworm, not trixie: destroy the lab first, or run with"
                " OVERLAY_LAB_RELEASE=bookworm"
            ],
        ),
    ],
)
def test_faults(hosts: Path, record: dict[str, str] | None, lab: str, release: str | None, expected: list[str]) -> None:
    if record:
        _state_dir.write_json(hosts / "qa/host.json", record)
    assert SimulatedHost("qa").faults(lab, release) == expected


@pytest.mark.parametrize("name", ["", ".", "..", "../images", "a/b", "Emon", "emon-", "1emon", "a" * 64, "a\n"])
def test_names_that_are_no_hostname(hosts: Path, name: str) -> None:
    assert SimulatedHost(name).faults("emon", None) == [
        f"name: {name!r} is not a host's name: use lower-case letters, digits and hyphens"
    ]


def test_every_missing_program_is_named(hosts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_simulated_host.shutil, "which", lambda program: None)
    _state_dir.write_json(hosts / "qa/host.json", RECORD)
    assert [line.partition(" is missing")[0] for line in SimulatedHost("qa").faults("emon", "trixie")] == [
        "simulated host qa: the program systemd-nspawn",
        "simulated host qa: the program ssh-keygen",
        "simulated host qa: the program unshare",
        "simulated host qa runs bookworm, not trixie: destroy the lab first, or run with OVERLAY_LAB_RELEASE=bookworm",
    ]
    assert SimulatedHost("qa").faults("emon", None) == [], "nothing has to be started to stop or remove it"


def test_needs_root(hosts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_simulated_host.os, "geteuid", lambda: 1000)
    assert SimulatedHost("qa").faults("emon", "bookworm") == [
        "simulated host qa: needs root on this machine: use become, or run it with sudo"
    ]


@pytest.mark.parametrize(
    "recorded",
    [
        pytest.param({}, id="never booted"),
        pytest.param({"supervisor": None, "leader": None, "ready": False}, id="being booted"),
        pytest.param(
            {"supervisor": {"pid": 1, "start": 0, "boot": "b"}, "leader": {"pid": 1, "start": 0, "boot": "b"}},
            id="booted before the machine did",
        ),
    ],
)
def test_a_host_that_does_not_run(hosts: Path, recorded: dict[str, Any]) -> None:
    _state_dir.write_json(hosts / "qa/host.json", {**RECORD, **recorded, "ready": True})
    host = SimulatedHost("qa")
    assert (host.supervisor(), host.leader(), host.ready()) == (None, None, False)
    with pytest.raises(LabError, match="simulated host qa does not run on this machine"):
        host.enter(["true"])


def test_damaged_record_of_a_host(hosts: Path) -> None:
    (hosts / "qa").mkdir()
    (hosts / "qa/host.json").write_text("")
    with pytest.raises(LabError, match=r"qa/host\.json is damaged"):
        SimulatedHost("qa").faults("emon", "bookworm")


def test_who_enters_has_no_capability_over_the_machine(hosts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SimulatedHost, "leader", lambda self: Process(pid=4711, start=0, boot="b"))
    command = SimulatedHost("qa").enter(["ls", "a b"])
    assert command[:4] == [
        "setpriv",
        "--bounding-set=-sys_time,-sys_module,-sys_rawio",
        "nsenter",
        "--target=4711",
    ]
    assert command[-2:] == ["ls", "a b"]
    assert command[command.index("env") + 1] == "-i"


def test_a_guest_has_no_capability_over_the_machine() -> None:
    command = _nspawn._command("qa", Path("/image"), Path("/hosts/qa"), Path("/run/netns/qa"))
    script = command[-1]
    assert "--drop-capability=CAP_SYS_TIME,CAP_SYS_MODULE,CAP_SYS_RAWIO" in script
    assert "--network-namespace-path=/run/netns/qa" in script
    assert "lowerdir=/image,upperdir=/hosts/qa/upper,workdir=/hosts/qa/work" in script
