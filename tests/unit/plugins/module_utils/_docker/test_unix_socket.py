# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import socketserver
import threading
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.faults import NotThere
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.unix_socket import DockerSocket


class Dockerd(BaseHTTPRequestHandler):
    """A stand-in that answers with what it was asked; the real one is met by the integration targets."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        status = {"/containers/none/json": 404, "/info": 500}.get(url.path, 200)
        answer: object = {"message": "so it is"} if status != 200 else [{"Name": "demo", "query": parse_qs(url.query)}]
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "test"

    def log_message(self, *_arguments: object) -> None:
        """Tests print nothing."""


@pytest.fixture
def docker(tmp_path):
    path = str(tmp_path / "docker.sock")
    with socketserver.ThreadingUnixStreamServer(path, Dockerd) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with DockerSocket(path) as docker:
            yield docker
        server.shutdown()


@pytest.mark.parametrize(
    ("ask", "filters"),
    [
        (lambda docker: docker.networks(filters={"driver": "overlay"}), {"driver": ["overlay"]}),
        (lambda docker: docker.networks(names=["demo"]), {"name": ["demo"]}),
        (lambda docker: docker.containers(all=True, filters={"label": ["a", "b"]}), {"label": ["a", "b"]}),
        (lambda docker: docker.containers(), {}),
    ],
)
def test_filters_are_lists_as_the_api_wants_them(docker, ask, filters) -> None:
    assert json.loads(ask(docker)[0]["query"]["filters"][0]) == filters


def test_a_part_of_a_name_is_not_the_network(docker) -> None:
    assert docker.networks(names=["dem"]) == []


def test_what_is_not_there_and_what_is_refused(docker) -> None:
    assert docker.container("none") is None
    with pytest.raises(NotThere, match="so it is"):
        docker.inspect_container("none")
    with pytest.raises(LabError, match="dockerd refused /info: so it is"):
        docker.info()
