# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How etcd is spoken to: endpoints in turn, what may be repeated, and one line for each way to fail."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml
from ansible_collections.emon.overlay_lab.plugins.doc_fragments.etcd import ModuleDocFragment
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import client as etcd_client

PARAMS: dict[str, Any] = {"endpoints": ["http://127.0.0.1:2379"], "timeout": 5.0}


class Handler(BaseHTTPRequestHandler):
    """Answers each path with what the table says, and counts connections."""

    protocol_version = "HTTP/1.1"
    answers: dict[str, tuple[int, bytes]] = {}  # noqa: RUF012
    connections = 0
    asked: list[str] = []  # noqa: RUF012

    def setup(self) -> None:
        type(self).connections += 1
        super().setup()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self._answer(*self.answers[self.path])

    def do_GET(self) -> None:
        self._answer(*self.answers.get(self.path, (404, b"404 page not found")))

    def _answer(self, status: int, body: bytes) -> None:
        type(self).asked.append(self.path)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        pass


def refusal(message: str, code: int) -> bytes:
    return json.dumps({"error": message, "message": message, "code": code}).encode()


@pytest.fixture
def server() -> Iterator[str]:
    Handler.connections = 0
    Handler.asked = []
    Handler.answers = {
        "/ok": (200, b'{"header": {}}'),
        "/no-leader": (503, refusal("etcdserver: no leader", 14)),
        "/timed-out": (503, refusal("etcdserver: request timed out", 14)),
        "/learner": (400, refusal("etcdserver: rpc not supported for learner", 9)),
        "/unhealthy": (503, refusal("etcdserver: unhealthy cluster", 14)),
        "/large": (400, refusal("etcdserver: request is too large", 3)),
        "/self": (503, refusal('connection error: desc = "transport"', 14)),
        "/other": (200, b"<html>"),
        "/list": (200, b"[]"),
        "/none": (404, b"404 page not found"),
    }
    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    http.server_close()


