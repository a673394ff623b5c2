# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The way to dockerd: the SDK's low-level client, in the API's own terms. What has to do without: unix_socket."""

from __future__ import annotations

import time
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.libraries import declare

from .faults import line, reported

with declare("docker"):
    from docker.api.client import APIClient
    from docker.errors import DockerException
    from requests.exceptions import RequestException

DEFAULT_HOST = "unix:///var/run/docker.sock"
# A restart of dockerd takes 1 to 3 s, and more where containers have to be stopped.
_RESTART_SECONDS = 60
_POLL_SECONDS = 0.2
# What the SDK makes of any unix:// address.
LOCAL = "http+docker://localhost"

# Put in front of a module's own argument spec; documented in doc_fragments/docker.py.
DOCKER_ARGUMENTS: dict[str, dict[str, Any]] = {
    "docker_host": {"type": "str", "default": DEFAULT_HOST},
    "timeout": {"type": "int", "default": 300},
}


def connect(docker_host: str = DEFAULT_HOST, timeout: int = 300) -> APIClient:
    """A client of a dockerd that answers: it was asked for its API version.

    ``timeout``: seconds an answer may take. LabError: dockerd is down, may not be used, or the libraries do not fit.
    """
    try:
        return APIClient(base_url=docker_host, version="auto", timeout=timeout)
    # TypeError: an SDK that does not fit its requests.
    except (DockerException, RequestException, TypeError) as error:
        raise LabError(line(error, docker_host)) from error


def is_local(client: APIClient) -> bool:
    """Whether dockerd is on this machine, so that its containers' processes are among this machine's."""
    return client.base_url == LOCAL


def wait_until_up(client: APIClient) -> None:
    """Wait for dockerd before an error is repaired: the error may be its restart. LabError: it stays down."""
    deadline = time.monotonic() + _RESTART_SECONDS
    while True:
        try:
            with reported("dockerd's version"):
                client.version()
            return
        except LabError:
            if time.monotonic() > deadline:
                raise
        time.sleep(_POLL_SECONDS)
