# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options that all etcd modules share; kept in step with module_utils/_etcd/client.py."""

    DOCUMENTATION = r"""
options:
  endpoints:
    description:
      - Client URLs of etcd members, C(https://HOST:PORT) or C(http://HOST:PORT). They are tried in turn.
    type: list
    elements: str
    required: true
  ca_cert:
    description:
      - The CA that signed the members' certificates, a file on the host that runs the module.
        By default, the CAs that the host trusts.
    type: path
  client_cert:
    description:
      - The certificate to show to etcd, a file on the host that runs the module.
    type: path
  client_key:
    description:
      - The private key of O(client_cert), a file on the host that runs the module.
    type: path
  timeout:
    description:
      - Seconds that one request may take.
    type: float
    default: 5.0
notes:
  - Needs etcd 3.3 or later, and no Python library on the host.
"""
