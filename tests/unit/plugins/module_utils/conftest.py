# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of module_utils share: a record of the host that is the test's own."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils import _host_record, _owned

_OF_THE_RECORD = (
    *(_host_record.read, _host_record.section, _host_record.update, _host_record.merge, _host_record.update_identity),
    *(_owned.of_kind, _owned.owns, _owned.claim, _owned.release, _owned.forget),
)


@pytest.fixture(autouse=True)
def host_record(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The machine's own record is neither read nor written."""
    path = tmp_path_factory.mktemp("record") / "state.json"
    for function in _OF_THE_RECORD:
        monkeypatch.setattr(function, "__defaults__", (path,))
    return path
