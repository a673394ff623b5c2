# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""What a host would ask through a proxy although it is of the lab: the store, etcd's members, a registry on a host."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import ip_address, ip_network
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_image import names as image_names
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engines.choice import ENGINES
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._membership.etcd_cluster import scheme


def faults(lab: dict[str, Any], host: Mapping[str, Any], info: dict[str, Any], run: dict[str, Any]) -> list[str]:
    """A line each. ``lab``, ``host``, ``info`` and ``run``: as in preflight.py."""
    engine = ENGINES[lab["engine"]]
    docker, etcd = info["docker"].get("proxies", {}), info["etcd"].get("proxies", {})
    if not any(one.get(kind) for one in (docker, etcd) for kind in ("http", "https")):
        return []
    members = [one["addresses"][lab["site"]] for one in lab["hosts"].values() if one["etcd"]]
    found = []
    # With certificates, dockerd asks its store past any proxy.
    if engine.dockerd_store and not lab["etcd"]["tls"]:
        found += _line("docker.service", "dockerd would ask etcd", docker, "http", members)
    if engine.uses_etcd and host["etcd"]:
        # Its JSON API asks the member itself, at its own address.
        found += _line("etcd.service", "etcd would ask its members", etcd, scheme(lab["etcd"]["tls"]), members)
    if not run["reads"]:
        registries = _registries(lab, host["name"], run["image"])
        found += _line("docker.service", "dockerd would fetch images", docker, "https", registries)
    return found


def _line(unit: str, what: str, proxies: Mapping[str, str], scheme: str, addresses: Iterable[str]) -> list[str]:
    proxy = proxies.get(scheme, "")
    missing = [one for one in dict.fromkeys(addresses) if not is_direct(one, proxies.get("no", ""))]
    if not proxy or not missing:
        return []
    whole = ",".join([*filter(None, [proxies["no"]]), *missing])
    return [
        f"{what} at {', '.join(missing)} through the proxy {proxy} of {unit}, whose NO_PROXY is"
        f" {proxies['no'] or 'empty'}: {_remedy(unit, whole)}"
    ]


def _remedy(unit: str, no_proxy: str) -> str:
    """What a person types. By a file, which is read last: so it counts wherever the unit has its variables from."""
    file, directory = f"/etc/default/{unit.partition('.')[0]}-no-proxy", f"/etc/systemd/system/{unit}.d"
    return (
        f"echo 'NO_PROXY={no_proxy}' >{file} && mkdir -p {directory} && {{ echo '[Service]';"
        f" echo EnvironmentFile={file}; }} >{directory}/zz-no-proxy.conf && systemctl daemon-reload"
    )


def _registries(lab: dict[str, Any], host: str, image: str) -> list[str]:
    """Those on hosts of the lab, of the images that containers of this host want; ``image``: where they name none."""
    own = {name for one in lab["hosts"].values() for name in one["addresses"].values()} | set(lab["hosts"])
    images = [one.get("image") or image for one in lab.get("containers", ()) if one["host"] == host]
    parts = [image_names.parts(image)[0].partition("/")[0] for image in images]
    return [one.partition(":")[0] for one in parts if one.partition(":")[0] in own]


def is_direct(host: str, no_proxy: str) -> bool:
    """Whether a program written in Go asks a host without its proxy; nobody's port is looked at."""
    address = _address(host)
    if host == "localhost" or (address and address.is_loopback):
        return True
    return any(_covers(word.strip().lower(), host.lower(), address) for word in no_proxy.split(","))


def _covers(word: str, host: str, address: Any) -> bool:
    """One word of NO_PROXY: *, a network, an address, a name with all below it, or all below .name alone."""
    if word in ("*", host):
        return True
    if address:
        return word.rpartition(":")[0] == host or ("/" in word and _holds(word, address))
    name = word.partition(":")[0].removeprefix("*")
    return bool(name) and (name == host or host.endswith("." + name.lstrip(".")))


def _holds(network: str, address: Any) -> bool:
    try:
        return address in ip_network(network, strict=False)
    except ValueError:
        return False


def _address(host: str) -> Any:
    try:
        return ip_address(host)
    except ValueError:
        return None
