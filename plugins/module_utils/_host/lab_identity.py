# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Which lab a controller's directory and the hosts are of: by the lab's UUID, and by the CAs that the hosts trust.

A lab's name is anybody's. Its UUID is in the record of each host and beside the CAs on the controller; a CA is known
by the SHA-256 fingerprint of its certificate, as `openssl x509 -fingerprint -sha256` shows it, without colons.
"""

from __future__ import annotations

import hashlib
import ssl
import uuid
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError, reason

UUID_FILE = "uuid"
# By the stems of their files: that of etcd's clients and servers, and that of its peers.
TITLES = {"ca": "the CA", "peer-ca": "the peers' CA"}


def new_ca(stem: str) -> str:
    """The option that creates a new CA, and its consequences."""
    restarted = "every etcd member and dockerd" if stem == "ca" else "every etcd member"
    return f"-e new_ca=true, which makes a new CA and new certificates, and restarts {restarted} of the lab"


def anew(stem: str) -> str:
    """The remedy that creates a new CA."""
    return f"remove {stem}.crt and {stem}.key and run again with {new_ca(stem)}"


def fingerprint(certificate: Path) -> str:
    """SHA-256 of the first certificate in a PEM file; '' where there is no file; for a damaged file, one like no other.

    Raises LabError where it cannot be read.
    """
    text = _read(certificate)
    if text is None:
        return ""
    _before, begin, rest = text.partition("-----BEGIN CERTIFICATE-----")
    body, end, _after = rest.partition("-----END CERTIFICATE-----")
    try:
        content = ssl.PEM_cert_to_DER_cert(f"{begin}{body}{end}\n")
    except ValueError:
        content = text.encode()
    return hashlib.sha256(content).hexdigest()


def recorded_uuid(directory: Path) -> str:
    """The UUID in a PKI directory; '' where none was written."""
    return (_read(directory / UUID_FILE) or "").strip()


def controller(pki: str, former: str) -> dict[str, Any]:
    """What the controller has: {"pki", "uuid", "cas": {stem: fingerprint}, "former_cas": the same of the former one}.

    A directory that has no CA yet takes the former one over, where the hosts trust that.
    """
    return {
        "pki": pki,
        "uuid": recorded_uuid(Path(pki)),
        "cas": fingerprints(Path(pki)),
        "former_cas": fingerprints(Path(former)) if former else dict.fromkeys(TITLES, ""),
    }


def fingerprints(directory: Path) -> dict[str, str]:
    """Of each CA whose certificate is in a directory, by its stem; '' where it is not there."""
    return {stem: fingerprint(directory / f"{stem}.crt") for stem in TITLES}


def choose(lab: dict[str, Any], hosts: dict[str, dict[str, Any]]) -> str:
    """The lab's UUID: the hosts', else the controller's, else a new one. faults() tells where they differ."""
    return next(iter(_of_hosts(lab, hosts)), "") or lab["controller"]["uuid"] or str(uuid.uuid4())


def trusts(lab: dict[str, Any], hosts: dict[str, dict[str, Any]], stem: str) -> dict[str, list[str]]:
    """CA -> the lab's hosts whose etcd trusts it. ``hosts``: name -> what host_info returned."""
    found: dict[str, list[str]] = {}
    for name, info in hosts.items():
        ca = info["etcd"].get("cas", {}).get(stem)
        if ca and lab["name"] in (info["etcd"]["lab"], info["record"]["lab"]):
            found.setdefault(ca, []).append(name)
    return found


def fits(trusted: list[str], ca: str) -> bool:
    """Whether a controller's CA is one that the hosts trust; hosts of which none trusts any are to come.

    Where only some do, a run that brought a new CA was interrupted, and the next one goes on.
    """
    return not trusted or ca in trusted


def faults(lab: dict[str, Any], hosts: dict[str, dict[str, Any]], run: dict[str, Any]) -> list[str]:
    """Why this controller is not the lab's, or why it may not bring a new CA now.

    ``lab``: its value, with "traits" of its engine and "controller"; ``run``: {"new_ca", "limited", "reads"}, as in
    plugin_utils/_checks/preflight.py.
    """
    # By name: hosts stand in a group in the order in which they answered.
    hosts = dict(sorted(hosts.items()))
    found = _uuid_faults(lab, hosts)
    if not (lab["traits"]["uses_etcd"] and lab["etcd"]["tls"]):
        return found
    strange = [] if run["new_ca"] else _ca_faults(lab, hosts, "ca") or _ca_faults(lab, hosts, "peer-ca")
    return found + (strange or _limited_faults(lab, hosts, run))


def _uuid_faults(lab: dict[str, Any], hosts: dict[str, dict[str, Any]]) -> list[str]:
    here, found = lab["controller"], _of_hosts(lab, hosts)
    if len(found) > 1:
        told = "; ".join(f"{', '.join(names)} of {one}" for one, names in found.items())
        return [
            f"these hosts are of different labs that are called {lab['name']}: {told}: take those of the other lab"
            " out of the lab file, or destroy that lab with its own lab file first"
        ]
    return [
        f"{here['pki']} is of the lab {here['uuid']}, and {', '.join(names)} of another that is called {lab['name']},"
        f" {one}: put the PKI directory of the controller that made it in its place, or give one of the labs another"
        " name"
        for one, names in found.items()
        if here["uuid"] not in ("", one)
    ]


def _ca_faults(lab: dict[str, Any], hosts: dict[str, dict[str, Any]], stem: str) -> list[str]:
    here, trusted = lab["controller"], trusts(lab, hosts, stem)
    if fits(list(trusted), _held(lab)[stem]):
        return []
    return [
        f"{', '.join(names)}: etcd trusts {TITLES[stem]} {ca}, and {describe(here['pki'], here['cas'][stem])}: bring"
        f" the PKI directory from the controller that has it to {here['pki']}; if it is lost, run again with"
        f" {new_ca(stem)}"
        for ca, names in trusted.items()
    ]


def _limited_faults(lab: dict[str, Any], hosts: dict[str, dict[str, Any]], run: dict[str, Any]) -> list[str]:
    """A member that gets a new CA alone finds none of the others any more."""
    here = _held(lab)
    members = [name for names in trusts(lab, hosts, "ca").values() for name in names]
    if not run["limited"] or run["reads"] or not (members or here["ca"]):
        return []
    return [
        f"{TITLES[stem]} is new, and all members of etcd take it over at the same time: run once without --limit"
        for stem in TITLES
        if not here[stem] or any(hosts[name]["etcd"]["cas"][stem] != here[stem] for name in members)
    ]


def _held(lab: dict[str, Any]) -> dict[str, str]:
    """The controller's CAs, or those that it takes over."""
    here = lab["controller"]
    return here["cas"] if here["cas"]["ca"] else here["former_cas"]


def describe(pki: str, ca: str) -> str:
    return f"{pki} holds another, {ca}" if ca else f"{pki} holds none"


def _of_hosts(lab: dict[str, Any], hosts: dict[str, dict[str, Any]]) -> dict[str, list[str]]:
    """UUID -> the hosts that recorded it."""
    found: dict[str, list[str]] = {}
    for name, info in hosts.items():
        if info["record"]["lab"] == lab["name"] and info["record"].get("uuid"):
            found.setdefault(info["record"]["uuid"], []).append(name)
    return found


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise LabError(f"{path} cannot be read: {reason(error)}") from error
