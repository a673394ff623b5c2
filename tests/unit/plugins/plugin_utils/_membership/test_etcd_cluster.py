# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._membership.etcd_cluster import certificates, founding

HOSTS = {
    "emon": {"addresses": {"home": "192.168.1.116", "company": "10.0.0.116"}, "etcd": True},
    "emon2": {"addresses": {"home": "192.168.1.117", "company": "10.0.0.117"}, "etcd": True},
    "emon3": {"addresses": {"home": "192.168.1.118", "company": "10.0.0.118"}, "etcd": False},
}


def test_members_found_the_cluster_at_every_site() -> None:
    assert founding(HOSTS, tls=True) == (
        "emon=https://192.168.1.116:2380,emon=https://10.0.0.116:2380,"
        "emon2=https://192.168.1.117:2380,emon2=https://10.0.0.117:2380"
    )
    assert founding({"emon3": HOSTS["emon3"]}, tls=False) == ""


def test_each_certificate_is_for_one_use() -> None:
    met = {"dns": ["emon", "localhost"], "ip": ["127.0.0.1", "::1", "192.168.1.116", "10.0.0.116"]}
    assert certificates({name: HOSTS[name] for name in ("emon", "emon3")}) == [
        {"name": "emon", "kind": "server", **met},
        {"name": "emon-peer", "kind": "peer", "common_name": "emon", **met},
        {"name": "emon-client", "kind": "client"},
        {"name": "emon-docker", "kind": "client"},
        {"name": "emon3-docker", "kind": "client"},
    ]
