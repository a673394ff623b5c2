# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""How many must agree, of etcd's voters as of a swarm's managers: both are raft."""

from __future__ import annotations


def majority(voters: int) -> int:
    return voters // 2 + 1