@pytest.fixture
def closed() -> str:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture
def silent() -> Iterator[str]:
    """Accepts connections and never answers, as an etcd does that has not joined yet."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def client(*endpoints: str, timeout: float = 10) -> etcd_client.Client:
    """``timeout``: short only where one of the endpoints is silent."""
    return etcd_client.Client(etcd_client.Access(endpoints, timeout=timeout))


def test_endpoints_are_tried_in_turn(server: str, closed: str, silent: str) -> None:
    assert client(closed, silent, server, timeout=3).v3("/ok", {}) == {"header": {}}


def test_one_connection_for_many_requests(server: str) -> None:
    one = client(server)
    for _ in range(3):
        one.v3("/ok", {})
    assert Handler.connections == 1


@pytest.mark.parametrize("path", ["/no-leader", "/timed-out", "/learner", "/self", "/none", "/other", "/list"])
def test_what_another_member_may_do_better_is_asked_of_all(server: str, path: str) -> None:
    with pytest.raises(LabError) as fault:
        client(server, server.replace("127.0.0.1", "localhost")).v3(path, {})
    assert len(fault.value.faults) == 2


@pytest.mark.parametrize("path", ["/no-leader", "/learner"])
def test_not_done_is_repeated_though_not_repeatable(server: str, path: str) -> None:
    with pytest.raises(LabError) as fault:
        client(server, server.replace("127.0.0.1", "localhost")).v3(path, {}, repeatable=False)
    assert len(fault.value.faults) == 2


def test_perhaps_done_is_not_repeated(server: str, silent: str) -> None:
    with pytest.raises(LabError, match="may have been carried out"):
        client(silent, server, timeout=0.3).v3("/ok", {}, repeatable=False)
    with pytest.raises(LabError, match="request timed out; the request may have been carried out"):
        client(server).v3("/timed-out", {}, repeatable=False)


def test_a_closed_port_did_nothing_for_sure(server: str, closed: str) -> None:
    assert client(closed, server).v3("/ok", {}, repeatable=False)


def test_no_change_of_membership_now(server: str) -> None:
    with pytest.raises(etcd_client.NotYet):
        client(server).v3("/unhealthy", {}, repeatable=False)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/large", "etcd refused: {url}: etcdserver: request is too large"),
        ("/none", "{url}: it answers 404 to /none: etcd 3.3 or later with enable-grpc-gateway is needed"),
        ("/self", "{url}: its JSON API cannot reach itself"),
    ],
)
def test_one_line_for_each_refusal(server: str, path: str, words: str) -> None:
    with pytest.raises(LabError) as fault:
        client(server).v3(path, {})
    assert str(fault.value).startswith(words.format(url=server))
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize(
    ("version", "path", "asked"),
    [
        ("3.3.25", "/v3beta/kv/range", ["/v3/kv/range", "/version", "/v3beta/kv/range", "/v3beta/kv/range"]),
        ("3.4.23", "/v3/kv/range", ["/v3/kv/range", "/v3/kv/range"]),
    ],
)
def test_the_prefix_is_what_this_etcd_has(server: str, version: str, path: str, asked: list[str]) -> None:
    not_found = (404, b"404 page not found")
    versions = json.dumps({"etcdserver": version, "etcdcluster": "not_decided"}).encode()
    Handler.answers |= {"/v3/kv/range": not_found, "/version": (200, versions), path: (200, b'{"header": {}}')}
    one = client(server)
    # Twice: it is asked for once, and over the same connection. What was not found was not done.
    assert [one.v3("/v3/kv/range", {}, repeatable=False) for _ in range(2)] == [{"header": {}}] * 2
    assert (Handler.asked, Handler.connections) == (asked, 1)


@pytest.mark.parametrize(
    ("version", "its"),
    [
        (b'{"etcdserver": "3.2.26", "etcdcluster": "3.2.0"}', " of etcd 3.2.26"),
        (b'{"etcdserver": "3.5.16", "etcdcluster": "3.5.0"}', " of etcd 3.5.16"),
        (b"<html>", ""),
        (b"[]", ""),
        (b'{"etcdserver": 3}', ""),
    ],
)
def test_an_etcd_without_the_json_api_is_told_with_its_version(server: str, version: bytes, its: str) -> None:
    Handler.answers |= {"/version": (200, version), "/v3/kv/range": (404, b"404 page not found")}
    with pytest.raises(LabError) as fault:
        client(server).v3("/v3/kv/range", {})
    assert str(fault.value) == (
        f"{server}: it answers 404 to /v3/kv/range{its}: etcd 3.3 or later with enable-grpc-gateway is needed"
    )


def test_one_line_for_each_silence(closed: str, silent: str, server: str) -> None:
    with pytest.raises(LabError) as fault:
        client(closed, silent, server.replace("http", "https"), "http://no.such.name.invalid:1", timeout=3).v3(
            "/ok", {}
        )
    refused, late, plain, unknown = fault.value.faults
    assert "connection refused: does etcd run on 127.0.0.1?" in refused
    assert "no answer within 3 s" in late
    assert "it does not speak TLS: write http://" in plain
    assert "the name no.such.name.invalid cannot be resolved" in unknown


@pytest.mark.parametrize(
    "url",
    [
        "10.0.0.116:2379",
        "ftp://10.0.0.116:2379",
        "http://10.0.0.116",
        "http://:2379",
        "http://x:99999",
        "http://x:1/v3",
    ],
)
def test_endpoints_of_another_form(url: str) -> None:
    with pytest.raises(LabError, match="is not of the form https://HOST:PORT"):
        etcd_client.parse(PARAMS | {"endpoints": [url]})


def test_all_faults_at_once() -> None:
    with pytest.raises(LabError) as fault:
        etcd_client.parse({"endpoints": ["x", "y"], "timeout": 0})
    assert len(fault.value.faults) == 3
    with pytest.raises(LabError, match="give one at least"):
        etcd_client.parse(PARAMS | {"endpoints": []})


def test_endpoints_are_taken_once() -> None:
    access = etcd_client.parse(PARAMS | {"endpoints": ["http://[::1]:2379/", "http://[::1]:2379"]})
    assert access.endpoints == ("http://[::1]:2379",)


@pytest.mark.parametrize(
    ("content", "words"), [(None, "cannot be read on this host: No such file"), ("text", "holds no certificate")]
)
def test_files_that_do_not_do(tmp_path: Path, content: str | None, words: str) -> None:
    path = tmp_path / "ca.crt"
    if content is not None:
        path.write_text(content)
    with pytest.raises(LabError, match=words):
        etcd_client.Client(etcd_client.Access(("https://127.0.0.1:1",), ca_cert=str(path)))


@pytest.mark.parametrize(
    ("number", "shown"), [("81821476131878582", "122b032f3d6b6b6"), (9, "9"), ("0", "0"), (None, "0")]
)
def test_ids_as_etcdctl_prints_them(number: str | int | None, shown: str) -> None:
    assert etcd_client.hex_id(number) == shown


def test_documentation_and_arguments_agree() -> None:
    documented = yaml.safe_load(ModuleDocFragment.DOCUMENTATION)["options"]
    for options in (documented, etcd_client.ARGUMENTS):
        assert list(options) == ["endpoints", "ca_cert", "client_cert", "client_key", "timeout"]
    for name, spec in etcd_client.ARGUMENTS.items():
        assert spec == {key: value for key, value in documented[name].items() if key != "description"}
