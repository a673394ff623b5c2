# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.
"""The lab as one value: the variable `lab`, which playbooks pass whole to the functions that decide."""

from __future__ import annotations

from typing import Any

# Templates, so that the value never disagrees with a variable that a user or a play sets: -e lab_engine=vxlan. Each is
# evaluated when it is read, and for the host and the task that read it. What variables.py says of the lab_* variables
# holds for the keys as well.
LAB: dict[str, Any] = {
    "name": "{{ lab_name }}",
    # Where its hosts are now; all sites: name -> {"subnet", "mtu"}.
    "site": "{{ lab_site }}",
    "sites": "{{ lab_sites }}",
    # name -> {"addresses": {site: address}, "index", "etcd": whether it is a member}. All hosts, whatever the limit.
    "hosts": "{{ lab_hosts }}",
    # Or auto.
    "engine": "{{ lab_engine }}",
    "etcd": {"tls": "{{ lab_etcd_tls }}", "token": "{{ lab_etcd_token }}"},
    # "docker" or "etcd" -> {"archive", "sha256", "version"}, of those that come from an archive.
    "archives": "{{ lab_archives }}",
    # Lists of what the lab file says of each.
    "networks": "{{ lab_networks }}",
    "containers": "{{ lab_containers }}",
    "expect": "{{ lab_expect }}",
    # Host -> its links that are slow or lossy on purpose.
    "links": "{{ lab_underlay }}",
    "simulated": "{{ lab_simulated }}",
    # On the controller: the directory with CA and certificates, and that of an earlier release.
    "pki": "{{ etcd_pki_dir | default(lab_controller_dir ~ '/pki') }}",
    "former_pki": "{{ lab_controller_dir | dirname ~ '/pki' if lab_simulated else '' }}",
}
