# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._compare.network_modes import figures, paths, table

VARIABLES = yaml.safe_load((Path(__file__).parents[5] / "playbooks/vars/compare.yml").read_text(encoding="utf-8"))
LAB = {
    "hosts": {name: {"addresses": {"home": f"192.168.1.{end}"}} for name, end in (("e1", 1), ("e2", 2))},
    "site": "home",
}
ASKED = (LAB, VARIABLES["compare_paths"], VARIABLES["compare_ports"])


def container(mode: str, host: str, pid: int, address: str) -> dict[str, Any]:
    return {"name": f"ch3-compare-{mode}-{host}", "pid": pid, "networks": {"n": {"ipv4_address": address}}}


E1 = [container("bridge", "e1", 11, "172.17.0.2"), container("beside", "e1", 12, "172.17.0.3")]
E2 = [container("bridge", "e2", 21, "172.17.0.2"), container("beside", "e2", 22, "172.17.0.3")]
HOST = {host: [container("host", host, pid, "")] for host, pid in (("e1", 13), ("e2", 23))}
OVERLAY = {host: [container("overlay", host, pid, f"10.200.0.{pid}")] for host, pid in (("e1", 14), ("e2", 24))}


def found(first: list[dict], second: list[dict]) -> list[tuple]:
    """Mode and client, where the server listens (host, process, port), where to connect (address, iperf3, HTTP)."""
    ends = ("server_host", "server_pid", "listen", "address", "iperf3")
    return [
        (one["path"]["mode"], one["client"]["pid"], *(one[key] for key in ends), one["probe"]["port"])
        for one in paths({"e1": {"containers": first}, "e2": {"containers": second}}, *ASKED)
    ]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        pytest.param([], [], [], id="no containers"),
        pytest.param(
            E1,
            E2,
            [
                ("bridge", 11, "e1", 12, 5201, "172.17.0.3", 5201, 80),
                # A published port is the host's, and leads to the container's own.
                ("bridge", 11, "e2", 21, 5201, "192.168.1.2", 15201, 18090),
            ],
            id="bridge, on one host and by the host's port",
        ),
        pytest.param(
            HOST["e1"], HOST["e2"], [("host", 13, "e2", 23, 15202, "192.168.1.2", 15202, 18091)], id="host mode"
        ),
        pytest.param(
            OVERLAY["e1"], OVERLAY["e2"], [("overlay", 14, "e2", 24, 5201, "10.200.0.24", 5201, 80)], id="overlay"
        ),
        pytest.param(OVERLAY["e1"], [], [], id="not on the second host"),
        pytest.param([], OVERLAY["e2"], [], id="not on the first host"),
    ],
)
def test_paths(first: list[dict], second: list[dict], expected: list[tuple]) -> None:
    assert found(first, second) == expected


def test_a_path_is_probed_from_the_client() -> None:
    (path,) = paths({"e1": {"containers": OVERLAY["e1"]}, "e2": {"containers": OVERLAY["e2"]}}, *ASKED)
    assert path["probe"] == {
        "container": "ch3-compare-overlay-e1", "to": "10.200.0.24", "protocol": "tcp", "port": 80, "count": 30,
        "interval": 0.05,
    }  # fmt: skip


def test_figures() -> None:
    path = {"mode": "overlay", "between": "two hosts", "isolation": "high", "expected": "lower", "across": "yes"}
    measured = json.dumps({"end": {"sum_received": {"bits_per_second": 1_234_567_890.1}}})
    assert figures([{"item": {"path": path}, "stdout": measured}], [{"rtt_ms": {"avg": 0.15}}]) == [
        {
            "mode": "overlay",
            "between": "two hosts",
            "isolation": "high",
            "expected": "lower",
            "across_hosts": "yes",
            "gbit_per_second": 1.23,
            "rtt_ms": {"avg": 0.15},
        }
    ]


@pytest.mark.parametrize(
    ("modes", "missing"),
    [
        (["bridge", "host", "macvlan", "overlay"], []),
        (
            ["host", "overlay"],
            ["macvlan was not measured: give docker_networks_macvlan_ranges, see docs/docker-networks.md"],
        ),
        (["host", "macvlan"], ["overlay was not measured: playbooks/overlay.yml makes its network"]),
    ],
)
def test_the_table_compares_with_host_mode(modes: list[str], missing: list[str]) -> None:
    measured = {"bridge": 1.0, "host": 4.0, "macvlan": 2.0, "overlay": 0.5}
    of_all = {"between": "two hosts", "isolation": "high", "across_hosts": "yes", "expected": "lower"}
    rows = [{**of_all, "mode": mode, "gbit_per_second": measured[mode], "rtt_ms": {"avg": 0.0456}} for mode in modes]
    head, *shown = table(rows, "/x/modes.json")
    assert head == "mode    between     isolation crosses expected Gbit/s of host rtt ms"
    assert shown[: len(modes)] == [
        f"{mode:<7} two hosts   high      yes     lower       {measured[mode]:.1f}    {measured[mode] / 4:.2f}  0.046"
        for mode in modes
    ]
    assert shown[len(modes) :] == [
        "none    -           complete  no      -             -       -      -",
        *missing,
        "kept in /x/modes.json",
    ]
