# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The hosts' links after a boot: slow or lossy again, as the last run made them."""

from __future__ import annotations

from collections.abc import Callable

from ansible_collections.emon.overlay_lab.plugins.module_utils._host import lab_lock
from ansible_collections.emon.overlay_lab.plugins.module_utils._shaping import links


def make_again(say: Callable[[str], None]) -> None:
    """Raises LabError where it cannot, or a run has the lock, which makes them itself."""
    with lab_lock.between_runs():
        if links.again():
            say("the links are as the lab file asks")
