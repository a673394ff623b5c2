# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""The comparison of Docker's network modes between two hosts: which paths there are, and what was measured on them."""

from __future__ import annotations

import json
from typing import Any

# A published port leads to the container's own.
_LISTEN = {"published": "own"}


def paths(
    made: dict[str, dict[str, Any]],
    lab: dict[str, Any],
    wanted: list[dict[str, Any]],
    ports: dict[str, dict[str, int]],
) -> list[dict[str, Any]]:
    """The paths that can be measured: those whose containers were made on both hosts.

    ``made``: the first and the second host -> what docker_container_set returned there; ``lab``: its value
    (_lab_file/value.py); ``wanted`` and ``ports``: compare_paths and compare_ports of playbooks/vars/compare.yml.

    Returns, for each, ``path`` (its entry of ``wanted``), ``client`` (the container on the first host),
    ``server_host``, ``server_pid``, ``address`` (of the server), ``iperf3`` (its port there), ``listen`` (the port in
    the server's namespace), and ``probe`` (an option of the module reachability).
    """
    first, second = made
    containers = {one["name"]: one for result in made.values() for one in result["containers"]}
    found = []
    for path in wanted:
        client, far = (containers.get(_name(path["client"], host)) for host in (first, second))
        if not (client and far):
            continue
        server_host = first if path["between"] == "one host" else second
        server = containers[_name(path["server"], server_host)]
        own = next((one["ipv4_address"] for one in server["networks"].values() if one["ipv4_address"]), "")
        address = own if path["ports"] == "own" else lab["hosts"][server_host]["addresses"][lab["site"]]
        port, listen = (ports[which] for which in (path["ports"], _LISTEN.get(path["ports"], path["ports"])))
        probe = {"container": client["name"], "to": address, "protocol": "tcp", "port": port["http"]}
        found.append(
            {
                "path": path,
                "client": client,
                "server_host": server_host,
                "server_pid": server["pid"],
                "address": address,
                "iperf3": port["iperf3"],
                "listen": listen["iperf3"],
                "probe": {**probe, "count": 30, "interval": 0.05},
            }
        )
    return found


def _name(mode: str, host: str) -> str:
    return f"ch3-compare-{mode}-{host}"


def figures(runs: list[dict[str, Any]], latencies: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """``runs``: results of iperf3 in a loop over paths(), with its JSON; ``latencies``: results of their probes."""
    return [
        {
            **{key: path[key] for key in ("mode", "between", "isolation", "expected")},
            "across_hosts": path["across"],
            "gbit_per_second": round(json.loads(run["stdout"])["end"]["sum_received"]["bits_per_second"] / 1e9, 2),
            "rtt_ms": latency["rtt_ms"],
        }
        for run, latency in zip(runs, latencies)
        for path in [run["item"]["path"]]
    ]


_ROW = "{:<7} {:<11} {:<9} {:<7} {:<8} {:>6} {:>7} {:>6}"
# What is measured only where there is something for it.
_WITHOUT = {
    "overlay": "overlay was not measured: playbooks/overlay.yml makes its network",
    "macvlan": "macvlan was not measured: give docker_networks_macvlan_ranges, see docs/docker-networks.md",
}


def table(found: list[dict[str, Any]], path: str) -> list[str]:
    """The lines that are shown. ``found``: of figures(); ``path``: where they are kept."""
    host = next(one["gbit_per_second"] for one in found if one["mode"] == "host")
    modes = [one["mode"] for one in found]
    return [
        _ROW.format("mode", "between", "isolation", "crosses", "expected", "Gbit/s", "of host", "rtt ms"),
        *(
            _ROW.format(
                *(one[key] for key in ("mode", "between", "isolation", "across_hosts", "expected")),
                f"{one['gbit_per_second']:.1f}",
                f"{one['gbit_per_second'] / host:.2f}",
                f"{one['rtt_ms']['avg']:.3f}",
            )
            for one in found
        ),
        _ROW.format("none", "-", "complete", "no", "-", "-", "-", "-"),
        *(line for mode, line in _WITHOUT.items() if mode not in modes),
        f"kept in {path}",
    ]
