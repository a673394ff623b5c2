# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of module_utils share: a record of the host that is the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import owned, record

_OF_THE_RECORD = (
    *(record.read, record.section, record.update, record.merge, record.update_identity),
    *(owned.of_kind, owned.owns, owned.claim, owned.release, owned.forget),
)


@pytest.fixture(autouse=True)
def host_record(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The machine's own record is neither read nor written."""
    path = tmp_path_factory.mktemp("record") / "state.json"
    for function in _OF_THE_RECORD:
        monkeypatch.setattr(function, "__defaults__", (path,))
    return path
