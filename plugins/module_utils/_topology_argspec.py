# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The options of links, written once for `topology` and the modules of one object."""

from __future__ import annotations

from typing import Any


def _place() -> dict[str, Any]:
    return {"name": {"type": "str", "required": True}, "netns": {"type": "str"}}


def _interface() -> dict[str, Any]:
    return {
        "addresses": {"type": "list", "elements": "str"},
        "mtu": {"type": "int"},
        "mac": {"type": "str"},
        "up": {"type": "bool", "default": True},
    }


def veth() -> dict[str, Any]:
    end = {**_place(), **_interface(), "master": {"type": "str"}}
    return {**end, "peer": {"type": "dict", "options": dict(end)}}


def bridge() -> dict[str, Any]:
    return {**_place(), **_interface(), "stp": {"type": "bool"}}


def route() -> dict[str, Any]:
    return {
        "netns": {"type": "str"},
        "to": {"type": "str", "required": True},
        "via": {"type": "str"},
        "dev": {"type": "str"},
    }


def state() -> dict[str, Any]:
    return {"type": "str", "choices": ["present", "absent"], "default": "present"}


def topology() -> dict[str, Any]:
    """The argument spec of the module topology."""

    def many(options: dict[str, Any]) -> dict[str, Any]:
        return {"type": "list", "elements": "dict", "default": [], "options": options}

    return {
        "name": {"type": "str", "required": True},
        "namespaces": many({"name": {"type": "str", "required": True}}),
        "bridges": many(bridge()),
        "veths": many(veth()),
        "routes": many(route()),
        "state": state(),
        "prune": {"type": "bool", "default": False},
        "adopt": {"type": "bool", "default": False},
    }
