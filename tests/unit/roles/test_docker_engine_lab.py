# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each entry point of the role docker_engine says for which lab it asks."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.tests.unit.roles import answering

INFO = {"os_family": "Debian", "docker": {"version": "26.1.5", "active": True}, "python_libraries": {"docker": True}}


@pytest.mark.parametrize("entry", ["main", "fit", "stop", "absent"])
def test_its_lab_is_told(tmp_path: Path, entry: str) -> None:
    given = {"lab_host_info": INFO, "lab_engine": "swarm", "lab_docker_tcp_api": False}
    code, said, calls = answering.run(tmp_path, f"docker_engine/{entry}", {}, given)
    assert code == 0, said
    assert [options["lab"] for name, options in calls if name == "docker_daemon"] == ["emon"]
