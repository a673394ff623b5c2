# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""The map in a browser, as the lab changes: a server on this machine alone, which reads the lab again and again.

The page follows by server-sent events. Each is a JSON object: all that the page draws, with the last trace that was
made meanwhile, or where nothing has changed, only its line below the title.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from . import page
from .layout import subtitle
from .model import Model
from .traced import traced

ADDRESS = "127.0.0.1"
# Between the end of a reading and the next. On two hosts one takes two seconds; what changes meanwhile is seen by the
# next.
_PAUSE = 0.5
_READ_SECONDS = 120
# A browser that went away is noticed when something is sent to it.
_KEEP_ALIVE = 10.0
# Of the file of a trace.
_LOOK_SECONDS = 0.3


class Follower:
    """Reads the lab, and tells whoever waits. ``command``: writes the map as JSON to the file whose name comes last.

    ``traces``: the file in which a trace leaves its report. One that was there before may be long outdated.
    """

    def __init__(self, command: Sequence[str], traces: Path | None = None) -> None:
        self.command = command
        self._traces = traces
        self._traced_at = self._trace_time()
        self._report: dict[str, Any] | None = None
        self._changed = threading.Condition()
        self._over = threading.Event()
        self._process: subprocess.Popen[str] | None = None
        self._number = 0
        self._picture: dict[str, Any] = {}
        self.model: Model | None = None
        self.subtitle = ""

    def read(self) -> str:
        """Read once; why it did not succeed, '' if it did."""
        with tempfile.TemporaryDirectory(prefix="overlay-lab-map.") as folder:
            path = Path(folder) / "map.json"
            # Not by programs.run: it is Ansible, in the person's environment, and another thread may end it. A session
            # of its own: an interrupt ends this program, which then ends the reading.
            with subprocess.Popen(
                [*self.command, f"map_file={path}"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                start_new_session=True,
            ) as self._process:
                # Who ended it while the process started has found none.
                if self.over:
                    self._end_with(signal.SIGTERM)
                try:
                    _nothing, said = self._process.communicate(timeout=_READ_SECONDS)
                except subprocess.TimeoutExpired:
                    self._end_with(signal.SIGKILL)
                    return f"no answer within {_READ_SECONDS} s"
            if self._process.returncode or not path.exists():
                return " ".join(said.split()[-60:]) or f"it ended with exit code {self._process.returncode}"
            self._take(json.loads(path.read_text(encoding="utf-8")))
        return ""

    def _take(self, model: Model) -> None:
        with self._changed:
            self.model, self.subtitle = model, subtitle(model)
            picture = {
                "svg": page.picture(model),
                "data": {**page.data(model), "subtitle": ""},
                "trace": self._report and {"id": self._traced_at, **traced(model, self._report)},
            }
            if picture != self._picture:
                self._picture = picture
                self._number += 1
            self._changed.notify_all()

    def follow(self) -> None:
        """Read until it is over."""
        while not self._over.wait(_PAUSE):
            if fault := self.read():
                self.say(f"not read: {fault}")

    def follow_traces(self) -> None:
        """Look for new traces until it is over."""
        while not self._over.wait(_LOOK_SECONDS):
            self.look()

    def look(self) -> None:
        """Take the report of a trace that was made since the last look."""
        at = self._trace_time()
        if self._traces is None or self.model is None or at == self._traced_at:
            return
        self._traced_at = at
        try:
            report = json.loads(self._traces.read_text(encoding="utf-8"))
            if (report["lab"], report["site"]) != (self.model["lab"]["name"], self.model["lab"]["site"]):
                return
            traced(self.model, report)
        except (OSError, ValueError, KeyError, TypeError):
            self.say(f"{self._traces} is no report of a trace")
            return
        self._report = report
        self._take(self.model)

    def say(self, fault: str) -> None:
        """Show it below the title until the next reading."""
        with self._changed:
            self.subtitle = fault
            self._changed.notify_all()

    def _trace_time(self) -> int:
        """In nanoseconds; 0: there is no file."""
        with suppress(FileNotFoundError):
            return self._traces.stat().st_mtime_ns if self._traces else 0
        return 0

    def end(self) -> None:
        self._over.set()
        if self._process and self.reads:
            self._end_with(signal.SIGTERM)
        with self._changed:
            self._changed.notify_all()

    def _end_with(self, number: int) -> None:
        """End Ansible, its workers and their ssh, which are in a session of their own."""
        if self._process:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)

    @property
    def over(self) -> bool:
        return self._over.is_set()

    @property
    def reads(self) -> bool:
        """Whether it reads at the moment."""
        return self._process is not None and self._process.poll() is None

    def next_event(self, seen: int) -> tuple[int, dict[str, Any]]:
        """Wait for the next reading; its number, and what a page has to be told that has seen another one."""
        with self._changed:
            if seen == self._number:
                self._changed.wait(_KEEP_ALIVE)
            told: dict[str, Any] = {"subtitle": self.subtitle}
            return self._number, told if seen == self._number else {**told, **self._picture}


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        # A page of elsewhere must not read the lab by a name of its own that leads here.
        name, _colon, _port = self.headers.get("Host", "").partition(":")
        if name not in (ADDRESS, "localhost"):
            self.send_error(HTTPStatus.FORBIDDEN)
        elif self.path == "/":
            self._page()
        elif self.path == "/events":
            self._events()
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def _page(self) -> None:
        model = self.server.follower.model
        if model is None:  # the server starts when the lab was read
            self.send_error(HTTPStatus.SERVICE_UNAVAILABLE)
            return
        content = page.render(model, live=True).encode()
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(content)

    def _events(self) -> None:
        follower = self.server.follower
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        # All of it once: something may have changed since the page was made.
        seen = -1
        try:
            while not follower.over:
                seen, told = follower.next_event(seen)
                self.wfile.write(f"data: {json.dumps(told)}\n\n".encode())
                self.wfile.flush()
        except (BrokenPipeError, ConnectionResetError):
            pass  # the page was closed

    def log_message(self, format: str, *arguments: object) -> None:
        """Nobody reads which page was asked for."""


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, follower: Follower, port: int) -> None:
        super().__init__((ADDRESS, port), _Handler)
        self.follower = follower

    @property
    def url(self) -> str:
        return f"http://{ADDRESS}:{self.server_address[1]}/"
