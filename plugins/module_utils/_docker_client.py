# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The one way to dockerd: a client that negotiates its API version, and errors of one line with a remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._deps import declare
from ansible_collections.emon.overlay_lab.plugins.module_utils._errors import LabError

with declare("docker"):
    # The low-level client is enough, and talks in the API's own terms.
    from docker.api.client import APIClient
    from docker.errors import APIError, DockerException, NotFound
    from requests.exceptions import RequestException

DEFAULT_HOST = "unix:///var/run/docker.sock"

# Put in front of a module's own argument spec; documented in doc_fragments/docker.py.
DOCKER_ARGUMENTS: dict[str, dict[str, Any]] = {
    "docker_host": {"type": "str", "default": DEFAULT_HOST},
    "timeout": {"type": "int", "default": 60},
}

# What the daemon or the libraries say -> what it means and what a person does about it. First match counts.
_MEANINGS = (
    (
        ("Not supported URL scheme http+docker", "unexpected keyword argument 'chunked'"),
        "the Python libraries docker and requests/urllib3 do not fit together (docker before 7.1.0 breaks with"
        " requests 2.32): use the distribution's packages, or pip install 'docker>=7.1.0'",
    ),
    (("PermissionError", "Permission denied"), "no permission to use {host}: become root"),
    (
        ("FileNotFoundError", "ConnectionRefusedError"),
        "dockerd does not run: nothing listens on {host} (systemctl status docker.service)",
    ),
    (
        ("RemoteDisconnected", "ConnectionResetError", "BrokenPipeError"),
        "dockerd hung up (does it restart?); run again",
    ),
    (("Read timed out", "ReadTimeout"), "dockerd did not answer within {timeout} s: raise timeout, or see its log"),
)


def connect(docker_host: str = DEFAULT_HOST, timeout: int = 60) -> APIClient:
    """A client of the newest API version that library and daemon share.

    ``timeout``: seconds an answer may take. LabError: dockerd is down, may not be used, or the libraries do not fit.
    """
    try:
        return APIClient(base_url=docker_host, version="auto", timeout=timeout)
    except (DockerException, RequestException, TypeError) as error:
        raise LabError(_line(error, docker_host, timeout)) from error


@contextmanager
def reported(what: str) -> Iterator[None]:
    """Turn what dockerd refuses inside the block into one line: ``what: its reason``."""
    try:
        yield
    except (DockerException, RequestException) as error:
        raise LabError(f"{what}: {_line(error)}") from error


def find(inspect: Callable[[str], dict[str, Any]], name: str) -> dict[str, Any] | None:
    """What ``inspect`` (``client.inspect_container``, ...) says of ``name``; None if there is no such thing."""
    try:
        with reported(name):
            return inspect(name)
    except LabError as error:
        if isinstance(error.__cause__, NotFound):
            return None
        raise


def _line(error: Exception, docker_host: str = "its socket", timeout: int | None = None) -> str:
    explanation = getattr(error, "explanation", None) if isinstance(error, APIError) else None
    if explanation is not None:
        text = explanation.decode(errors="replace") if isinstance(explanation, bytes) else str(explanation)
        return " ".join(text.split())
    text = " ".join(f"{type(error).__name__}: {error}".split())
    for signs, meaning in _MEANINGS:
        if any(sign in text for sign in signs):
            return meaning.format(host=docker_host, timeout="the given" if timeout is None else timeout)
    return text
