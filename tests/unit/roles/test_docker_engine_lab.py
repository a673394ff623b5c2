# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each entry point of the role docker_engine says for which lab it asks."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.tests.unit.roles import answering

INFO = {
    "os_family": "Debian",
    "docker": {"version": "26.1.5", "packages": [], "active": True},
    "python_libraries": {"docker": True},
    "python_packages": {"docker": []},
}


@pytest.mark.parametrize("entry", ["main", "check", "stop", "absent"])
def test_its_lab_is_told(tmp_path: Path, entry: str) -> None:
    given = {"lab_host_info": INFO, "lab_engine": "swarm", "lab_docker_tcp_api": False}
    code, said, calls = answering.run(tmp_path, f"docker_engine/{entry}", {}, given)
    assert code == 0, said
    assert [options["lab"] for name, options in calls if name == "docker_daemon"] == ["emon"]


def test_its_certificates_are_where_etcds_are(tmp_path: Path) -> None:
    pki = tmp_path / "pki"
    pki.mkdir()
    for name in ("ca.crt", "emon-docker.crt", "emon-docker.key"):
        (pki / name).write_text(f"{name} of the lab\n")
    given = {
        "lab_host_info": INFO,
        "lab_docker_tcp_api": False,
        "lab_etcd_tls": True,
        "lab_controller_dir": "/nonexistent",
        "etcd_pki_dir": str(pki),
    }
    code, said, calls = answering.run(tmp_path, "docker_engine/main", {}, given)
    assert code == 0, said
    files = {Path(one["path"]).name: one for _name, options in calls for one in options["files"]}
    assert files["ca.crt"]["content"] == "ca.crt of the lab\n"
