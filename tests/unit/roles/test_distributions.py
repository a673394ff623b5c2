# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What roles install and write on each distribution, by what its os-release(5) and its package sources say.

None of these was installed: the names are those of their package lists.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.template import Templar
from ansible_collections.emon.overlay_lab.plugins.module_utils._facts import installed
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import distributions
from ansible_collections.emon.overlay_lab.tests.unit.roles.test_etcd_templates import trusted

ROLES = Path(__file__).resolve().parents[3] / "roles"
DEBIANS = {"etcd-server", "etcd-client", "dnsmasq-base", "python3-docker", "python3-pyroute2", "docker.io"}
DOCKER_CE = {"docker-ce", "docker-ce-cli", "containerd.io"}
# ID, VERSION_ID, ID_LIKE -> what its sources have of all that is asked for; then what the roles install.
TABLE = {
    "Debian 11": ("debian", "11", "", DEBIANS, ["docker.io"]),
    "Debian 12": ("debian", "12", "", DEBIANS, ["docker.io"]),
    "Debian 12 and docker-ce's repository": ("debian", "12", "", DEBIANS | DOCKER_CE, ["docker.io"]),
    "Debian 13": ("debian", "13", "", DEBIANS | {"docker-cli"}, ["docker.io", "docker-cli"]),
    "Ubuntu 22.04": ("ubuntu", "22.04", "debian", DEBIANS, ["docker.io"]),
    "Ubuntu 24.04": ("ubuntu", "24.04", "debian", DEBIANS, ["docker.io"]),
    "Ubuntu 26.04": ("ubuntu", "26.04", "debian", DEBIANS, ["docker.io"]),
    "Fedora": (
        "fedora",
        "42",
        "",
        {"moby-engine", "docker-cli", "etcd", "dnsmasq", "python3-docker", "python3-pyroute2"},
        ["moby-engine", "docker-cli"],
    ),
    **{
        f"{id_} {version} and docker-ce's repository": (
            id_,
            version,
            "rhel centos fedora",
            # No python3-docker, no etcd; and the package docker is podman's.
            {*DOCKER_CE, "docker", "dnsmasq", "python3-pyroute2"},
            ["docker-ce", "docker-ce-cli", "containerd.io"],
        )
        for id_ in ("rhel", "rocky", "almalinux")
        for version in ("9.6", "10.1")
    },
}
ETCD = {"Debian": (["etcd-server", "etcd-client"], "/etc/default/etcd"), "RedHat": (["etcd"], "/etc/etcd/etcd.conf")}
RESOLVER = {"Debian": "dnsmasq-base", "RedHat": "dnsmasq"}


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What host_info returns of a bare host of a row of the table."""

    def found(name: str) -> dict[str, Any]:
        id_, version, like, had, _docker = TABLE[name]
        release = tmp_path / "os-release"
        release.write_text(f'ID="{id_}"\nVERSION_ID="{version}"\nID_LIKE="{like}"\n')
        distribution = distributions.read(release)
        script = "print('\\n'.join(f'{name} 1.2.3' for name in sys.argv if name in had))"
        if distribution.family == "Debian":
            script = "print('\\n'.join(f'{name}:\\n  Candidate: 1.2.3' for name in sys.argv if name in had))"
        bin_ = tmp_path / "sources"
        bin_.mkdir()
        program = bin_ / {"Debian": "apt-cache", "RedHat": "dnf"}[distribution.family]
        program.write_text(f"#!{sys.executable}\nimport sys\nhad = {had!r}\n{script}\n")
        program.chmod(0o755)
        with monkeypatch.context() as patch:
            patch.setenv("PATH", str(bin_))
            patch.setattr(installed, "find_spec", lambda name: None)
            told = installed.read(distribution, {"etcd": None, "docker": None, "resolver": None}, True)
        libraries = told["libraries"]
        return {
            "os_family": distribution.family,
            "etcd": {**told["programs"]["etcd"], "active": False, "enabled": False, "lab": "", "config": {}},
            "docker": {**told["programs"]["docker"], "active": False},
            "resolver": {**told["programs"]["resolver"], "unit": False, "active": False, "enabled": False},
            "python_libraries": {name: one["there"] for name, one in libraries.items()},
            "python_packages": {name: one["packages"] for name, one in libraries.items()},
        }

    return found


@pytest.mark.parametrize("name", TABLE)
def test_what_would_be_installed(name: str, read: Any) -> None:
    found, had = read(name), TABLE[name][3]
    etcd, config = ETCD[found["os_family"]]
    assert found["docker"]["packages"] == TABLE[name][4]
    assert found["docker"]["available"] == "1.2.3"
    assert found["etcd"]["packages"] == (etcd if set(etcd) <= had else [])
    assert found["resolver"]["packages"] == [RESOLVER[found["os_family"]]]
    for library in ("docker", "pyroute2"):
        package = f"python3-{library}"
        assert found["python_packages"][library] == ([package] if package in had else [])
    assert distributions.family(found["os_family"]).etcd_config == config


@pytest.mark.parametrize("name", TABLE)
def test_the_roles_install_them(name: str, read: Any) -> None:
    info = read(name)
    tool = {"Debian": "ansible.builtin.apt", "RedHat": "ansible.builtin.dnf"}[info["os_family"]]
    wanted = {
        "docker_engine/tasks/packages.yml": [*info["docker"]["packages"], *info["python_packages"]["docker"]],
        "etcd/tasks/packages.yml": info["etcd"]["packages"],
        "overlay_network/tasks/vxlan/prepare.yml": [
            *info["resolver"]["packages"],
            *info["python_packages"]["pyroute2"],
        ],
    }
    for file, packages in wanted.items():
        assert _installs(file, info) == {tool: packages}, file


def test_what_is_there_is_not_installed(read: Any) -> None:
    info = read("Debian 13")
    info["resolver"] = {"version": "2.91", "available": "", "packages": []}
    info["python_packages"]["pyroute2"] = []
    assert _installs("overlay_network/tasks/vxlan/prepare.yml", info) == {}


def _installs(file: str, info: dict[str, Any]) -> dict[str, list[str]]:
    """Which modules a role's file would call on the host, with which packages."""
    role = ROLES / file.split("/", maxsplit=1)[0]
    variables: dict[str, Any] = {"lab_host_info": info}
    for part in ("defaults/main.yml", "vars/main.yml", "vars/main/main.yml", "vars/main/vxlan.yml"):
        if (role / part).exists():
            variables.update(yaml.safe_load((role / part).read_text(encoding="utf-8")))
    templar = Templar(loader=None, variables=trusted(variables))
    found = {}
    for task in yaml.safe_load((ROLES / file).read_text(encoding="utf-8")):
        if templar.template(trusted("{{ " + task["when"] + " }}")):
            (module,) = {"ansible.builtin.apt", "ansible.builtin.dnf"} & task.keys()
            found[module] = templar.template(trusted(task[module]["name"]))
    return found
