# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._host.present import existing, is_group, is_user


def test_users_and_groups() -> None:
    assert is_user("root")
    assert is_group("root")
    assert not is_user("no-such-user")
    assert not is_group("no-such-group")


def test_the_nearest_directory_that_is_there(tmp_path: Path) -> None:
    assert existing(tmp_path) == tmp_path
    assert existing(tmp_path / "a/b") == tmp_path
