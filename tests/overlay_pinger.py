#!/usr/bin/env python3
"""Ping a container from another all the time, and tell later for how long no packet came back. It runs on a host.

    overlay_pinger.py run FILE SECONDS CONTAINER NAME   from CONTAINER to NAME; the moment of each answer goes to FILE
    overlay_pinger.py gap FILE SINCE                    the longest time without an answer since a moment, in seconds

It enters the container's network with docker exec, so it stands still where dockerd does, as the container would.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from pathlib import Path

_PACE = 0.1


def run(file: Path, seconds: float, container: str, name: str) -> None:
    deadline = time.monotonic() + seconds
    command = ["docker", "exec", container, "ping", "-q", "-c", "1", "-W", "1", name]
    with file.open("a", encoding="ascii") as answers:
        while time.monotonic() < deadline:
            try:
                done = subprocess.run(command, capture_output=True, check=False, timeout=5)
            except subprocess.TimeoutExpired:
                continue
            if done.returncode == 0:
                answers.write(f"{time.time():.3f}\n")
                answers.flush()
            time.sleep(_PACE)


def gap(file: Path, since: float) -> float:
    moments = [float(line) for line in file.read_text(encoding="ascii").split()]
    before = [moment for moment in moments if moment < since][-1:]
    after = [moment for moment in moments if moment >= since]
    return max((later - earlier for earlier, later in itertools.pairwise([*before, *after])), default=0.0)


def main() -> None:
    if sys.argv[1] == "run":
        run(Path(sys.argv[2]), float(sys.argv[3]), *sys.argv[4:6])
    else:
        print(f"{gap(Path(sys.argv[2]), float(sys.argv[3])):.1f}")


if __name__ == "__main__":
    main()
