#!/usr/bin/env python3
"""dockerd's API on another socket, and a real restart of dockerd before it has answered a certain change.

    restarting_dockerd.py SOCKET MOMENT     MOMENT: the number of that change, from 1

It stands between a module and dockerd, because nothing else meets a moment in the middle of a run every time. The
change itself is made: whoever asked for it cannot know that.
"""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingUnixStreamServer

DOCKERD = "/var/run/docker.sock"
# systemd allows three starts in a minute.
RESTART = "systemctl reset-failed docker.service; exec systemctl restart docker.service"


def restart() -> None:
    """Begin a restart, and come back when the former dockerd is gone."""
    pid = subprocess.run(
        ["systemctl", "show", "--property=MainPID", "--value", "docker.service"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    subprocess.Popen(["sh", "-c", RESTART])
    while Path("/proc", pid).exists():
        time.sleep(0.01)


class Connection(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(DOCKERD)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    lock = threading.Lock()
    left = int(sys.argv[2])

    def forward(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            dockerd = Connection("localhost")
            dockerd.request(self.command, self.path, body, dict(self.headers))
            answer = dockerd.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            self.close_connection = True
            return
        if self.command != "GET" and self.is_the_moment():
            restart()
            self.close_connection = True
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.getheader("Content-Type", "application/json"))
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def is_the_moment(self) -> bool:
        with self.lock:
            Handler.left -= 1
            return Handler.left == 0

    do_GET = do_POST = do_DELETE = forward

    def log_message(self, *_arguments: object) -> None:
        pass


if __name__ == "__main__":
    ThreadingUnixStreamServer(sys.argv[1], Handler).serve_forever()
