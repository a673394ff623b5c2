# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""RTNL is held: nobody changes links meanwhile, and afterwards everything goes on."""

from __future__ import annotations

import subprocess

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import module_loading, rtnl


def test_nobody_changes_a_link_while_it_is_held() -> None:
    with rtnl.held() as held:
        assert held
        change = subprocess.Popen(["ip", "link", "add", "br-late", "type", "bridge"])
        with pytest.raises(subprocess.TimeoutExpired):
            change.wait(timeout=0.5)
    assert change.wait(timeout=5) == 0
    subprocess.run(["ip", "link", "delete", "br-late"], check=True)


def test_it_is_released_by_an_error() -> None:
    with pytest.raises(ValueError, match="any"), rtnl.held():
        raise ValueError("any")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True, timeout=5)


def test_namespaces_are_walked_while_it_is_held() -> None:
    subprocess.run(["ip", "netns", "add", "beside"], check=True)
    with rtnl.held() as held:
        assert held
        module_loading._switch_off_everywhere()
    subprocess.run(["ip", "netns", "delete", "beside"], check=True)
