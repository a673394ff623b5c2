# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.faults import NotThere
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.unix_socket import DockerSocket
from ansible_collections.emon.overlay_lab.tests.unit.plugins.module_utils._docker.stand_in import listening

DB = {"Id": "db3f0c", "Name": "/web"}


@pytest.fixture
def docker(tmp_path: Path) -> Iterator[DockerSocket]:
    """It answers with what it was asked; the real one is met by the integration targets."""

    def answer(asked: str) -> tuple[int, Any]:
        url = urlsplit(asked)
        if url.path in [f"/containers/{name}/json" for name in ("db", "db3f0c", "web")]:
            return 200, DB
        status = {"/containers/none/json": 404, "/info": 500}.get(url.path, 200)
        return status, {"message": "so it is"} if status != 200 else [{"Name": "demo", "query": parse_qs(url.query)}]

    with listening(tmp_path / "docker.sock", answer), DockerSocket(str(tmp_path / "docker.sock")) as docker:
        yield docker


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


@pytest.mark.parametrize(("name", "found"), [("web", DB), ("db3f0c", DB), ("db", None)])
def test_the_beginning_of_an_id_is_not_the_container(docker, name: str, found: dict[str, str] | None) -> None:
    assert docker.container(name) == found


def test_what_is_not_there_and_what_is_refused(docker) -> None:
    assert docker.container("none") is None
    with pytest.raises(NotThere, match="so it is"):
        docker.inspect_container("none")
    with pytest.raises(LabError, match="dockerd refused /info: so it is"):
        docker.info()
