# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core import state_files
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.processes import Process
from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated import host as simulated_host
from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated import image as simulated_image
from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated import nspawn
from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated.host import SimulatedHost
from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated.image import Image
from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated.releases import (
    DEFAULT_RELEASE,
    RELEASES,
    Release,
)


@pytest.fixture
def images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(simulated_image, "IMAGES", tmp_path)
    return tmp_path


@pytest.fixture
def hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(simulated_host, "HOSTS", tmp_path)
    monkeypatch.setattr(simulated_host.os, "geteuid", lambda: 0)
    monkeypatch.setattr(simulated_host.shutil, "which", lambda program: f"/usr/bin/{program}")
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
        ("RELEASES", {"bookworm": Release(further=("nano",))}),
        ("_MASKED_UNITS", simulated_image._MASKED_UNITS[1:]),
        ("_DISABLED_UNITS", [*simulated_image._DISABLED_UNITS, "cron.service"]),
        ("_FILES", {**simulated_image._FILES, "etc/hosts": "127.0.0.1 localhost\n"}),
        ("_FILES", {**simulated_image._FILES, "etc/motd": ""}),
    ],
)
def test_another_recipe_is_another_image(monkeypatch: pytest.MonkeyPatch, attribute: str, value: Any) -> None:
    before = Image("bookworm").name
    monkeypatch.setattr(simulated_image, attribute, value)
    assert Image("bookworm").name != before


def test_how_a_host_boots_makes_no_other_image(monkeypatch: pytest.MonkeyPatch) -> None:
    before = Image("bookworm").name
    monkeypatch.setattr(simulated_image, "RELEASES", {"bookworm": Release(unified_cgroups=True)})
    assert Image("bookworm").name == before


@pytest.mark.parametrize(
    ("release", "docker", "unified_cgroups"),
    [
        ("bullseye", ["docker.io"], False),
        ("bookworm", ["docker.io"], False),
        ("trixie", ["docker.io", "docker-cli"], False),
        ("forky", ["docker.io", "docker-cli"], True),
    ],
)
def test_what_is_different_about_a_release(release: str, docker: list[str], unified_cgroups: bool) -> None:
    found = RELEASES[release]
    assert [name for name in found.packages if name.startswith("docker")] == docker
    assert found.unified_cgroups == unified_cgroups
    assert {"etcd-server", "python3-docker", "python3-pyroute2"} < set(found.packages)


def test_every_release_is_tested_above() -> None:
    assert list(RELEASES) == ["bullseye", "bookworm", "trixie", "forky"]
    assert DEFAULT_RELEASE in RELEASES


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

    monkeypatch.setattr(simulated_image.shutil, "rmtree", fail)
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
        (
            # Without --quiet.
            "case $* in *--quiet*) ;; *) echo 'Reading package lists...'; echo 'E: Release file for"
            " http://m.invalid/dists/forky/InRelease is expired (invalid since 23d 19h 18min 38s). Updates for this"
            " repository will not be applied.' ;; esac >&2; echo 'E: apt-get update failed' >&2; exit 25",
            "base image {name}: mmdebstrap failed: E: Release file for http://m.invalid/dists/forky/InRelease is"
            " expired (invalid since 23d 19h 18min 38s). Updates for this repository will not be applied; this"
            " machine's mirror is behind, or its clock is ahead: set that right, or let apt take old indexes"
            ' (Acquire::Check-Valid-Until "false"; in a file in /etc/apt/apt.conf.d)',
        ),
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


