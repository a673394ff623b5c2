# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any valid topology: applied, it is there; again, nothing is written; changed, it is the other; absent, nothing."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel import rtnetlink
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology.run import run
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from .judge import differing, whole_state
from .random_topology import options

EXAMPLES = int(os.environ.get("OVERLAY_LAB_EXAMPLES", "25"))


class Messages(list[bytes]):
    def __repr__(self) -> str:
        return f"{len(self)} messages"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Messages:
    """Every message that the sockets were given to write."""
    messages = Messages()
    send = rtnetlink.Socket.send

    def counted(self: rtnetlink.Socket, batch: Any) -> Any:
        batch = list(batch)
        messages.extend(batch)
        return send(self, batch)

    monkeypatch.setattr(rtnetlink.Socket, "send", counted)
    return messages


# Without shrinking: it takes minutes on a kernel, and the case that failed is printed as options that can be replayed.
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(one=st.randoms(use_true_random=False), other=st.randoms(use_true_random=False))
def test_any_topology_becomes_any_other(written: Messages, one: Any, other: Any) -> None:
    before = whole_state()
    try:
        for wanted in (options(one), options(other)):
            note(json.dumps(wanted))
            predicted = run(wanted, check_mode=True)
            done = run(wanted, check_mode=False)
            assert predicted == done
            assert differing(wanted) == []
            written.clear()
            assert run(wanted, check_mode=False)["changed"] is False
            assert len(written) == 0
    finally:
        run({"name": "tp-property", "state": "absent"}, check_mode=False)
    assert whole_state() == before
