#!/usr/bin/env python3
"""Ping a container from another all the time, and tell later for how long no packet came back. It runs on a host.

    overlay_pinger.py run FILE SECONDS CONTAINER ADDRESS   from CONTAINER; the moment of each answer goes to FILE
    overlay_pinger.py gap FILE SINCE                       the longest time without an answer since a moment, in seconds

By address: who asks for a name while the other host is away asks again only after five seconds. One ping goes on for as
long as its container runs: a docker exec for each packet would keep the machine busy, and delay the switch itself.
"""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from pathlib import Path

_PACE = 0.1


def run(file: Path, seconds: float, container: str, address: str) -> None:
    deadline = time.monotonic() + seconds
    # Ended with the container, or by itself after the time that is left.
    command = ["docker", "exec", container, "ping", "-i", str(_PACE), "-w"]
    with file.open("a", encoding="ascii") as answers:
        while (left := int(deadline - time.monotonic())) > 0:
            with subprocess.Popen(
                [*command, str(left), address], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            ) as ping:
                for line in ping.stdout or ():
                    if " bytes from " in line:
                        answers.write(f"{time.time():.3f}\n")
                        answers.flush()
            time.sleep(_PACE)


def gap(file: Path, since: float) -> float:
    moments = [float(line) for line in file.read_text(encoding="ascii").split()]
    before = [moment for moment in moments if moment < since][-1:]
    after = [moment for moment in moments if moment >= since]
    # Until now, too: an overlay that never came back must not count as one without a gap.
    return max(later - earlier for earlier, later in itertools.pairwise([*before, *after, time.time()]))


def main() -> None:
    if sys.argv[1] == "run":
        run(Path(sys.argv[2]), float(sys.argv[3]), *sys.argv[4:6])
    else:
        print(f"{gap(Path(sys.argv[2]), float(sys.argv[3])):.1f}")


if __name__ == "__main__":
    main()
