#!/usr/bin/env python3
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Attached namespaces (a namespace, a veth, an address, a bridge's port, all up), made side by side in one run.

By the module topology as a whole process, by its apply alone, by `ip -batch`, by a shell loop of `ip`, and by Mininet
where it is installed. As root: tests/benchmarks/topology.py [SIZE ...]. Everything happens in namespaces of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
COLLECTIONS = ROOT / ".ansible" / "collections"
MODULE = ROOT / "plugins" / "modules" / "topology.py"
NAME = "bench"
_PRIVATE = "OVERLAY_LAB_BENCHMARK"

# The apply without interpreter start and imports.
_APPLY_ALONE = """
import json, sys, time
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology import run as topology_run
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology import client as topology_client
topology_client.message_classes()
options = json.load(sys.stdin)
wall, cpu = time.perf_counter(), time.process_time()
topology_run.run(options, False)
print(time.perf_counter() - wall, time.process_time() - cpu)
"""


@dataclass(frozen=True)
class Cost:
    """Seconds by the clock, seconds of CPU (which another load on the machine changes least), and the most KiB."""

    what: str
    wall: float
    cpu: float
    memory: int


def options(size: int, state: str = "present") -> dict[str, Any]:
    return {
        "name": NAME,
        "namespaces": [{"name": "bridge"}, *({"name": f"n{number}"} for number in range(size))],
        "bridges": [{"name": "br0", "netns": "bridge"}],
        "veths": [
            {
                "name": "eth0",
                "netns": f"n{number}",
                "addresses": [address(number)],
                "peer": {"name": f"p{number}", "netns": "bridge", "master": "br0"},
            }
            for number in range(size)
        ],
        "prune": True,
        "state": state,
    }


def address(number: int) -> str:
    return f"10.{number // 250}.{number % 250}.1/8"


def ip_commands(size: int) -> dict[str, list[str]]:
    """Namespace -> the commands that `ip -n NAMESPACE -batch` takes in it; "" is for `ip -batch`."""
    commands = {"": [f"netns add {name}" for name in ("bridge", *(f"n{number}" for number in range(size)))]}
    commands["bridge"] = ["link set lo up", "link add br0 type bridge", "link set br0 up"]
    for number in range(size):
        commands["bridge"] += [
            f"link add p{number} type veth peer name eth0 netns n{number}",
            f"link set p{number} master br0 up",
        ]
        commands[f"n{number}"] = ["link set lo up", f"addr add {address(number)} dev eth0", "link set eth0 up"]
    return commands


def ip_removals() -> list[str]:
    """`ip netns delete` of everything; the kernel removes what is inside later, and is not waited for."""
    return [f"netns delete {path.name}" for path in Path("/run/netns").iterdir()]


def run(what: str, command: list[str], text: str = "") -> Cost:
    """Run a command and tell what it took, its children included."""
    cost, _ = output_of(what, command, text)
    return cost


def output_of(what: str, command: list[str], text: str) -> tuple[Cost, str]:
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as output:
        given.write(text.encode())
        given.seek(0)
        environment = {**os.environ, "PYTHONPATH": str(COLLECTIONS), "PYTHONDONTWRITEBYTECODE": "1"}
        start = time.perf_counter()
        with subprocess.Popen(command, stdin=given, stdout=output, stderr=output, env=environment) as process:
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read().decode()
    if process.returncode != 0:
        sys.exit(f"{what}: {said}")
    return Cost(what, wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss), said


def module(what: str, size: int, state: str = "present") -> Cost:
    """The whole module process: interpreter, imports, arguments, work, result."""
    return run(what, [sys.executable, str(MODULE)], json.dumps({"ANSIBLE_MODULE_ARGS": options(size, state)}))


def apply_alone(what: str, size: int, state: str = "present") -> Cost:
    cost, said = output_of(what, [sys.executable, "-c", _APPLY_ALONE], json.dumps(options(size, state)))
    wall, cpu = map(float, said.split())
    return replace(cost, wall=wall, cpu=cpu)


def ip_batch(size: int, folder: Path) -> Cost:
    """`ip -batch` as far as it goes: a batch stays in its namespace, so there is one for the names and one for each."""
    lines = ["set -e"]
    for number, (netns, commands) in enumerate(ip_commands(size).items()):
        file = folder / f"batch-{number}"
        file.write_text("\n".join(commands) + "\n", encoding="ascii")
        lines.append(f"ip {f'-n {netns} ' if netns else ''}-batch {file}")
    return run("ip -batch", ["sh", str(script(folder, lines))])


def ip_loop(size: int, folder: Path) -> Cost:
    lines = ["set -e"]
    for netns, commands in ip_commands(size).items():
        lines += [f"ip {f'-n {netns} ' if netns else ''}{command}" for command in commands]
    return run("shell loop of ip", ["sh", str(script(folder, lines))])


def script(folder: Path, lines: list[str]) -> Path:
    file = folder / "script.sh"
    file.write_text("\n".join(lines) + "\n", encoding="ascii")
    return file


def ip_delete(folder: Path) -> Cost:
    file = folder / "removals"
    file.write_text("\n".join(ip_removals()) + "\n", encoding="ascii")
    return run("ip -batch, delete", ["ip", "-batch", str(file)])


def measure(size: int, folder: Path, ways: list[str]) -> Iterator[Cost]:
    """One way after the other, each in an empty machine."""
    yield module("topology, whole process", size)
    yield module("  nothing to do", size)
    yield module("  absent", size, "absent")
    settle(size)
    yield apply_alone("topology, apply alone", size)
    yield apply_alone("  nothing to do", size)
    yield apply_alone("  absent", size, "absent")
    settle(size)
    yield ip_batch(size, folder)
    yield ip_delete(folder)
    settle(size)
    if "loop" in ways:
        yield ip_loop(size, folder)
        ip_delete(folder)
        settle(size)
    # Mininet drives a Linux bridge by brctl.
    if "mininet" in ways and shutil.which("mn") and shutil.which("brctl"):
        command = ["mn", "--topo", f"single,{size}", "--switch", "lxbr", "--controller", "none", "--test", "none"]
        yield run("mininet", command)
        settle(size)


def settle(size: int) -> None:
    """The kernel removes what was removed later, and would slow the next way down."""
    time.sleep(1 + size / 250)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[100, 1000], metavar="SIZE")
    parser.add_argument("--ways", default="loop,mininet", help="what to compare with besides ip -batch (loop,mininet)")
    arguments = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("the benchmark makes network namespaces: run it as root")
    if _PRIVATE not in os.environ:
        # Namespaces of its own: the names of the machine are not in reach.
        os.execvpe("unshare", ["unshare", "--net", "--mount", sys.executable, *sys.argv], {**os.environ, _PRIVATE: "1"})
    for directory in ("/run/netns", "/var/lib/overlay-lab"):
        Path(directory).mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", directory], check=True)
    with tempfile.TemporaryDirectory() as folder:
        for size in arguments.sizes:
            costs = list(measure(size, Path(folder), arguments.ways.split(",")))
            batch = next(cost for cost in costs if cost.what == "ip -batch")
            print(f"{f'{size} attached namespaces':26}    wall  of ip -batch     CPU  of ip -batch    memory")
            for cost in costs:
                print(
                    f"{cost.what:26}{cost.wall:6.2f} s{cost.wall / batch.wall:14.2f}"
                    f"{cost.cpu:6.2f} s{cost.cpu / batch.cpu:14.2f}{cost.memory / 1024:7.0f} MB",
                    flush=True,
                )


if __name__ == "__main__":
    main()
