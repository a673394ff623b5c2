# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.programs import Overdue
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import package_sources
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.distributions import Source
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.package_sources import (
    choice,
    faults,
    names,
    versions,
)

POLICY = """\
docker-ce:
  Installed: (none)
  Candidate: 5:24.0.7-1~debian.12~bookworm
  Version table:
     5:24.0.7-1~debian.12~bookworm 500
etcd-server:
  Installed: 3.4.23-4+b4
  Candidate: 3.4.23-4+b4
docker-cli:
  Installed: (none)
  Candidate: (none)
  Version table:
"""
# dnf 4 ends each entry with a line of its own, dnf 5 does not.
REPOQUERY = "docker-ce 28.4.0\n\ndocker-ce-cli 28.4.0\n\n"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def program(host: Path, name: str, script: str) -> None:
    (host / name).write_text(f"#!/bin/sh\n{script}\n")
    (host / name).chmod(0o755)


def test_what_apt_says(host: Path) -> None:
    (host / "policy").write_text(POLICY)
    program(host, "apt-cache", f'echo "$@" >{host}/asked; /bin/cat {host}/policy')
    assert versions("Debian", ["etcd-server", "docker-cli", "docker-ce", "docker-ce", "nothing"]) == {
        "docker-ce": "24.0.7",
        "etcd-server": "3.4.23",
    }
    # All in one go, and each once.
    assert (host / "asked").read_text() == "policy docker-ce docker-cli etcd-server nothing\n"


def test_what_dnf_says(host: Path) -> None:
    program(host, "dnf", f"echo \"$@\" >>{host}/asked; printf '{REPOQUERY}'")
    assert versions("RedHat", ["docker-ce", "docker-ce-cli", "moby-engine"]) == {
        "docker-ce": "28.4.0",
        "docker-ce-cli": "28.4.0",
    }
    assert (host / "asked").read_text() == (
        "--cacheonly repoquery --quiet --available --latest-limit=1 --queryformat=%{name} %{version}\n"
        " docker-ce docker-ce-cli moby-engine\n"
    )


def test_a_dnf_without_a_cache_asks_its_repositories(host: Path) -> None:
    program(host, "dnf", f"case $1 in --cacheonly) exit 1;; *) printf '{REPOQUERY}';; esac")
    assert versions("RedHat", ["docker-ce"])["docker-ce"] == "28.4.0"


