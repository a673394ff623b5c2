# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""How a lab file says that Ansible reaches a real host: variables from a list, with values of known forms.

A lab file is passed on, so it may be a stranger's, and it must run nothing on the controller. Many of Ansible's
variables can: they name a program (ansible_ssh_executable), a plugin (ansible_connection: local), a library to load
(ansible_ssh_pkcs11_provider), or options of ssh that do (ProxyCommand, KnownHostsCommand). New ones come with each
release of Ansible. So what is taken is listed, not what is refused; the rest belongs to host_vars, which nobody passes
on.
"""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Callable
from typing import Any

from .yaml_nodes import Item, Names, shown

# No value begins with a hyphen, which ssh would take for an option, or holds what ssh, sudo or a shell replaces.
_MACHINE = Names(
    "a machine's address",
    re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]*|[0-9a-fA-F:]+(?:%[a-zA-Z0-9._-]+)?"),
    253,
    "write a name or an IP address",
    {},
)
_USER = Names(
    "a user's name",
    re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9_.@\\-]*\$?"),
    255,
    "use letters, digits, underscores, dots, hyphens, @ and backslashes, and do not begin with a hyphen",
    {},
)
_PYTHON = Names(
    "a Python on the host",
    re.compile(r"(?:/[a-zA-Z0-9_][a-zA-Z0-9_.+-]*)*/python[0-9]?(?:\.[0-9]+)?"),
    255,
    "write its path, for example /usr/bin/python3",
    {},
)
_KEY_FILE = Names(
    "a private key's file",
    re.compile(r"(?:~/|/)[a-zA-Z0-9_.@+/ -]+"),
    4096,
    "write its path from / or ~/, of letters, digits, underscores, dots, hyphens, spaces, @ and +",
    {},
)
_JUMP = re.compile(r"(?:[a-zA-Z0-9_][a-zA-Z0-9_.-]*@)?[a-zA-Z0-9][a-zA-Z0-9.-]*(?::[0-9]+)?")
_PLAIN = re.compile(r"[a-zA-Z0-9+^][a-zA-Z0-9_.,@+-]*")
# Those of ssh_config(5) that only say which host it is, how long to wait and what to offer it.
_SSH_OPTIONS = (
    "AddressFamily",
    "ConnectTimeout",
    "HostKeyAlgorithms",
    "HostKeyAlias",
    "IdentitiesOnly",
    "KexAlgorithms",
    "ProxyJump",
    "PubkeyAcceptedAlgorithms",
    "ServerAliveCountMax",
    "ServerAliveInterval",
)
_SECONDS = 3600


def _ssh_arguments(item: Item) -> str | None:
    """Options of ssh, split as Ansible splits them: -J JUMP and -o NAME=VALUE, of those that run nothing."""
    text = item.text()
    try:
        words = iter(shlex.split(text or ""))
    except ValueError:
        item.fault("a quotation mark is not closed: close it")
        return None
    for word in words:
        kind, rest = word[:2], word[2:]
        option = (rest or next(words, "")) if kind in ("-J", "-o") else ""
        if not _is_harmless(f"ProxyJump={option}" if kind == "-J" else option):
            item.fault(
                f"{shown(option or word)} is not accepted in a lab file, where ssh gets -J JUMP and -o with"
                f" {', '.join(_SSH_OPTIONS)} alone: write it to ~/.ssh/config"
            )
            return None
    return text


def _is_harmless(option: str) -> bool:
    name, _equals, value = option.partition("=")
    known = name.lower() in map(str.lower, _SSH_OPTIONS)  # ssh does not mind their case
    if name.lower() == "proxyjump":
        return all(_JUMP.fullmatch(jump) for jump in value.split(","))
    return known and bool(_PLAIN.fullmatch(value))


# Other names of the same variables, as older releases of Ansible have them, are taken as well.
_VARIABLES: dict[str, Callable[[Item], Any]] = {
    **dict.fromkeys(("ansible_host", "ansible_ssh_host"), lambda item: item.name(_MACHINE)),
    **dict.fromkeys(("ansible_port", "ansible_ssh_port"), lambda item: item.integer(1, 65535)),
    **dict.fromkeys(("ansible_user", "ansible_ssh_user"), lambda item: item.name(_USER)),
    **dict.fromkeys(("ansible_private_key_file", "ansible_ssh_private_key_file"), lambda item: item.name(_KEY_FILE)),
    **dict.fromkeys(("ansible_timeout", "ansible_ssh_timeout"), lambda item: item.integer(1, _SECONDS)),
    **dict.fromkeys(("ansible_password", "ansible_ssh_password", "ansible_ssh_pass"), lambda item: item.secret()),
    **dict.fromkeys(("ansible_become_password", "ansible_become_pass"), lambda item: item.secret()),
    "ansible_become": lambda item: item.boolean(),
    "ansible_become_user": lambda item: item.name(_USER),
    "ansible_become_method": lambda item: item.choice(("sudo", "su")),
    "ansible_connection": lambda item: item.choice(("ssh",)),
    "ansible_python_interpreter": lambda item: item.name(_PYTHON),
    "ansible_ssh_common_args": _ssh_arguments,
}


def read_variables(item: Item, host: str) -> dict[str, Any]:
    """Variables for the connection to a real host. They stay literal, so a template is a fault, not a surprise."""
    variables = {}
    for name, entry in item.entries(_VARIABLES).items():
        if not name.startswith("ansible_"):
            entry.refuse("not a variable that tells Ansible how to connect; for example ansible_user")
        elif name not in _VARIABLES:
            near = difflib.get_close_matches(name, _VARIABLES, n=1, cutoff=0.9)
            meant = f", or did you mean {near[0]}?" if near else ""
            entry.refuse(f"is not accepted in a lab file, which must run nothing here: set it in {beside(host)}{meant}")
        elif entry.is_encrypted:
            entry.fault(f"is encrypted by ansible-vault, which a lab file cannot hold: set it in {beside(host)}")
        elif entry.is_scalar and any(mark in entry.source for mark in ("{{", "{%")):
            entry.fault("holds a template, which Ansible does not render here; write the value")
        else:
            variables[name] = _VARIABLES[name](entry)
    return variables


def beside(host: str) -> str:
    """Where a host's own variables stand. They win over those of an inventory plugin."""
    return f"host_vars/{shown(host)}.yml beside the inventory"
