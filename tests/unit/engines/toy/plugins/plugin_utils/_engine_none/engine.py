# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The engine none: each host has networks of its own, and no packet crosses hosts."""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_common.engine import Engine, Lab
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_common.networks import options


def networks(lab: Lab, _host: str) -> list[dict[str, Any]]:
    return [options(lab, one, driver="bridge", subnet=one["subnet"], mtu=one["mtu"]) for one in lab["networks"]]


ENGINE = Engine(crosses_hosts=False, networks=networks, no_encryption="has no packets to encrypt")
