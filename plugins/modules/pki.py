#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pki
short_description: Manage a lab's certificate authorities and certificates
version_added: 0.1.0
author:
  - The emon.overlay_lab authors (@emon)
description:
  - Manages one directory with the CAs and all certificates of a lab, in one call. It usually runs on the controller.
  - Certificates of O(certificates[].kind=peer) have a CA of their own, C(peer-ca.crt). So peers accept no certificate
    of the other CA, C(ca.crt), and a peer's certificate is accepted nowhere else.
  - A certificate is issued again when a third of its lifetime is left, or when its validity, names, purpose,
    extensions, key or CA are not as they should be. Its private key stays, so a server that rereads its files never
    sees a pair that does not match. Remove O(certificates[].name)C(.key) for a new key.
  - A CA's key is never overwritten. Back it up. If it is lost, remove C(ca.crt) and C(ca.key), or C(peer-ca.crt) and
    C(peer-ca.key), and run again. That creates a new CA, and issues all certificates of the former CA again.
  - A CA is never renewed automatically. This module warns thirty days before it expires.
  - All keys are EC P-256. Certificates are valid from a day before they were made, because clocks of hosts differ.
  - Nothing that this module returns or shows as a difference holds a private key.
  - Concurrent runs wait for each other.
attributes:
  check_mode:
    support: full
    description: Can run in check mode and return what would change without changing it.
  diff_mode:
    support: full
    description: Shows names, purposes, validity and file modes, never keys.
  idempotent:
    support: full
    description: A second run changes nothing, until a certificate is due for renewal.
requirements:
  - cryptography (38.0 or later)
options:
  path:
    description:
      - The directory. Mode 0700; keys in it 0600, certificates 0644; all belong to the user who runs the module.
    type: path
    required: true
  name:
    description:
      - The lab's name. It is part of the CAs' subjects, and a CA of another lab is refused.
    type: str
    required: true
  state:
    description:
      - V(present) creates what is missing, and renews what is due.
      - V(absent) removes the CAs, what they issued, and the directory unless something else is in it. With O(only), it
        removes only the listed certificates, and with O(cleared) the CAs only after the last certificate. A directory
        of another lab is refused, by O(uuid) and by the name in its CAs. A CA's key is left where nothing says whose
        it is.
    type: str
    choices: [present, absent]
    default: present
  certificates:
    description:
      - All certificates that the directory should have. Others are left alone.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description:
          - The stem of the two files, C(NAME.key) and C(NAME.crt).
        type: str
        required: true
      kind:
        description:
          - The purpose of the certificate, and the CA that issues it.
          - V(client) is for client authentication only.
          - V(server) is for server and client authentication, because etcd connects to itself to serve its JSON API.
          - V(peer) is for both, among peers only.
        type: str
        choices: [server, peer, client]
        required: true
      common_name:
        description:
          - The subject. Default is O(certificates[].name).
        type: str
      dns:
        description:
          - The host names in the certificate, exactly these; the order does not matter.
        type: list
        elements: str
        default: []
      ip:
        description:
          - The addresses in the certificate, IPv4 or IPv6, exactly these; the order does not matter.
        type: list
        elements: str
        default: []
      days:
        description:
          - How many days it is valid, at most as long as its CA. Used when it is issued; a change does not issue it
            again.
        type: int
        default: 365
  only:
    description:
      - With O(state=absent), names of certificates to remove with their keys. The CAs and all others stay. Certificates
        that the lab's CAs did not issue stay, too.
    type: list
    elements: str
    default: []
  cleared:
    description:
      - With O(state=absent), names of certificates whose holders were cleared. These are removed. Where the lab's CAs
        issued others, whether they have run out or not, the CAs stay, and RV(others) names these.
      - Default is that all were. Not together with O(only).
    type: list
    elements: str
  uuid:
    description:
      - The lab's unique id. It is stored beside the CAs, and a directory with another id is refused.
    type: str
  trusted:
    description:
      - SHA-256 fingerprints, lower case without colons, of the CA that the lab's hosts trust already, as
        M(emon.overlay_lab.host_info) returns them. A directory with another CA, or without one, is refused.
    type: list
    elements: str
    default: []
  trusted_peers:
    description:
      - The same for the CA of peers.
    type: list
    elements: str
    default: []
  new_ca:
    description:
      - Continue although the hosts trust another CA. All of them get this directory's CA, or a new one if it has none.
    type: bool
    default: false
  former_path:
    description:
      - The directory that an earlier version used for the lab. If O(path) has no CA and the hosts trust the CA there,
        keys and certificates are copied from it. The former directory stays.
    type: path
  ca_days:
    description:
      - How many days a new CA is valid.
    type: int
    default: 3650
  renew_fraction:
    description:
      - A certificate is issued again when less than this part of its lifetime is left. Default is a third.
    type: float
    default: 0.3333
seealso:
  - module: emon.overlay_lab.etcd_info
"""

EXAMPLES = r"""
- name: Create the lab's CAs and certificates
  emon.overlay_lab.pki:
    path: ~/.overlay-lab/emon/pki
    name: emon
    certificates:
      - name: emon
        kind: server
        dns: [emon, localhost]
        ip: [127.0.0.1, "::1", 192.168.1.116, 10.0.0.116]
      - name: emon-peer
        kind: peer
        dns: [emon]
        ip: [192.168.1.116, 10.0.0.116]
      - name: emon-client
        kind: client
        days: 3650
  delegate_to: localhost

- name: Remove the lab's CAs and certificates
  emon.overlay_lab.pki:
    path: ~/.overlay-lab/emon/pki
    name: emon
    state: absent
  delegate_to: localhost

- name: Remove the certificates of a host that was cleared, and the CAs where it was the last
  emon.overlay_lab.pki:
    path: ~/.overlay-lab/emon/pki
    name: emon
    state: absent
    cleared: [emon, emon-peer, emon-client, emon-docker]
  delegate_to: localhost
"""

RETURN = r"""
ca:
  description: The CA's certificate, PEM. None in check mode if there is none yet, and with O(state=absent).
  returned: always
  type: str
peer_ca:
  description: The same for the peers' CA. None also if no certificate of a peer is listed.
  returned: always
  type: str
others:
  description:
    - Certificates in the directory that the lab's CAs issued, that are not listed in O(certificates), and that have not
      expired. By name, with their expiry. With O(cleared), those that keep the CAs.
  returned: always
  type: dict
  sample: {emon3-docker: "2027-11-22T10:00:00Z"}
certificates:
  description: Each listed certificate, by name; with O(only), each that was removed.
  returned: always
  type: dict
  sample:
    emon:
      path_key: /home/emon/.overlay-lab/emon/pki/emon.key
      path_crt: /home/emon/.overlay-lab/emon/pki/emon.crt
      not_after: "2027-11-22T10:00:00Z"
      renewed: true
      reason: names changed
"""

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import main as run
from ansible_collections.emon.overlay_lab.plugins.module_utils._tasks.pki import TASK


def main() -> None:
    run(TASK)


if __name__ == "__main__":
    main()
