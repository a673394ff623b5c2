# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The one way to dockerd: a client that negotiates its API version, and errors of one line with a remedy."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.libraries import declare

from .unix_socket import DockerSocket, NotThere

if TYPE_CHECKING:
    from docker.api.client import APIClient

# Not imported here: on a host that costs 0.35 s, in each task, and most tasks only read.
with declare("docker"):
    if find_spec("docker") is None:
        raise ImportError("docker")

_UNIX = "unix://"
DEFAULT_HOST = "unix:///var/run/docker.sock"
# A restart of dockerd takes 1 to 3 s, and more where containers have to be stopped.
_RESTART_SECONDS = 60
_POLL_SECONDS = 0.2

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


class Client:
    """dockerd, in the API's own terms. What only reads goes over its socket; the SDK is loaded by the first change."""

    def __init__(self, docker_host: str, timeout: int) -> None:
        self._docker_host = docker_host
        self._timeout = timeout
        # The SDK knows the other ways to dockerd.
        self._socket = DockerSocket(docker_host.removeprefix(_UNIX), timeout) if docker_host.startswith(_UNIX) else None

    @property
    def local(self) -> bool:
        """Whether dockerd is on this machine, so that its containers' processes are among this machine's."""
        return self._socket is not None

    @property
    def _reader(self) -> DockerSocket | APIClient:
        return self._socket or self._sdk

    @cached_property
    def _sdk(self) -> APIClient:
        from docker.api.client import APIClient

        try:
            return APIClient(base_url=self._docker_host, version="auto", timeout=self._timeout)
        # TypeError: an SDK that does not fit its requests.
        except _sdk_errors(TypeError) as error:
            raise LabError(_line(error, self._docker_host, self._timeout)) from error

    def version(self) -> dict[str, Any]:
        return self._reader.version()

    def info(self) -> dict[str, Any]:
        return self._reader.info()

    def containers(self, all: bool = False, filters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        return self._reader.containers(all=all, filters=filters)

    def networks(self, names: list[str] | None = None, filters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        return self._reader.networks(names=names, filters=filters)

    def inspect_container(self, container: str) -> dict[str, Any]:
        return self._reader.inspect_container(container)

    def inspect_network(self, net_id: str) -> dict[str, Any]:
        return self._reader.inspect_network(net_id)

    def inspect_image(self, image: str) -> dict[str, Any]:
        return self._reader.inspect_image(image)

    def inspect_swarm(self) -> dict[str, Any]:
        return self._reader.inspect_swarm()

    def nodes(self) -> list[dict[str, Any]]:
        return self._reader.nodes()

    def services(self) -> list[dict[str, Any]]:
        return self._reader.services()

    def __getattr__(self, name: str) -> Any:
        """Everything that changes something is the SDK's."""
        return getattr(self._sdk, name)


def connect(docker_host: str = DEFAULT_HOST, timeout: int = 60) -> Client:
    """A client of a dockerd that answers.

    ``timeout``: seconds an answer may take. LabError: dockerd is down, may not be used, or the libraries do not fit.
    """
    client = Client(docker_host, timeout)
    try:
        client.version()
    except LabError as error:
        if isinstance(error.__cause__, OSError):
            raise LabError(_line(error.__cause__, docker_host, timeout)) from error
        raise
    return client


@contextmanager
def reported(what: str) -> Iterator[None]:
    """Turn what dockerd refuses inside the block into one line: ``what: its reason``."""
    try:
        yield
    except LabError:
        raise
    except _sdk_errors() as error:
        raise LabError(f"{what}: {_line(error)}") from error


def unanswered(error: LabError) -> bool:
    """Whether dockerd went away before it answered, so that it may have done what it was asked for, or not."""
    from docker.errors import APIError

    return isinstance(error.__cause__, OSError) and not isinstance(error.__cause__, APIError)


def wait_until_up(client: Client) -> None:
    """Before something is put right after an error, which may be that dockerd restarts. LabError: it stays down."""
    deadline = time.monotonic() + _RESTART_SECONDS
    while True:
        try:
            client.version()
            return
        except LabError:
            if time.monotonic() > deadline:
                raise
        time.sleep(_POLL_SECONDS)


def find(inspect: Callable[[str], dict[str, Any]], name: str) -> dict[str, Any] | None:
    """What ``inspect`` (``client.inspect_container``, ...) says of ``name``; None if there is no such thing."""
    try:
        with reported(name):
            return inspect(name)
    except LabError as error:
        if isinstance(error, NotThere) or isinstance(error.__cause__, _not_found()):
            return None
        raise


def _sdk_errors(*others: type[Exception]) -> tuple[type[Exception], ...]:
    """What the SDK raises. Asked for only when something was raised, so reading never imports the SDK."""
    from docker.errors import DockerException
    from requests.exceptions import RequestException

    return (DockerException, RequestException, *others)


def _not_found() -> type[Exception]:
    from docker.errors import NotFound

    return NotFound


def _line(error: Exception, docker_host: str = "its socket", timeout: int | None = None) -> str:
    explanation = getattr(error, "explanation", None)
    if explanation is not None:
        text = explanation.decode(errors="replace") if isinstance(explanation, bytes) else str(explanation)
        return " ".join(text.split())
    text = " ".join(f"{type(error).__name__}: {error}".split())
    for signs, meaning in _MEANINGS:
        if any(sign in text for sign in signs):
            return meaning.format(host=docker_host, timeout="the given" if timeout is None else timeout)
    return text
