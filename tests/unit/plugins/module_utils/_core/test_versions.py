# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.versions import parse_version, version_in


@pytest.mark.parametrize(
    ("text", "version", "numbers"),
    [
        ("Docker version 20.10.24+dfsg1, build 5d6db84", "20.10.24", (20, 10, 24)),
        ("Docker version 26.1.5+dfsg1, build 411e817", "26.1.5", (26, 1, 5)),
        ("etcd Version: 3.4.23\nGit SHA: Not provided\nGo Version: go1.19.5", "3.4.23", (3, 4, 23)),
        ("Dnsmasq version 2.90  Copyright (c) 2000-2024 Simon Kelley", "2.90", (2, 90)),
        ("1:2.91-1+deb13u1", "2.91", (2, 91)),
        ("no such program", "", ()),
    ],
)
def test_the_version_that_a_text_names(text: str, version: str, numbers: tuple[int, ...]) -> None:
    assert version_in(text) == version
    assert parse_version(version) == numbers


def test_a_version_begins_with_its_numbers() -> None:
    assert parse_version("20.10.24+dfsg1") == (20, 10, 24)
    assert parse_version("3.6.0-rc.1") == (3, 6, 0)
