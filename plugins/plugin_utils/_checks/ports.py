# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Which ports of which hosts have to be reached by which others, and what the answers mean. Pure functions.

``lab``: that of chosen.chosen(), where it is given with "ports": [{"protocol", "port"}], what every host needs beside
the engine's own ports. ``results``: host -> what the module
port_probe returned there.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._host.firewall import openings
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe import icmp
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe.port_states import (
    IN_USE,
    LISTENING,
    NO_ANSWER,
    OPEN,
    REFUSED,
    SERVICE,
    UNREACHABLE,
    Port,
)
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engines.choice import ENGINES

_ETCD_CLIENTS, _ETCD_PEERS = Port("tcp", 2379), Port("tcp", 2380)
# Errors of the sending host itself, from its packet filter and its routing table.
_OWN_FILTER = icmp.sentence(errno.EPERM)
_NO_ROUTE = icmp.sentence(errno.ENETUNREACH)


def plan(lab: dict[str, Any], infos: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Host -> {"address", "listen", "peers", "open", "left"}; the first three are options of the module port_probe.

    Two hosts that already run the lab at this site are not probed: their ports are in use, and verification sends
    packets through them. So a host may have no peers. ``open``, options of the module firewall_opening, does not depend
    on the run's hosts or on the site: {"peers": addresses of all other hosts at all sites, "ports"}. ``left``:
    addresses that the lab has opened the firewall for, and that no other host of the lab has any more.
    ``infos``: host -> what the module host_info returned.
    """
    hosts = lab["hosts"]
    proven = {name for name, info in infos.items() if _is_proven(lab, name, info)}
    plans = {}
    for name, info in infos.items():
        others = [other for other in infos if other != name and not {name, other} <= proven]
        listen = {port for other in others for port in _wanted(lab, other, name)}
        plans[name] = {
            "address": hosts[name]["addresses"][lab["site"]],
            "listen": _views(listen),
            "peers": [
                {
                    "name": other,
                    "address": hosts[other]["addresses"][lab["site"]],
                    "ports": _views(_wanted(lab, name, other)),
                }
                for other in others
            ],
            "open": _openings(lab, name),
            "left": left(lab, name, info),
        }
    return plans


def left(lab: dict[str, Any], name: str, info: dict[str, Any]) -> list[str]:
    """The addresses that the lab has opened the host's firewall for, and that no other host of the lab has."""
    if info.get("let_in_by") != lab["name"]:
        return []
    return [address for address in info["let_in"] if address not in _addresses_of_others(lab, name)]


def _addresses_of_others(lab: dict[str, Any], name: str) -> list[str]:
    return [address for other, one in lab["hosts"].items() if other != name for address in one["addresses"].values()]


def _openings(lab: dict[str, Any], name: str) -> dict[str, Any]:
    others = [other for other in lab["hosts"] if other != name]
    return {
        "peers": _addresses_of_others(lab, name),
        "ports": _views({port for other in others for port in _wanted(lab, other, name)}),
    }


def _is_proven(lab: dict[str, Any], name: str, info: dict[str, Any]) -> bool:
    record = info["record"]
    serves = info["docker"]["active"] and (info["etcd"]["ready"] or not _is_member(lab, name))
    return serves and (record["lab"], record["site"], record["engine"]) == (lab["name"], lab["site"], lab["engine"])


def _is_member(lab: dict[str, Any], name: str) -> bool:
    return ENGINES[lab["engine"]].uses_etcd and lab["hosts"][name]["etcd"]


def _wanted(lab: dict[str, Any], source: str, target: str) -> set[Port]:
    """The ports of ``target`` that ``source`` has to reach."""
    engine = ENGINES[lab["engine"]]
    ports = {Port(protocol, number) for protocol, numbers in engine.peer_ports.items() for number in numbers}
    ports |= {*(Port(one["protocol"], one["port"]) for one in lab.get("ports", ()))}
    if _is_member(lab, target):
        ports |= {_ETCD_CLIENTS, _ETCD_PEERS} if _is_member(lab, source) else {_ETCD_CLIENTS}
    return ports


def _views(ports: Iterable[Port]) -> list[dict[str, Any]]:
    return [{"protocol": port.protocol, "port": port.number} for port in sorted(ports)]


def faults(results: dict[str, dict[str, Any]], max_clock_offset: float, forks: int) -> list[str]:
    """What keeps the hosts from reaching each other, a line each; empty if nothing does.

    ``max_clock_offset``: seconds by which two hosts' clocks may differ; ``forks``: how many hosts Ansible runs at once.
    """
    unheard = any(not peer["heard"] for result in results.values() for peer in result["peers"])
    if unheard and forks < len(results):
        return [
            f"only {forks} of {len(results)} hosts were probed at the same time, so they missed each other: run with"
            f" --forks {len(results)}"
        ]
    return [
        *(line for target in results for line in _faults_at(target, results)),
        *_clock_faults(results, max_clock_offset),
    ]


def _faults_at(target: str, results: dict[str, dict[str, Any]]) -> list[str]:
    """What is wrong with one host's ports, as its peers see them."""
    own = {Port(one["protocol"], one["port"]): one for one in results[target]["listening"]}
    lines = [
        f"{target}: cannot listen on {port.protocol} {port.number} ({one['error']})"
        for port, one in own.items()
        if one["state"] == UNREACHABLE
    ]
    # What went wrong, and for whom -> the ports with which it did.
    blocked: dict[tuple[str, tuple[str, ...]], list[Port]] = {}
    for port, one in own.items():
        said: dict[str, list[str]] = {}
        for source, found in _seen(target, port, results):
            state = found["state"]
            if state == SERVICE and one["state"] == LISTENING:
                lines.append(
                    f"{source}: at {_address(results, source, target)}, {port.protocol} {port.number}, something"
                    f" answers that is not {target} ({found['error']}): is the address used twice?"
                )
            elif found["error"] == _OWN_FILTER:
                lines.append(
                    f"{source}: its own packet filter keeps packets to {target} ({_address(results, source, target)}),"
                    f" {port.protocol} {port.number}, from leaving: allow them"
                )
            elif found["error"] == _NO_ROUTE:
                lines.append(
                    f"{source}: it has no route to {target} ({_address(results, source, target)}): is it at that site?"
                )
            elif state in (NO_ANSWER, REFUSED, UNREACHABLE) and one["state"] == LISTENING:
                words = {NO_ANSWER: "no answer", REFUSED: "refused"}.get(state, found["error"])
                said.setdefault(words, []).append(source)
            elif state in (NO_ANSWER, REFUSED, UNREACHABLE) and one["state"] == IN_USE and port.protocol == "tcp":
                said.setdefault(f"a service uses it, {found['error']}", []).append(source)
        for words, sources in said.items():
            blocked.setdefault((words, tuple(sources)), []).append(port)
    return [
        *dict.fromkeys(lines),  # one route serves all ports
        *(_blocked(target, words, sources, ports, results) for (words, sources), ports in blocked.items()),
    ]


def _blocked(
    target: str, words: str, sources: tuple[str, ...], ports: list[Port], results: dict[str, dict[str, Any]]
) -> str:
    named: dict[str, list[int]] = {"tcp": [], "udp": []}
    for port in sorted(ports):
        named[port.protocol].append(port.number)
    listed = " and ".join(f"{protocol} {', '.join(map(str, some))}" for protocol, some in named.items() if some)
    addresses = [_address(results, target, source) for source in sources]
    who = ", ".join(f"{source} ({address})" for source, address in zip(sources, addresses))
    remedy = openings(results[target]["firewall"], addresses, named)
    return f"{target}: {who} cannot reach {listed} here ({words}): {remedy}"


def _seen(target: str, port: Port, results: dict[str, dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """What the peers found at one port of a host."""
    return [
        (source, found)
        for source, result in results.items()
        for peer in result["peers"]
        if peer["name"] == target
        for found in peer["ports"]
        if (found["protocol"], found["port"]) == (port.protocol, port.number) and found["state"] not in (OPEN, IN_USE)
    ]


def _address(results: dict[str, dict[str, Any]], told: str, name: str) -> str:
    """A peer's address, as the host ``told`` was told, which probed it."""
    return next(peer["address"] for peer in results[told]["peers"] if peer["name"] == name)


def _clock_faults(results: dict[str, dict[str, Any]], limit: float) -> list[str]:
    """One line if the clocks differ, with each host's offset from the first host's clock."""
    first = next(iter(results), "")
    offsets = {first: 0.0}
    for name, result in results.items():
        for peer in result["peers"]:
            if peer["clock_offset"] is None:
                continue
            if name == first:
                offsets[peer["name"]] = peer["clock_offset"]
            elif peer["name"] == first:
                offsets.setdefault(name, -peer["clock_offset"])
    if max(offsets.values()) - min(offsets.values()) <= limit:
        return []
    listed = ", ".join(f"{name} {offset:+.1f} s" for name, offset in offsets.items() if name != first)
    return [
        f"the clocks differ by more than {limit:g} s, against {first}: {listed}; set them, and let a time service keep"
        " them (systemd-timesyncd, chrony)"
    ]
