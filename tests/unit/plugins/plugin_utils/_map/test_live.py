# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The map that follows a lab: what is read, and who is answered."""

from __future__ import annotations

import http.client
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._map import live, model
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._map.live import Follower, Server
from ansible_collections.emon.overlay_lab.tests.unit.plugins.plugin_utils._map import labs, traces


def write(path: Path, read: str = "now", up: bool = True) -> None:
    lab = labs.lab()
    views = labs.views(lab)
    views["emon2"]["networks"][0]["vxlans"][0]["up"] = up
    path.write_text(json.dumps(model.build(lab, views, {}, read)), encoding="utf-8")


def reading(path: Path) -> Follower:
    """Its command copies a file to where the map is wanted."""
    return Follower(["sh", "-c", 'cp "$0" "${1#map_file=}"', str(path)])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    write(tmp_path / "map.json")
    follower = reading(tmp_path / "map.json")
    assert follower.read() == ""
    with Server(follower, 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        follower.end()
        server.shutdown()
        thread.join()


def ask(server: Server, path: str, host: str = "127.0.0.1") -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
    connection.request("GET", path, headers={"Host": host})
    return connection.getresponse()


def test_only_what_changed_is_sent(tmp_path: Path) -> None:
    path = tmp_path / "map.json"
    write(path)
    follower = reading(path)
    assert follower.read() == ""
    seen, first = follower.next_event(-1)
    assert sorted(first) == ["data", "subtitle", "svg", "trace"]
    write(path, read="later")
    assert follower.read() == ""
    assert "later" in follower.subtitle
    write(path, up=False)
    assert follower.read() == ""
    number, told = follower.next_event(seen)
    assert number == seen + 1
    assert [one["element"] for one in told["data"]["differences"]] == ["vxlan:emon2/demo"]


def test_a_trace_is_told_that_is_made_meanwhile(tmp_path: Path) -> None:
    write(tmp_path / "map.json")
    file = tmp_path / "trace.json"
    file.write_text("{}", encoding="utf-8")
    follower = Follower(reading(tmp_path / "map.json").command, file)
    assert follower.read() == ""
    follower.look()
    seen, first = follower.next_event(-1)
    assert first["trace"] is None
    report = traces.report(follower.model or {}, ("request", 8))
    file.write_text(json.dumps(report), encoding="utf-8")
    follower.look()
    seen, told = follower.next_event(seen)
    assert told["trace"]["verdict"] == "test1 does not reach test2: lost at hop 8"
    assert told["trace"]["hops"][told["trace"]["steps"][-1]["hop"]]["elements"] == ["vxlan:emon2/demo"]
    # A reading that finds nothing new tells no trace again.
    assert follower.read() == ""
    assert follower.next_event(seen)[0] == seen


@pytest.mark.parametrize(
    ("content", "said"), [("no JSON", "is no report of a trace"), ("[]", "is no report of a trace"), ("other", "now")]
)
def test_a_file_that_is_no_trace_of_the_lab_is_not_shown(content: str, said: str, tmp_path: Path) -> None:
    write(tmp_path / "map.json")
    file = tmp_path / "trace.json"
    follower = Follower(reading(tmp_path / "map.json").command, file)
    assert follower.read() == ""
    other = {**traces.report(follower.model or {}), "lab": "other"}
    file.write_text(json.dumps(other) if content == "other" else content, encoding="utf-8")
    follower.look()
    _seen, told = follower.next_event(-1)
    assert (told["trace"], said in told["subtitle"]) == (None, True)


@pytest.mark.parametrize(
    ("script", "said"),
    [("echo no such lab >&2; exit 4", "no such lab"), ("exit 3", "it ended with exit code 3"), ("true", "exit code 0")],
)
def test_a_reading_that_fails_says_why(script: str, said: str) -> None:
    assert said in Follower(["sh", "-c", script]).read()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def child_of(path: Path) -> int:
    """Ansible's workers, and their ssh."""
    for _attempt in range(100):
        if path.exists() and path.read_text():
            return int(path.read_text())
        time.sleep(0.1)
    pytest.fail("it did not start")


def test_a_reading_ends_that_is_ended_while_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    follower = Follower(["sleep", "60"])

    class Starting(subprocess.Popen[str]):
        def __init__(self, *options: Any, **named: Any) -> None:
            super().__init__(["sleep", "60"], **named)
            follower.end()

    monkeypatch.setattr(live.subprocess, "Popen", Starting)
    began = time.monotonic()
    follower.read()
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("in_time", [False, True])
def test_what_a_reading_started_ends_with_it(in_time: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "_READ_SECONDS", 60 if in_time else 1)
    # Not of those who write where the reading's faults are read: else it would be waited for.
    script = f"sleep 60 2>/dev/null & echo $! >{tmp_path}/child; wait"
    follower = Follower(["sh", "-c", script])
    said: list[str] = []
    thread = threading.Thread(target=lambda: said.append(follower.read()))
    thread.start()
    child = child_of(tmp_path / "child")
    if in_time:
        follower.end()
    thread.join(30)
    assert said and (in_time or said == ["no answer within 1 s"])
    for _attempt in range(50):
        if not alive(child):
            break
        time.sleep(0.1)
    assert not alive(child)


def test_the_end_ends_a_reading() -> None:
    follower = Follower(["sh", "-c", "exec sleep 60"])
    thread = threading.Thread(target=follower.follow)
    thread.start()
    for _attempt in range(100):
        if follower.reads:
            break
        thread.join(0.1)
    follower.end()
    thread.join(10)
    assert not thread.is_alive()


def test_the_page(server: Server) -> None:
    answer = ask(server, "/")
    text = answer.read().decode()
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "connect-src 'self'" in text
    assert 'class="map page" data-live' in text


def test_the_first_event_has_everything(server: Server) -> None:
    answer = ask(server, "/events", "localhost")
    assert answer.headers["Content-Type"] == "text/event-stream"
    line = answer.fp.readline().decode()
    assert line.startswith("data: ")
    assert sorted(json.loads(line.removeprefix("data: "))) == ["data", "subtitle", "svg", "trace"]


@pytest.mark.parametrize(
    ("path", "host", "status"),
    [("/", "lab.example", 403), ("/events", "10.0.0.1", 403), ("/etc/passwd", "localhost", 404)],
)
def test_what_is_not_answered(server: Server, path: str, host: str, status: int) -> None:
    assert ask(server, path, host).status == status


def test_it_listens_on_the_loopback_alone(server: Server) -> None:
    assert server.server_address[0] == "127.0.0.1"
