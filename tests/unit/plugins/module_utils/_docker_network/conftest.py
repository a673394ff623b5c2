# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of networks share: a host whose routes are no part of them."""

from __future__ import annotations

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_network import plan as network_plan


@pytest.fixture(autouse=True)
def own_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_plan, "read_routes", list)
    monkeypatch.setattr(network_plan, "read_addresses", list)
    monkeypatch.setattr(network_plan.kernel_links, "is_missing", lambda kind: kind in ("ipvlan", "vlan"))
