# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's part: where an archive comes from, and whether it is the one that is meant."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._archive import content, source
from ansible_collections.emon.overlay_lab.plugins.module_utils._archive.source import Found
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

NAME = "docker-20.10.24.tgz"
TEXT = b"an archive"
SHA256 = hashlib.sha256(TEXT).hexdigest()
OTHER = "0" * 64


class Server(BaseHTTPRequestHandler):
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if not self.path.endswith(NAME):
            self.send_error(404)
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(TEXT)

    def log_message(self, *_words: object) -> None:
        pass


@pytest.fixture
def url() -> Iterator[str]:
    Server.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(autouse=True)
def _whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "read", lambda _path, _kind: content.Content("x86_64", 250_400_000))


def test_it_is_fetched_once(tmp_path: Path, url: str) -> None:
    path = tmp_path / SHA256 / NAME
    found = Found(path, "x86_64", 251, fetched=True)
    assert source.get("docker", f"{url}/a/{NAME}", SHA256, tmp_path) == found
    assert path.read_bytes() == TEXT
    assert source.get("docker", f"{url}/a/{NAME}", SHA256, tmp_path) == replace(found, fetched=False)
    assert Server.asked == [f"/a/{NAME}"]


def test_one_that_was_damaged_in_the_cache_is_fetched_again(tmp_path: Path, url: str) -> None:
    source.get("docker", f"{url}/{NAME}", SHA256, tmp_path)
    (tmp_path / SHA256 / NAME).write_bytes(b"damaged")
    assert source.get("docker", f"{url}/{NAME}", SHA256, tmp_path).fetched
    assert (tmp_path / SHA256 / NAME).read_bytes() == TEXT


def test_a_file_is_read_where_it_is(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(TEXT)
    found = source.get("docker", str(tmp_path / NAME), SHA256, tmp_path / "cache")
    assert (found.path, found.fetched) == (tmp_path / NAME, False)
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize(
    ("name", "sha256", "words"),
    [
        (NAME, OTHER, f"its sha256 is {SHA256}, and the lab file says {OTHER}"),
        ("no.tgz", SHA256, "it cannot be fetched: the server answers 404 Not Found"),
    ],
)
def test_what_is_not_meant_is_one_line_and_not_kept(
    tmp_path: Path, url: str, name: str, sha256: str, words: str
) -> None:
    with pytest.raises(LabError) as raised:
        source.get("docker", f"{url}/{name}", sha256, tmp_path)
    (line,) = raised.value.faults
    assert line.startswith(f"docker.archive: {url}/{name}: {words}")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_server_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"it cannot be fetched: .*Connection refused"):
        source.get("docker", f"http://127.0.0.1:9/{NAME}", SHA256, tmp_path)


@pytest.mark.parametrize(("there", "words"), [(False, "there is no such file"), (True, f"its sha256 is {SHA256}")])
def test_a_file_that_is_not_meant_is_one_line(tmp_path: Path, there: bool, words: str) -> None:
    if there:
        (tmp_path / NAME).write_bytes(TEXT)
    with pytest.raises(LabError) as raised:
        source.get("docker", str(tmp_path / NAME), OTHER, tmp_path)
    (line,) = raised.value.faults
    assert line.startswith(f"docker.archive: {tmp_path / NAME}: {words}")
