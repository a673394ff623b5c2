# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters of playbooks/exec.yml: where a command runs, and what came of it."""

from __future__ import annotations

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._output.answers import told
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._run.targets import chosen


class FilterModule:
    def filters(self) -> dict:
        return {"exec_targets": chosen, "exec_answers": told}
