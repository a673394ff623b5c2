# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.client import connect, is_local, wait_until_up
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.faults import find


class Dockerd(BaseHTTPRequestHandler):
    """A stand-in that knows its version, and nothing else."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        known = self.path.endswith("/version")
        body = json.dumps({"ApiVersion": "1.41"} if known else {"message": f"no {self.path}"}).encode()
        self.send_response(200 if known else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "test"

    def log_message(self, *_arguments: object) -> None:
        """Tests print nothing."""


@pytest.fixture
def docker_host(tmp_path: Path) -> Iterator[str]:
    with socketserver.ThreadingUnixStreamServer(str(tmp_path / "docker.sock"), Dockerd) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"unix://{tmp_path}/docker.sock"
        server.shutdown()


def test_a_dockerd_at_a_socket_is_of_this_machine(docker_host: str) -> None:
    client = connect(docker_host)
    try:
        assert is_local(client)
        wait_until_up(client)
        assert find(client.inspect_container, "web") is None
    finally:
        client.close()


def test_a_dockerd_that_does_not_run_is_named_by_its_socket(tmp_path) -> None:
    with pytest.raises(LabError, match=r"nothing listens on unix:///.*docker.sock .systemctl status"):
        connect(f"unix://{tmp_path}/docker.sock")
