# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host does before its dockerd starts, with programs that only say how they were called."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import jinja2
import pytest

TEMPLATE = Path(__file__).resolve().parents[3] / "roles/docker_engine/templates/await-store.sh.j2"
TWO = "emon=https://10.0.0.116:2380,emon=https://192.168.1.116:2380,emon2=https://10.0.0.117:2380,emon2=https://192.168.1.117:2380"
OWN = "https://10.0.0.116:2380,https://192.168.1.116:2380"
PROGRAMS = {
    # Health is asked for with so many seconds; the rest is a connection.
    "timeout": 'case "$2" in sh) echo "wait $1" >>$LOG; exit $HEALTH;; esac\nshift\nexec "$@"',
    "bash": '[ "$2" = "<${RUNNING:-none}" ]',
    "ss": "echo $CONNECTIONS",
    "systemctl": 'case "$1" in is-active) echo $STATE;; *) echo "systemctl $*" >>$LOG;; esac',
    "systemd-run": 'echo "later ${*#*AccuracySec=1 }" >>$LOG\nexit $LATER',
}
STOPPED = ["wait 10", "later systemctl start etcd.service", "systemctl stop etcd.service"]
LEFT_ALONE = ["wait 10", "wait 20"]


def done(tmp_path: Path, cluster: str = TWO, **environment: str) -> list[str]:
    """What was waited for and done to etcd."""
    for name, text in PROGRAMS.items():
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        program.chmod(0o755)
    config = tmp_path / "etcd"
    config.write_text(f'ETCD_INITIAL_ADVERTISE_PEER_URLS="{OWN}"\nETCD_INITIAL_CLUSTER="{cluster}"\n', encoding="utf-8")
    text = jinja2.Template(TEMPLATE.read_text(encoding="utf-8"), undefined=jinja2.StrictUndefined).render(
        docker_engine_lab="emon", docker_engine__store_health="false"
    )
    script = text.replace("/etc/default/etcd", str(config)).replace("/etc/etcd/etcd.conf", "/nonexistent")
    log = tmp_path / "log"
    log.touch()
    defaults = {"HEALTH": "124", "RUNNING": "", "CONNECTIONS": "", "STATE": "activating", "LATER": "0"}
    settings = {**defaults, **environment, "LOG": str(log), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    subprocess.run(["sh", "-c", script], env=settings, check=False)
    return log.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        pytest.param({"HEALTH": "0"}, ["wait 10"], id="healthy"),
        pytest.param({}, STOPPED, id="no majority"),
        pytest.param({"STATE": "active"}, STOPPED, id="the majority is lost"),
        pytest.param({"STATE": "failed"}, ["wait 10"], id="etcd does not run"),
        pytest.param({"RUNNING": "/dev/tcp/10.0.0.117/2380"}, LEFT_ALONE, id="slow, the other runs here"),
        pytest.param({"RUNNING": "/dev/tcp/192.168.1.117/2380"}, LEFT_ALONE, id="slow, the other runs at home"),
        pytest.param({"RUNNING": "/dev/tcp/10.0.0.116/2380"}, STOPPED, id="itself is no other"),
        pytest.param({"CONNECTIONS": "10.0.0.116:2380 10.0.0.118:5555"}, LEFT_ALONE, id="slow, one that joined later"),
        pytest.param({"LATER": "1"}, STOPPED[:2], id="nobody would bring it back"),
    ],
)
def test_etcd_is_stopped_only_without_a_majority(
    tmp_path: Path, environment: dict[str, str], expected: list[str]
) -> None:
    assert done(tmp_path, **environment) == expected


def test_the_only_member_is_slow_at_most(tmp_path: Path) -> None:
    assert done(tmp_path, cluster=f"emon={OWN.replace(',', ',emon=')}") == LEFT_ALONE