@pytest.mark.parametrize("hangs", ["*", "repoquery"])
def test_a_dnf_that_hangs(host: Path, hangs: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its cache alone, or only with its repositories."""
    program(host, "dnf", f"case $1 in {hangs}) exec /bin/sleep 60;; esac")
    monkeypatch.setattr(package_sources, "_DNF_SECONDS", 0.2)
    monkeypatch.setattr(package_sources, "_CACHE_SECONDS", 0.1)
    with pytest.raises(Overdue, match=r"dnf gives no answer within 0\.2 s, so it is not known what can be installed"):
        versions("RedHat", ["docker-ce"])


def test_a_slow_cache_is_not_the_last_word(host: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(host, "dnf", f"case $1 in --cacheonly) exec /bin/sleep 60;; *) printf '{REPOQUERY}';; esac")
    monkeypatch.setattr(package_sources, "_CACHE_SECONDS", 0.1)
    assert versions("RedHat", ["docker-ce"])["docker-ce"] == "28.4.0"


@pytest.mark.skipif(
    not all(map(shutil.which, ("dnf", "rpmbuild", "createrepo_c"))), reason="needs dnf, rpm and createrepo-c"
)
def test_a_real_dnf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a repository that is made here; before and after it has a cache."""
    spec = tmp_path / "docker-ce.spec"
    spec.write_text(
        "Name: docker-ce\nVersion: 28.4.0\nRelease: 1\nEpoch: 3\nSummary: -\nLicense: -\nBuildArch: noarch\n"
        "%description\n-\n%package cli\nSummary: -\n%description cli\n-\n%files\n%files cli\n"
    )
    made = tmp_path / "RPMS/noarch"
    for command in (["rpmbuild", "-bb", "--define", f"_topdir {tmp_path}", spec], ["createrepo_c", made]):
        subprocess.run(command, check=True, capture_output=True)
    (tmp_path / "repos.d").mkdir()
    (tmp_path / "repos.d/local.repo").write_text(f"[local]\nname=local\nbaseurl=file://{made}\n")
    (tmp_path / "bin").mkdir()
    options = f"--releasever=9 --setopt=reposdir={tmp_path}/repos.d --setopt=cachedir={tmp_path}/cache"
    program(tmp_path / "bin", "dnf", f'echo "$1" >>{tmp_path}/asked; exec {shutil.which("dnf")} {options} "$@"')
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    for asked in (["--cacheonly", "repoquery"], ["--cacheonly"]):
        (tmp_path / "asked").write_text("")
        assert versions("RedHat", ["docker-ce", "docker-ce-cli", "moby-engine"]) == {
            "docker-ce": "28.4.0",
            "docker-ce-cli": "28.4.0",
        }
        assert (tmp_path / "asked").read_text().split() == asked


def test_nothing_is_asked_where_nothing_is_missing(host: Path) -> None:
    program(host, "apt-cache", f"echo >{host}/asked")
    assert versions("Debian", []) == {}
    assert not (host / "asked").exists()


@pytest.mark.parametrize("family", ["Debian", "RedHat", ""])
def test_the_tool_is_the_familys(host: Path, family: str) -> None:
    assert versions(family, ["docker-ce"]) == {}
    program(host, "apt-cache", "printf 'docker-ce:\n  Candidate: 1.0\n'")
    program(host, "dnf", "printf 'docker-ce 2.0\n'")
    assert versions(family, ["docker-ce"]) == {"Debian": {"docker-ce": "1.0"}, "RedHat": {"docker-ce": "2.0"}}.get(
        family, {}
    )


DOCKER = (Source(("docker.io",), also=("docker-cli",)), Source(("docker-ce", "docker-ce-cli", "containerd.io")))


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"docker.io": "20.10.24"}, ("20.10.24", ["docker.io"])),
        ({"docker.io": "26.1.5", "docker-cli": "26.1.5"}, ("26.1.5", ["docker.io", "docker-cli"])),
        # The distribution's own first.
        ({"docker.io": "26.1.5", "docker-ce": "28.4.0"}, ("26.1.5", ["docker.io"])),
        (
            {"docker-ce": "28.4.0", "docker-ce-cli": "28.4.0", "containerd.io": "1.7.28"},
            ("28.4.0", ["docker-ce", "docker-ce-cli", "containerd.io"]),
        ),
        ({"docker-ce": "28.4.0", "docker-ce-cli": "28.4.0"}, ("", [])),
        ({"docker-cli": "26.1.5"}, ("", [])),
        ({}, ("", [])),
    ],
)
def test_the_first_source_that_is_whole(found: dict[str, str], expected: tuple[str, list[str]]) -> None:
    assert choice(DOCKER, found) == expected


def test_an_installation_that_was_interrupted(tmp_path: Path) -> None:
    assert faults(tmp_path / "none") == []
    (tmp_path / "tmp.i").touch()
    assert faults(tmp_path) == []
    (tmp_path / "0003").touch()
    assert faults(tmp_path) == ["an installation of packages was interrupted here: dpkg --configure -a"]


def test_packages_that_are_installed_in_part(tmp_path: Path, host: Path) -> None:
    program(host, "dpkg-query", "printf 'ii  bash\\niF  grub-pc\\nrc  ufw\\nit  man-db\\niU  libc6\\nhHR x\\n'")
    assert faults(tmp_path / "none") == [
        "the packages grub-pc, libc6, x are installed in part here, and stop any installation: dpkg --configure -a,"
        " then apt-get --fix-broken install"
    ]


def test_where_packages_go_may_be_read_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(package_sources.os, "statvfs", lambda _path: SimpleNamespace(f_flag=os.ST_RDONLY))
    (line,) = faults(tmp_path / "none")
    assert line.startswith("/usr is read-only here, and packages are installed there: mount -o remount,rw /usr, or")


def test_names() -> None:
    assert names(DOCKER) == ["docker.io", "docker-cli", "docker-ce", "docker-ce-cli", "containerd.io"]
