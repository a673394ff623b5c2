# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The health check of a container, in Compose's words, as Docker's API has it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

DURATION = re.compile(r"(?:[0-9]{1,9}(?:\.[0-9]{1,9})?(?:us|ms|s|m|h)){1,5}")
DURATION_RULE = "write a number and a unit, such as 500ms, 30s or 1m30s"
DURATIONS = {"interval": "Interval", "timeout": "Timeout", "start_period": "StartPeriod"}
KINDS = ("CMD", "CMD-SHELL", "NONE")
# Docker's least; zero would mean its default.
_LEAST = 1_000_000
_PART = re.compile(r"([0-9.]+)(us|ms|s|m|h)")
_UNITS = {"us": 1_000, "ms": 1_000_000, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
OPTIONS: dict[str, Any] = {
    "type": "dict",
    "options": {
        "test": {"type": "raw"},
        "interval": {"type": "str"},
        "timeout": {"type": "str"},
        "start_period": {"type": "str"},
        "retries": {"type": "int"},
        "disable": {"type": "bool", "default": False},
    },
}


def parse(given: Mapping[str, Any] | None, faults: list[str]) -> dict[str, Any] | None:
    """Config.Healthcheck; None where the image's own counts."""
    if not given:
        return None
    if given.get("disable"):
        return {"Test": ["NONE"]}
    test = given.get("test")
    if isinstance(test, str) and test.strip():
        test = ["CMD-SHELL", test]
    if not isinstance(test, list) or not test or test[0] not in KINDS or (test[0] != "NONE" and len(test) < 2):
        faults.append(
            f"healthcheck: test {test!r} is no check: write a command as text, or a list that begins with CMD or"
            " CMD-SHELL"
        )
        return None
    check: dict[str, Any] = {"Test": [str(word) for word in test]}
    for option, key in DURATIONS.items():
        text = given.get(option)
        if not text:
            continue
        length = nanoseconds(str(text))
        if length < _LEAST:
            faults.append(f"healthcheck: {option} {text} is no duration of 1ms or more: {DURATION_RULE}")
        check[key] = length
    retries = given.get("retries")
    if retries is not None:
        if retries < 1:
            faults.append(f"healthcheck: retries {retries} is none: write 1 or more")
        check["Retries"] = retries
    return check


def nanoseconds(text: str) -> int:
    """0 for what is no duration."""
    if not DURATION.fullmatch(text):
        return 0
    return int(sum(Decimal(number) * _UNITS[unit] for number, unit in _PART.findall(text)))
