# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of several packages share: a dockerd."""

from __future__ import annotations

import pytest
from ansible_collections.emon.overlay_lab.tests.unit.plugins.fake_docker import FakeDocker


@pytest.fixture
def docker() -> FakeDocker:
    """As it is after its installation; a file whose tests need more has a fixture of its own."""
    return FakeDocker()
