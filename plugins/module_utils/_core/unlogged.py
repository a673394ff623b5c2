# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""A module whose options do not go into the host's journal."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule


class UnloggedModule(AnsibleModule):
    """For modules that have secrets inside a list of options.

    AnsibleModule logs such a list as Python writes it, and looks for the secrets as they are. A private key has line
    breaks, which Python writes as two characters: it would not be recognised, and stand in the journal.
    """

    def _log_invocation(self) -> None:
        self.log("Invoked with options that are not logged")
