# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Reading dockerd over its unix socket by hand, for what has to work on hosts without the SDK.

host_info looks at hosts before any package is installed, and somebody's dockerd may run there; lab_status,
overlay_state, reachability and packet_capture need no library, either. All else asks by the SDK (see client).

It is the cheaper way as well. Measured on Debian 12 (docker 5.0.3, best of 60 processes): import and six answers take
0.04 s of processor time, with the SDK 0.13 s.
"""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any
from urllib.parse import quote, urlencode

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

from .faults import NotThere, exactly

SOCKET = "/var/run/docker.sock"
# An answer takes milliseconds. A dockerd that waits for its store may hold a request for longer, and one that waits for
# a swarm's managers does for 20 s.
_SECONDS = 30


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class DockerSocket:
    """One connection to dockerd, opened by the first question and kept for the others.

    The methods are those of the docker SDK's APIClient by name, options and answer, as far as they only read. They
    raise NotThere for what dockerd does not know, and LabError with its own sentence, or with why it does not answer.
    """

    def __init__(self, path: str = SOCKET, seconds: float = _SECONDS) -> None:
        self.path = path
        self._connection = _UnixConnection(path, seconds)

    def __enter__(self) -> DockerSocket:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._connection.close()

    def info(self) -> dict[str, Any]:
        return self._get("/info")

    def containers(self, all: bool = False, filters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        return self._get("/containers/json?" + urlencode({"all": int(all), "filters": _filters(filters)}))

    def networks(self, names: list[str] | None = None, filters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        wanted = {**(filters or {}), **({"name": names} if names else {})}
        found = self._get("/networks?" + urlencode({"filters": _filters(wanted)}))
        # Docker's filter also matches parts of a name.
        return [network for network in found if not names or network["Name"] in names]

    def inspect_network(self, network: str) -> dict[str, Any]:
        return self._get(f"/networks/{quote(network, safe='')}")

    def images(self) -> list[dict[str, Any]]:
        return self._get("/images/json")

    def nodes(self) -> list[dict[str, Any]]:
        return self._get("/nodes")

    def inspect_container(self, container: str) -> dict[str, Any]:
        return self._get(f"/containers/{quote(container, safe='')}/json")

    def inspect_image(self, image: str) -> dict[str, Any]:
        return self._get(f"/images/{quote(image, safe='')}/json")

    def container(self, name: str) -> dict[str, Any] | None:
        """What `docker inspect` says of a container; None where there is none of that name or id."""
        try:
            return exactly(name, self.inspect_container(name))
        except NotThere:
            return None

    def _get(self, path: str) -> Any:
        try:
            try:
                status, body = self._ask(path)
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
                # A kept connection falls when dockerd restarts; reading twice does no harm.
                self._connection.close()
                status, body = self._ask(path)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._connection.close()
            reason = getattr(error, "strerror", None) or error
            raise LabError(f"dockerd does not answer at {self.path} ({reason}): start it, or use become") from error
        sentence = body.get("message") if isinstance(body, dict) else body
        if status == http.client.NOT_FOUND:
            raise NotThere(str(sentence))
        if status != http.client.OK:
            raise LabError(f"dockerd refused {path}: {sentence}")
        return body

    def _ask(self, path: str) -> tuple[int, Any]:
        self._connection.request("GET", path)
        response = self._connection.getresponse()
        return response.status, json.loads(response.read() or b"null")


def _filters(wanted: dict[str, Any] | None) -> str:
    """The API takes a list for each filter; the SDK's callers may give a single value."""
    return json.dumps({key: value if isinstance(value, list) else [value] for key, value in (wanted or {}).items()})