def test_how_the_machine_gets_packages_is_how_an_image_does(images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = images / ".bin"
    programs.mkdir()
    dump = (
        'APT::Architecture "amd64";',
        'Acquire::Check-Valid-Until "false";',
        'Acquire::cdrom::mount "/media/cdrom";',
        'Acquire::http::Proxy "http://ann:secret@proxy.invalid:3128";',
        'Acquire::Languages "none";',
        'acquire::retries "3";',
        'Acquire::https::Verify-Peer "true";',
        'Dir::Etc "etc/apt";',
    )
    scripts = {
        "apt-config": "".join(f"echo '{line}'\n" for line in dump),
        # The settings are there while it runs, and are named, not told.
        "mmdebstrap": 'for word; do case $word in --aptopt=*) while read -r line; do echo "E: $line" >&2;'
        ' done <"${word#*=}";; *secret*) exit 9;; esac; done; exit 25',
    }
    for name, script in scripts.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setattr(simulated_image, "_why", lambda done: done.stderr)
    with pytest.raises(LabError) as error:
        Image("bookworm").build()
    assert error.value.faults[0].partition("failed: ")[2].splitlines() == [
        f"E: {dump[1]}",
        f"E: {dump[3]}",
        f"E: {dump[5]}",
        f"E: {dump[6]}",
    ]


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
        state_files.write_json(hosts / "qa/host.json", record)
    assert SimulatedHost("qa").faults(lab, release) == expected


@pytest.mark.parametrize("name", ["", ".", "..", "../images", "a/b", "Emon", "emon-", "1emon", "a" * 64, "a\n"])
def test_names_that_are_no_hostname(hosts: Path, name: str) -> None:
    assert SimulatedHost(name).faults("emon", None) == [
        f"name: {name!r} is not a host's name: use lower-case letters, digits and hyphens"
    ]


def test_every_missing_program_is_named(hosts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated_host.shutil, "which", lambda program: None)
    state_files.write_json(hosts / "qa/host.json", RECORD)
    assert [line.partition(" is missing")[0] for line in SimulatedHost("qa").faults("emon", "trixie")] == [
        "simulated host qa: the program systemd-nspawn",
        "simulated host qa: the program ssh-keygen",
        "simulated host qa: the program unshare",
        "simulated host qa runs bookworm, not trixie: destroy the lab first, or run with OVERLAY_LAB_RELEASE=bookworm",
    ]
    assert SimulatedHost("qa").faults("emon", None) == [], "nothing has to be started to stop or remove it"


def test_needs_root(hosts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulated_host.os, "geteuid", lambda: 1000)
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
    state_files.write_json(hosts / "qa/host.json", {**RECORD, **recorded, "ready": True})
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
    setpriv = command.index("setpriv")
    assert command[setpriv : setpriv + 4] == [
        "setpriv",
        "--bounding-set=-sys_time,-sys_module,-sys_rawio",
        "nsenter",
        "--target=4711",
    ]
    assert command[-2:] == ["ls", "a b"]


def test_a_guest_gets_nothing_of_the_callers_environment(hosts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SimulatedHost, "leader", lambda self: Process(pid=4711, start=0, boot="b"))
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    command = SimulatedHost("qa").enter(["run", "inside"])
    # Everything after nsenter is the guest's, its env(1) and its loader included: what nsenter has, the guest has.
    before = command[: command.index("nsenter")]
    said = subprocess.run([*before[: before.index("setpriv")], "env"], capture_output=True, text=True, check=True)
    assert said.stdout.splitlines() == list(nspawn._INSIDE)
    assert command[command.index("--") :] == ["--", "run", "inside"]


# -- a directory without a record --------------------------------------------------------------------------------------


def names(directory: Path) -> list[str]:
    return sorted(re.sub(r"\d{4}-\d\d-\d\dT\d{6}Z", "DATE", path.name) for path in directory.iterdir())


@pytest.fixture
def precious(hosts: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host's directory that has lost its record, with what somebody did in it."""
    monkeypatch.setattr(simulated_host, "IMAGES", hosts / ".images")
    monkeypatch.setattr(simulated_host.os.path, "ismount", lambda path: True)
    monkeypatch.setattr(simulated_host.SimulatedHost, "_boot", lambda self, image: None)
    (hosts / ".images" / Image("bookworm").name).mkdir(parents=True)
    path = hosts / "qa/docker/volumes/precious"
    path.parent.mkdir(parents=True)
    path.write_text("a year's work")
    return hosts


@pytest.mark.parametrize("state", ["absent", "started"])
def test_a_directory_without_a_record_is_set_aside(precious: Path, state: str) -> None:
    host = SimulatedHost("qa")
    assert host.note().startswith(f"{precious}/qa has no record (host.json)")
    if state == "absent":
        host.remove()
        assert names(precious) == [".images", "qa.DATE"]
    else:
        host.start("emon", "bookworm")
        assert names(precious) == [".images", ".qa.lock", "qa", "qa.DATE"]
        assert host.record() == {"lab": "emon", "release": "bookworm", "image": Image("bookworm").name}
        assert not (host.directory / "docker/volumes").exists()
    (kept,) = precious.glob("qa.*/docker/volumes/precious")
    assert kept.read_text() == "a year's work"
    assert [one.name for one in simulated_host.known_hosts()] == ([] if state == "absent" else ["qa"])


def test_a_host_that_was_half_made_or_half_removed_leaves_nothing(precious: Path) -> None:
    shutil.rmtree(precious / "qa")
    for state in ("made", "removed"):
        (precious / f".qa.{state}/upper").mkdir(parents=True)
    host = SimulatedHost("qa")
    host.start("emon", "bookworm")
    assert names(precious) == [".images", ".qa.lock", "qa"]
    host.remove()
    assert names(precious) == [".images"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", ""),
        ("{}", " (lab, release, image: missing)"),
        ('{"name": "somebody\'s own"}', " (lab, release, image: missing)"),
        ('{"lab": 5, "release": "bookworm", "image": "x"}', " (lab: 5 is not a text)"),
        ('{"lab": "emon", "release": "bookworm", "image": "x", "leader": 7}', " (leader: 7 is not null)"),
    ],
)
def test_what_is_no_record_of_a_host_is_a_fault_and_nothing_goes(precious: Path, text: str, why: str) -> None:
    path = precious / "qa/host.json"
    path.write_text(text)
    host = SimulatedHost("qa")
    line = f"{path} is damaged{why}: put a copy of it back, or set it aside (mv {path} {path}.damaged):"
    with pytest.raises(LabError) as error:
        host.faults("emon", "bookworm")
    assert [fault[: len(line)] for fault in error.value.faults] == [line]
    for use in (host.remove, host.crash, host.stop, lambda: host.start("emon", "bookworm")):
        with pytest.raises(LabError, match="is damaged"):
            use()
    assert (path.read_text(), (precious / "qa/docker/volumes/precious").read_text()) == (text, "a year's work")


def test_a_host_that_runs_without_its_record_is_left_alone(precious: Path) -> None:
    # A process that looks as the host's systemd-nspawn does.
    sign = f"--directory={precious}/qa/root"
    command = ["sh", "-c", "echo; sleep 60; true", sign]
    with subprocess.Popen(command, start_new_session=True, stdout=subprocess.PIPE) as process:
        try:
            # Right after exec a process has no command line yet.
            assert process.stdout
            process.stdout.readline()
            assert SimulatedHost("qa").faults("emon", None) == [
                f"simulated host qa runs, and its record {precious}/qa/host.json is gone: put a copy of it back,"
                " or end its systemd-nspawn"
            ]
        finally:
            os.killpg(process.pid, signal.SIGKILL)
    assert SimulatedHost("qa").faults("emon", None) == []


def test_a_guest_has_no_capability_over_the_machine() -> None:
    command = nspawn._command("qa", Path("/image"), Path("/hosts/qa"), Path("/run/netns/qa"))
    script = command[-1]
    assert "--drop-capability=CAP_SYS_TIME,CAP_SYS_MODULE,CAP_SYS_RAWIO" in script
    assert "--network-namespace-path=/run/netns/qa" in script
    assert "lowerdir=/image,upperdir=/hosts/qa/upper,workdir=/hosts/qa/work" in script
