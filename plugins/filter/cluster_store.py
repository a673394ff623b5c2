# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters of the engine cluster_store: which host creates the networks, and which hosts have not recorded them."""

from __future__ import annotations

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_cluster_store.engine import keeper, unrecorded


class FilterModule:
    def filters(self) -> dict:
        return {"cluster_store_keeper": keeper, "cluster_store_unrecorded": unrecorded}
