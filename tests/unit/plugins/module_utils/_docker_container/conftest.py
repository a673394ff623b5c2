# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of containers share."""

from __future__ import annotations

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import plan as container_plan
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import startup as container_startup


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting, and the machine's own ports are no part of these tests."""
    monkeypatch.setattr(container_startup, "_SETTLING_SECONDS", 0)
    monkeypatch.setattr(container_plan.published, "listeners_on_host", list)
