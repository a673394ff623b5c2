# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What dockerd refuses, or why it does not answer: one line, with a remedy where there is one."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

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


class NotThere(LabError):
    """dockerd knows no such thing."""


@contextmanager
def reported(what: str) -> Iterator[None]:
    """Turn what dockerd refuses inside the block into one line: ``what: its reason``.

    Raises NotThere for what dockerd does not know, LabError for all else.
    """
    try:
        yield
    except LabError:
        raise
    except _sdk_errors() as error:
        from docker.errors import NotFound

        kind = NotThere if isinstance(error, NotFound) else LabError
        raise kind(f"{what}: {line(error)}") from error


def find(inspect: Callable[[str], dict[str, Any]], name: str) -> dict[str, Any] | None:
    """What ``inspect`` (``client.inspect_container``, ...) says of ``name``; None if there is no such thing."""
    try:
        with reported(name):
            return inspect(name)
    except NotThere:
        return None


def exactly(name: str, container: dict[str, Any] | None) -> dict[str, Any] | None:
    """Docker also takes the beginning of an id for a name, and that container may be anybody's."""
    return container if container and name in (container["Name"].lstrip("/"), container["Id"]) else None


def unanswered(error: LabError) -> bool:
    """Whether dockerd ended before it answered, so that it is unknown whether it has carried out the request."""
    from docker.errors import APIError

    return isinstance(error.__cause__, OSError) and not isinstance(error.__cause__, APIError)


def line(error: Exception, docker_host: str = "its socket") -> str:
    """The SDK's error in one line."""
    explanation = getattr(error, "explanation", None)
    if explanation is not None:
        text = explanation.decode(errors="replace") if isinstance(explanation, bytes) else str(explanation)
        return " ".join(text.split())
    text = " ".join(f"{type(error).__name__}: {error}".split())
    for signs, meaning in _MEANINGS:
        if any(sign in text for sign in signs):
            waited = re.search(r"read timeout=(\d+)", text)
            return meaning.format(host=docker_host, timeout=waited[1] if waited else "some")
    return text


def _sdk_errors() -> tuple[type[Exception], ...]:
    """What the SDK raises; nothing where it is not loaded, as in what reads over the socket by hand."""
    if not sys.modules.get("docker.errors"):
        return ()
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    return (DockerException, RequestException)
