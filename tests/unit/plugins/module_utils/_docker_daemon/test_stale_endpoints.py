# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import stat
import time
from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_daemon import stale_endpoints
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.systemd import Unit

DIRECTORY = Path("/tmp/x")
OWN = ["--config-file=/tmp/x/daemon.json", "--host=unix:///tmp/x/docker.sock", "--restart=false"]


@pytest.mark.parametrize(
    ("words", "options", "given"),
    [
        ("dockerd -H fd:// --containerd=/run/c.sock $DOCKER_OPTS", "", ["dockerd", "--containerd=/run/c.sock"]),
        ("dockerd $DOCKER_OPTS", "--data-root '/a b' -H tcp://:2375", ["dockerd", "--data-root", "/a b"]),
        ("dockerd --host=fd:// --config-file /etc/other -D", "", ["dockerd", "-D"]),
        ("dockerd -H fd:// -H tcp://:2375 -D $NOTHING", "", ["dockerd", "-D"]),
    ],
)
def test_it_is_the_units_own_command_line_but_for_where_it_listens(words: str, options: str, given: list[str]) -> None:
    found = stale_endpoints.command(words.split(), {"DOCKER_OPTS": options}, DIRECTORY)
    assert found == given + OWN


def unit(program: Path, text: str) -> Unit:
    program.write_text(f"#!/usr/bin/env python3\n{text}")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return Unit("docker.service", exists=True, active=False, enabled=True, command=(str(program), "-H", "fd://"))


# A dockerd that answers one question, keeps its settings for the test, and ends when it is told to.
ANSWERS = """
import http.server, os, pathlib, signal, socketserver, sys
given = dict(word.lstrip("-").split("=", 1) for word in sys.argv[1:])
pathlib.Path(__file__).with_name("given").write_text(pathlib.Path(given["config-file"]).read_text())
signal.signal(signal.SIGTERM, lambda *_: (pathlib.Path(__file__).with_name("ended").touch(), os._exit(0)))
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")
    def address_string(self):
        return "test"
socketserver.UnixStreamServer(given["host"].removeprefix("unix://"), Handler).serve_forever()
"""


def test_dockerd_runs_without_its_store_until_it_answers(tmp_path: Path) -> None:
    path = tmp_path / "daemon.json"
    settings = {"cluster-store": "etcd://x", "cluster-advertise": "y", "hosts": ["fd://"], "debug": True}
    path.write_text(json.dumps(settings))
    stale_endpoints.forget(unit(tmp_path / "dockerd", ANSWERS), path)
    assert json.loads((tmp_path / "given").read_text()) == {"debug": True}
    assert json.loads(path.read_text()) == settings
    assert (tmp_path / "ended").exists()


def test_one_that_gives_up_is_told_with_its_own_words(tmp_path: Path) -> None:
    path = tmp_path / "daemon.json"
    path.write_text("{}")
    began = time.monotonic()
    with pytest.raises(LabError) as caught:
        stale_endpoints.forget(unit(tmp_path / "dockerd", "import sys; sys.exit('no space left')"), path)
    assert caught.value.faults == ["a dockerd without its store, which forgets lost endpoints, ended", "no space left"]
    assert time.monotonic() - began < 30
