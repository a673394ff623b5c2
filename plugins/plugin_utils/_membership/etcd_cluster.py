# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""What follows for an etcd cluster from the hosts of the lab file alone. ``hosts``: the variable lab_hosts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def scheme(tls: bool) -> str:
    """Of the URLs of the lab's members, for clients and for peers."""
    return "https" if tls else "http"


def founding(hosts: Mapping[str, Any], tls: bool) -> str:
    """ETCD_INITIAL_CLUSTER of the cluster that all members found: each at its addresses of every site."""
    return ",".join(
        f"{name}={scheme(tls)}://{address}:2380"
        for name, host in hosts.items()
        if host["etcd"]
        for address in host["addresses"].values()
    )


def certificates(hosts: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Option ``certificates`` of the module pki: a member has one for serving clients, one of the peers' CA and one for
    its own clients, and each host one for its dockerd. They hold at every site, so that a move needs no new one.
    """
    found: list[dict[str, Any]] = []
    for name, host in hosts.items():
        if host["etcd"]:
            met = {"dns": [name, "localhost"], "ip": ["127.0.0.1", "::1", *host["addresses"].values()]}
            found += [
                {"name": name, "kind": "server", **met},
                {"name": f"{name}-peer", "kind": "peer", "common_name": name, **met},
                {"name": f"{name}-client", "kind": "client"},
            ]
        found.append({"name": f"{name}-docker", "kind": "client"})
    return found
