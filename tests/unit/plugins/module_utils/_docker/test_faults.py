# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess
import sys

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.faults import NotThere, find, reported
from docker.errors import APIError, DockerException, NotFound
from requests.exceptions import ConnectionError as RequestsConnectionError
from requests.exceptions import ReadTimeout


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (APIError("500", explanation="port is\n already allocated"), "web: port is already allocated"),
        (APIError("500", explanation=b"no such driver"), "web: no such driver"),
        (
            DockerException("Error while fetching server API version: Not supported URL scheme http+docker"),
            "web: the Python libraries docker and requests/urllib3 do not fit together",
        ),
        (
            DockerException("('Connection aborted.', PermissionError(13, 'Permission denied'))"),
            "web: no permission to use",
        ),
        (
            RequestsConnectionError("('Connection aborted.', RemoteDisconnected('Remote end closed connection'))"),
            "web: dockerd hung up",
        ),
        (
            ReadTimeout("UnixHTTPConnectionPool: Read timed out. (read timeout=60)"),
            "web: dockerd did not answer within 60 s",
        ),
        (DockerException("something new"), "web: DockerException: something new"),
    ],
)
def test_what_dockerd_refuses_is_one_line(error: Exception, line: str) -> None:
    with pytest.raises(LabError) as caught, reported("web"):
        raise error
    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)


def test_what_is_not_there_is_none_and_other_errors_are_errors() -> None:
    def missing(name: str) -> dict[str, str]:
        raise NotFound("", explanation=f"No such container: {name}")

    def broken(name: str) -> dict[str, str]:
        raise APIError("500", explanation="out of order")

    assert find(missing, "web") is None
    assert find(lambda name: {"Name": name}, "web") == {"Name": "web"}
    with pytest.raises(LabError, match="web: out of order"):
        find(broken, "web")


def test_what_is_not_there_is_told_apart() -> None:
    with pytest.raises(NotThere, match="web: no such thing"), reported("web"):
        raise NotFound("", explanation="no such thing")


def test_without_the_sdk_refusals_are_lines_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(name: str) -> dict[str, str]:
        raise LabError(f"dockerd refused /images/{name}/json: out of order")

    monkeypatch.setitem(sys.modules, "docker", None)
    monkeypatch.setitem(sys.modules, "docker.errors", None)
    with pytest.raises(LabError, match="out of order"):
        find(broken, "web")
    with pytest.raises(KeyError), reported("web"):
        raise KeyError("Swarm")


def test_what_has_to_work_without_the_sdk_does_not_load_it() -> None:
    modules = "ansible_collections.emon.overlay_lab.plugins.modules"
    script = f"""
import sys
sys.path[:] = {sys.path!r}
from {modules} import host_info, overlay_state, packet_capture, reachability
sys.exit("docker" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
