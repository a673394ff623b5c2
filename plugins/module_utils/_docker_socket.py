# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Reading Docker's state over its unix socket.

The docker SDK costs 100 ms to import, the standard library's HTTP client 5 ms: what only reads uses this.
"""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any
from urllib.parse import quote, urlencode

from ansible_collections.emon.overlay_lab.plugins.module_utils._errors import LabError

SOCKET = "/var/run/docker.sock"
# An answer takes milliseconds; a dockerd that waits for its store may hold a request for longer.
_SECONDS = 20


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str) -> None:
        super().__init__("localhost", timeout=_SECONDS)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class DockerSocket:
    """One connection to dockerd, opened by the first question and kept for the others."""

    def __init__(self, path: str = SOCKET) -> None:
        self.path = path
        self._connection = _UnixConnection(path)

    def __enter__(self) -> DockerSocket:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._connection.close()

    def container(self, name: str) -> dict[str, Any] | None:
        """What `docker inspect` says of a container; None where there is none of that name."""
        return self._get(f"/containers/{quote(name, safe='')}/json")

    def containers(self) -> list[dict[str, Any]]:
        """What `docker ps --all` says."""
        return self._get("/containers/json?all=true") or []

    def networks(self, names: list[str]) -> list[dict[str, Any]]:
        """What `docker network ls` says of the networks of these names: two of one name are two entries."""
        found = self._get("/networks?" + urlencode({"filters": json.dumps({"name": names})})) or []
        # Docker's filter also matches parts of a name.
        return [network for network in found if network["Name"] in names]

    def _get(self, path: str) -> Any:
        """The decoded answer; None where Docker knows no such thing.

        Raises LabError with dockerd's own sentence, or with why dockerd does not answer.
        """
        try:
            self._connection.request("GET", path)
            response = self._connection.getresponse()
            body = json.loads(response.read() or b"null")
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._connection.close()
            reason = getattr(error, "strerror", None) or error
            raise LabError(f"dockerd does not answer at {self.path} ({reason}): start it, or use become") from error
        if response.status == http.client.NOT_FOUND:
            return None
        if response.status != http.client.OK:
            sentence = body.get("message") if isinstance(body, dict) else body
            raise LabError(f"dockerd refused {path}: {sentence}")
        return body
