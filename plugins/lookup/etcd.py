# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: etcd
short_description: Read keys of etcd's v3 API on the controller
version_added: 0.1.0
author: The emon.overlay_lab authors (@emon)
description:
  - Reads keys with the library etcd3, over gRPC. It runs on the controller, which has to reach the members.
  - For playbooks of your own; no role of this collection needs it. M(emon.overlay_lab.etcd_key) reads and writes keys
    of both APIs on a managed host, without a library.
requirements:
  - etcd3 (0.12), on the controller
options:
  _terms:
    description: Keys, or with O(prefix) what keys begin with.
    type: list
    elements: str
    required: true
  prefix:
    description: Read every key that begins with the term.
    type: bool
    default: false
  endpoints:
    description:
      - Client URLs of members, C(https://HOST:PORT) or C(http://HOST:PORT). They are tried in turn.
    type: list
    elements: str
    required: true
    vars:
      - name: etcd_endpoints
  ca_cert:
    description: The CA that signed the members' certificates, a file on the controller. Required with C(https).
    type: path
    vars:
      - name: etcd_ca_cert
  client_cert:
    description: The certificate to show to etcd, a file on the controller.
    type: path
    vars:
      - name: etcd_client_cert
  client_key:
    description: The private key of O(client_cert), a file on the controller.
    type: path
    vars:
      - name: etcd_client_key
  timeout:
    description: Seconds that one member may take to answer.
    type: float
    default: 5.0
seealso:
  - module: emon.overlay_lab.etcd_key
"""

EXAMPLES = r"""
- name: Show a key
  ansible.builtin.debug:
    msg: "{{ lookup('emon.overlay_lab.etcd', '/hello', endpoints=['http://10.0.0.116:2379']) }}"

- name: Show every key below a prefix
  ansible.builtin.debug:
    msg: "{{ lookup('emon.overlay_lab.etcd', '/web/', prefix=true) }}"
  vars:
    pki: "{{ lookup('env', 'HOME') }}/.config/overlay-lab/emon/pki"
    etcd_endpoints: ["https://10.0.0.116:2379", "https://10.0.0.117:2379"]
    etcd_ca_cert: "{{ pki }}/ca.crt"
    etcd_client_cert: "{{ pki }}/emon-client.crt"
    etcd_client_key: "{{ pki }}/emon-client.key"
"""

RETURN = r"""
_raw:
  description:
    - For each term the value of the key, as text. A key that is not there is an error.
    - With O(prefix), for each term a dictionary of the keys that begin with it, key to value. It may be empty.
  type: list
  elements: raw
"""

from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lookup import etcd_v3


class LookupModule(LookupBase):
    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        self.set_options(var_options=variables, direct=kwargs)
        names = ("endpoints", "ca_cert", "client_cert", "client_key", "timeout")
        cluster = etcd_v3.Cluster(**{name: self.get_option(name) for name in names})
        try:
            return etcd_v3.read(cluster, terms, prefix=self.get_option("prefix"))
        except LabError as error:
            raise AnsibleLookupError(str(error)) from error
