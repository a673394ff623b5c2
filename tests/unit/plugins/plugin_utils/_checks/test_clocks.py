# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._checks import clocks

RUN = {"reads": False, "clock_seconds": 30}


def info(least: float, most: float) -> dict[str, Any]:
    return {"clock": {"least": least, "most": most}}


RIGHT, AHEAD, SLOW = info(-1.0, 0.5), info(3599.0, 3601.0), info(-90.0, 0.5)
LINE = (
    "the clocks of e1 and e2 are 3598 s apart (against this controller's: e1 -0 s, e2 +3600 s): set them, better by NTP"
    " (timedatectl set-ntp true), or run again with -e lab_max_clock_offset=SECONDS to allow more"
)


@pytest.mark.parametrize(
    ("simulated", "given", "infos", "expected"),
    [
        pytest.param(False, {}, {"e1": RIGHT, "e2": AHEAD}, [LINE], id="one is ahead"),
        pytest.param(False, {}, {"e1": RIGHT, "e2": SLOW}, [], id="one answers late"),
        pytest.param(False, {}, {"e1": AHEAD, "e2": AHEAD}, [], id="the controller's own is wrong"),
        pytest.param(False, {}, {"e1": AHEAD}, [], id="one host"),
        pytest.param(False, {}, {}, [], id="none"),
        pytest.param(False, {"clock_seconds": 3600}, {"e1": RIGHT, "e2": AHEAD}, [], id="it may"),
        pytest.param(True, {}, {"e1": RIGHT, "e2": AHEAD}, [], id="hosts with one clock"),
        pytest.param(False, {"reads": True}, {"e1": RIGHT, "e2": AHEAD}, [], id="nothing is changed"),
    ],
)
def test_clocks(simulated: bool, given: dict[str, Any], infos: dict[str, dict[str, Any]], expected: list[str]) -> None:
    assert clocks.faults({"simulated": simulated}, infos, {**RUN, **given}) == expected
