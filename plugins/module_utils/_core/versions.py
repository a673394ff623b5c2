# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Versions of programs as numbers, and what came or went with one."""

from __future__ import annotations

import re

# Docker 23.0 knows the cluster store's keys and exits with an error; later ones do not know them.
DOCKER_WITHOUT_STORE = (23, 0)

_IN_TEXT = re.compile(r"\d+\.\d+(?:\.\d+)?")


def version_in(text: str) -> str:
    """The first version that a text names, without what a distribution adds to it; '' where there is none."""
    found = _IN_TEXT.search(text)
    return found[0] if found else ""


def parse_version(text: str) -> tuple[int, ...]:
    """The numbers that a version begins with: 20.10.24+dfsg1 is (20, 10, 24)."""
    found = re.match(r"\d+(\.\d+)*", text)
    return tuple(map(int, found[0].split("."))) if found else ()
