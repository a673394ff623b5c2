# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of hosts in a line."""

from __future__ import annotations

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._output.hosts import fold

SIX = ["h1", "h2", "h3", "h4", "h5", "h6"]


@pytest.mark.parametrize(
    ("names", "everyone", "folded"),
    [
        ([], SIX, ""),
        (["h1"], ["h1"], "h1"),
        (["h2", "h1"], ["h1", "h2"], "all hosts"),
        (SIX, SIX, "all hosts"),
        (SIX[1:], SIX, "all hosts but h1"),
        (["h3", "h1"], SIX, "h1, h3"),
        (SIX[:3], SIX[:4], "h1, h2, h3"),
        (["h1", "other"], SIX, "h1, other"),
        (["other"], [], "other"),
    ],
)
def test_names(names: list[str], everyone: list[str], folded: str) -> None:
    assert fold(names, everyone) == folded
