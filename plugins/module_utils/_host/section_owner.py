# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Whose a section of the host's record is: what a module made for one lab, it neither changes nor removes for another.

A section says it by its key ``lab``. One from before, without that key, is of the lab that the host belongs to, and of
whoever asks where it belongs to none.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

from . import record


def lab_of(section: dict[str, Any]) -> str:
    """The lab whose a section is; '' where that is not known, or where there is none."""
    return str(section.get("lab") or record.read().get("lab", "")) if section else ""


def refuse_others(section: dict[str, Any], lab: str, title: str) -> None:
    """Raise LabError where a section is another lab's. ``lab``: who asks, '' for nobody; ``title``: its subject."""
    owner = lab_of(section) if lab else section.get("lab", "")
    if owner not in ("", lab):
        remedy = "destroy that lab first" if lab else f"say lab: {owner} where that is meant"
        raise LabError(
            f"{title} the lab {owner}'s by this host's record ({record.RECORD_PATH}): nothing is changed; {remedy}"
        )


def marked(section: dict[str, Any], lab: str) -> dict[str, Any]:
    """A section as ``lab`` writes it; as it is where nobody does."""
    return {**section, "lab": lab} if lab else section
