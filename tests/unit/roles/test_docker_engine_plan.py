# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of dockerd is compared before a run changes anything: also where its certificates are still to come."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.template import Templar
from ansible_collections.emon.overlay_lab.tests.unit.roles.test_etcd_templates import trusted

ROLE = Path(__file__).resolve().parents[3] / "roles/docker_engine"
INFO = {"docker": {"version": "20.10.24"}, "python_libraries": {"docker": True}}


def rendered(name: str, pki: Path, **given: Any) -> Any:
    variables: dict[str, Any] = {}
    for part in ("defaults", "vars"):
        variables |= yaml.safe_load((ROLE / part / "main.yml").read_text(encoding="utf-8"))
    # Each file by its name alone: their contents are of the templates and the certificates.
    stand_ins = {f"docker_engine__{part}": [part] for part in ("units", "store_files", "tls_files")}
    variables |= stand_ins | {
        "inventory_hostname": "emon",
        "docker_engine_lab": "emon",
        "docker_engine__engine": {"dockerd_store": True, "swarm_mode": False},
        "docker_engine__settings": {},
        "docker_engine_hosts": {"emon": {"etcd": True}},
        "docker_engine_pki_dir": str(pki),
        "docker_engine_tcp_api": False,
        "docker_engine_store_tls": True,
        "docker_engine_host_info": INFO,
        **given,
    }
    return Templar(loader=None, variables=trusted(variables)).template(trusted("{{ " + name + " }}"))


@pytest.mark.parametrize(
    ("certificates", "tls", "files"),
    [
        # A clash with somebody's daemon.json would else be told once etcd has been founded.
        ([], True, ["units", "store_files"]),
        (["ca.crt", "emon-docker.crt"], True, ["units", "store_files"]),
        (["ca.crt", "emon-docker.crt", "emon-docker.key"], True, ["units", "store_files", "tls_files"]),
        ([], False, ["units", "store_files"]),
    ],
)
def test_what_is_compared(tmp_path: Path, certificates: list[str], tls: bool, files: list[str]) -> None:
    for name in certificates:
        (tmp_path / name).touch()
    found = rendered("docker_engine__compared", tmp_path, docker_engine_store_tls=tls)
    assert found["files"] == files
    assert found["lab"] == "emon"


@pytest.mark.parametrize(
    ("info", "expected"),
    [
        (INFO, True),
        ({**INFO, "docker": {"version": ""}}, False),
        ({**INFO, "python_libraries": {"docker": False}}, False),
    ],
)
def test_what_can_be_compared(tmp_path: Path, info: dict[str, Any], expected: bool) -> None:
    assert rendered("docker_engine__comparable", tmp_path, docker_engine_host_info=info) is expected
