# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Hosts that answer and do not let Ansible in, or whose facts could not be read. Pure."""

from __future__ import annotations

from typing import Any

# Messages of ssh(1), sshpass(1) and Ansible when a machine answers and refuses the login.
_NOT_LET_IN = ("Permission denied", "Too many authentication failures", "Invalid/incorrect password")

# How Ansible ends its error where ssh closed its input and had not ended yet: ssh's own message is lost then.
_WITHOUT_REASON = ("over SSH.", "[Errno 32] Broken pipe")


def faults(lab: dict[str, Any], silent: dict[str, Any]) -> dict[str, str]:
    """Hosts that answer but whose facts could not be read, each with its fault. Such a host is never skipped.

    Another machine may answer at a host's address: then ssh(1) says so in these words, and has sent neither the user's
    name nor a password. ``silent``: host -> what Ansible returned instead of its facts.
    """
    found = {}
    for name, said in silent.items():
        words = said["msg"].removeprefix("Task failed: ")
        address = lab["hosts"][name]["addresses"][lab["site"]]
        if not said.get("unreachable"):
            found[name] = f"{name}: {words}"
        elif f"Host key for {name} has changed" in words:
            found[name] = (
                f"{name}: the machine at {address} has another host key than {name}: it is another machine, or {name}"
                f" was reinstalled; only if it was, ssh-keygen -R {name}, and accept its new key"
            )
        elif any(sign in words for sign in _NOT_LET_IN):
            found[name] = f"{name}: the machine at {address} answers, but refuses the login: {words}"
        elif "Host key verification failed" in words:
            found[name] = (
                f"{name}: its host key is not known here: compare it and accept it once,"
                f" with ssh -o HostKeyAlias={name} {address}"
            )
        elif words.endswith(_WITHOUT_REASON):
            found[name] = (
                f"{name}: ssh to {address} ended twice before Ansible had read why: see why, with"
                f" ssh -o HostKeyAlias={name} {address} true, and run again"
            )
    return found
