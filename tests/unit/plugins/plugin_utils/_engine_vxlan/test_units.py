# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_vxlan.units import PORTS, RESOLVER, starts

RUNS = {"active": True, "enabled": True}


@pytest.mark.parametrize(
    ("vxlan", "resolver", "changed", "expected"),
    [
        ({}, {}, [], []),
        ({"active": False}, {"enabled": False}, [], [(PORTS, "started"), (RESOLVER, "started")]),
        ({}, {}, ["/etc/overlay-lab/vxlan/ports"], [(PORTS, "restarted")]),
        ({"active": False}, {}, [f"/etc/systemd/system/{PORTS}"], [(PORTS, "restarted")]),
        ({}, {}, ["/etc/overlay-lab/vxlan/hosts"], [(RESOLVER, "reloaded")]),
        ({}, {}, ["/etc/overlay-lab/vxlan/servers", "/etc/overlay-lab/vxlan/dnsmasq.conf"], [(RESOLVER, "restarted")]),
    ],
)
def test_units_follow_their_files(
    vxlan: dict[str, bool], resolver: dict[str, bool], changed: list[str], expected: list[tuple[str, str]]
) -> None:
    info = {"vxlan": {**RUNS, **vxlan}, "resolver": {**RUNS, **resolver}}
    assert [(one["name"], one["state"]) for one in starts(info, changed)] == expected
