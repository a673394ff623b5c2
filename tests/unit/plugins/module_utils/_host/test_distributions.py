# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.distributions import FAMILIES, family, read

# As the distributions write them.
DEBIAN_12 = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nID=debian\n'
UBUNTU_24 = (
    'PRETTY_NAME="Ubuntu 24.04.3 LTS"\nVERSION_ID="24.04"\nID=ubuntu\nID_LIKE=debian\nHOME_URL="https://a.org/?a=b"\n'
)
ROCKY_9 = (
    'NAME="Rocky Linux"\nID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.6"\nPRETTY_NAME="Rocky Linux 9.6"\n'
)


@pytest.mark.parametrize(
    ("text", "id_", "version", "name", "of_family"),
    [
        (DEBIAN_12, "debian", "12", "Debian GNU/Linux 12 (bookworm)", "Debian"),
        (UBUNTU_24, "ubuntu", "24.04", "Ubuntu 24.04.3 LTS", "Debian"),
        ('ID=linuxmint\nID_LIKE="ubuntu debian"\nVERSION_ID="22"\n', "linuxmint", "22", "", "Debian"),
        ("ID=raspbian\nID_LIKE=debian\n", "raspbian", "", "", "Debian"),
        (ROCKY_9, "rocky", "9.6", "Rocky Linux 9.6", "RedHat"),
        ('ID="almalinux"\nID_LIKE="rhel centos fedora"\nVERSION_ID="10.1"\n', "almalinux", "10.1", "", "RedHat"),
        ('ID="rhel"\nID_LIKE="fedora"\nVERSION_ID="9.6"\n', "rhel", "9.6", "", "RedHat"),
        ("ID=fedora\nVERSION_ID=42\n", "fedora", "42", "", "RedHat"),
        ("ID=arch\nNAME='Arch Linux'\n", "arch", "", "Arch Linux", ""),
        ('ID="opensuse-leap"\nID_LIKE="suse opensuse"\n', "opensuse-leap", "", "", ""),
        ("#ID=debian\n# no such keys\n\n", "", "", "", ""),
        ("", "", "", "", ""),
    ],
)
def test_what_a_host_says(tmp_path: Path, text: str, id_: str, version: str, name: str, of_family: str) -> None:
    release = tmp_path / "os-release"
    release.write_text(text)
    found = read(release)
    assert (found.id, found.version, found.name, found.family) == (id_, version, name, of_family)


def test_its_own_place_counts_where_etc_has_none(tmp_path: Path) -> None:
    (tmp_path / "usr").write_text(DEBIAN_12)
    assert read(tmp_path / "etc", tmp_path / "usr").id == "debian"
    (tmp_path / "etc").write_text(UBUNTU_24)
    assert read(tmp_path / "etc", tmp_path / "usr").id == "ubuntu"


def test_a_host_that_does_not_say(tmp_path: Path) -> None:
    assert read(tmp_path / "none").family == ""
    (tmp_path / "latin").write_bytes(b'ID=debian\nNAME="Caf\xe9"\n')
    assert read(tmp_path / "latin").family == "Debian"


@pytest.mark.parametrize("name", FAMILIES)
def test_every_family_says_how_everything_is_to_be_had(name: str) -> None:
    found = family(name)
    assert found.docker[-1].packages[0] == "docker-ce"
    assert found.etcd and found.resolver and set(found.libraries) == {"docker", "pyroute2"}


def test_a_family_that_is_not_known_has_its_files_where_debian_has() -> None:
    assert family("").etcd_config == "/etc/default/etcd"
