#!/usr/bin/env python3
"""Write to etcd at a steady pace, note what was acknowledged, and count later what is there.

    etcd_writer.py write FILE SECONDS API URL [URL ...]   append each acknowledged key to FILE, 25 a second
    etcd_writer.py check FILE API URL [URL ...]           every member must have every key of FILE

API is v3 or v2. Certificates are those of the lab's own clients on the host. It shares no code with the collection.
"""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

TLS = Path("/etc/overlay-lab/etcd")
PACE = 1 / 25


class Member:
    """One member over a connection that is kept."""

    def __init__(self, url: str, timeout: float = 2) -> None:
        context = ssl.create_default_context(cafile=str(TLS / "ca.crt"))
        context.load_cert_chain(TLS / "client.crt", TLS / "client.key")
        self.connection = http.client.HTTPSConnection(urlsplit(url).netloc, timeout=timeout, context=context)

    def ask(self, method: str, path: str, body: str, kind: str) -> dict:
        try:
            self.connection.request(method, path, body, {"Content-Type": kind})
            answer = self.connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()
            raise
        if answer.status not in (200, 201):
            raise OSError(text.decode())
        return json.loads(text)

    def put(self, api: str, key: str) -> None:
        if api == "v3":
            body = {"key": encoded(f"load/{key}"), "value": encoded(key)}
            self.ask("POST", "/v3/kv/put", json.dumps(body), "application/json")
        else:
            self.ask("PUT", f"/v2/keys/load/{key}", f"value={key}", "application/x-www-form-urlencoded")

    def keys(self, api: str) -> set[str]:
        if api == "v3":
            body = {"key": encoded("load/"), "range_end": encoded("load0"), "keys_only": True}
            found = self.ask("POST", "/v3/kv/range", json.dumps(body), "application/json")
            return {base64.b64decode(one["key"]).decode().removeprefix("load/") for one in found.get("kvs", ())}
        found = self.ask("GET", "/v2/keys/load?quorum=true", "", "text/plain")
        return {one["key"].removeprefix("/load/") for one in found["node"].get("nodes", ())}


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def write(file: Path, seconds: float, api: str, urls: list[str]) -> None:
    members, current, failed = [Member(url) for url in urls], 0, 0
    deadline = time.monotonic() + seconds
    with file.open("a", encoding="ascii") as acknowledged:
        # What an outage has kept from being written is not made up for: that would slow down what ends the outage.
        while time.monotonic() < deadline:
            time.sleep(PACE)
            key = str(time.time_ns())
            try:
                members[current].put(api, key)
            except (OSError, http.client.HTTPException):
                failed += 1
                current = (current + 1) % len(members)
            else:
                acknowledged.write(f"{key}\n")
                acknowledged.flush()
    print(f"{failed} writes failed")


def check(file: Path, api: str, urls: list[str]) -> None:
    wanted = set(file.read_text(encoding="ascii").split())
    for url in urls:
        lost = wanted - Member(url, timeout=60).keys(api)
        if lost:
            sys.exit(f"{url} has lost {len(lost)} of {len(wanted)} acknowledged writes, {min(lost)} the first")
    print(f"{len(wanted)} acknowledged writes, all there")


def main() -> None:
    if sys.argv[1] == "write":
        write(Path(sys.argv[2]), float(sys.argv[3]), sys.argv[4], sys.argv[5:])
    else:
        check(Path(sys.argv[2]), sys.argv[3], sys.argv[4:])


if __name__ == "__main__":
    main()
