# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.addresses import is_address, is_ipv4


@pytest.mark.parametrize(
    ("text", "of_any_kind", "of_ipv4"),
    [
        ("10.0.0.116", True, True),
        ("fd00::1", True, False),
        ("fe80::1%eth0", True, False),
        ("10.0.0.300", False, False),
        ("10.0.0.0/24", False, False),
        ("emon", False, False),
        ("", False, False),
    ],
)
def test_addresses(text: str, of_any_kind: bool, of_ipv4: bool) -> None:
    assert (is_address(text), is_ipv4(text)) == (of_any_kind, of_ipv4)
