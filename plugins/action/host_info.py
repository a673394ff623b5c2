# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The controller's part of M(emon.overlay_lab.host_info): the lock."""

from __future__ import annotations

from ansible_collections.emon.overlay_lab.plugins.plugin_utils._run.locking import LockingAction


class ActionModule(LockingAction):
    pass
