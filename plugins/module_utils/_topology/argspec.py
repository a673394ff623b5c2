# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The options of links, once for `topology` and the modules of one object. In step with doc_fragments/links.py."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .link_kinds import MACVLAN_MODES

Spec = dict[str, Any]

_PLACE: Spec = {"name": {"type": "str", "required": True}, "netns": {"type": "str"}}
_INTERFACE: Spec = {
    "addresses": {"type": "list", "elements": "str"},
    "mtu": {"type": "int"},
    "mac": {"type": "str"},
    "up": {"type": "bool", "default": True},
}
_MASTER: Spec = {"master": {"type": "str"}}
_STATE: Spec = {"state": {"type": "str", "choices": ["present", "absent"], "default": "present"}}
_FORCE: Spec = {"force": {"type": "bool", "default": False}}

NAMESPACE: Spec = {"name": {"type": "str", "required": True}}
BRIDGE: Spec = {
    **_PLACE,
    **_INTERFACE,
    "stp": {"type": "bool"},
    "ports": {"type": "list", "elements": "str"},
    "exclusive_ports": {"type": "bool", "default": False},
}
_VETH_END: Spec = {**_PLACE, **_INTERFACE, **_MASTER}
VETH: Spec = {**_VETH_END, "peer": {"type": "dict", "options": _VETH_END}}
VXLAN: Spec = {
    **_PLACE,
    **_INTERFACE,
    **_MASTER,
    "vni": {"type": "int"},
    "local": {"type": "str"},
    "port": {"type": "int", "default": 4789},
    "parent": {"type": "str"},
    "remotes": {"type": "list", "elements": "str"},
    "learning": {"type": "bool"},
}
MACVLAN: Spec = {
    **_PLACE,
    **_INTERFACE,
    "parent": {"type": "str"},
    "parent_netns": {"type": "str"},
    "mode": {"type": "str", "choices": list(MACVLAN_MODES), "default": "bridge"},
}
ROUTE: Spec = {
    "netns": {"type": "str"},
    "to": {"type": "str", "required": True},
    "via": {"type": "str"},
    "dev": {"type": "str"},
}


def single(options: Spec) -> Spec:
    """The argument spec of a module for one object."""
    return {**options, **_STATE} if options is NAMESPACE else {**options, **_FORCE, **_STATE}


def topology() -> Spec:
    """The argument spec of the module topology."""

    def many(options: Spec) -> Spec:
        return {"type": "list", "elements": "dict", "default": [], "options": options}

    return {
        "name": {"type": "str", "required": True},
        "namespaces": many(NAMESPACE),
        "bridges": many(BRIDGE),
        "veths": many(VETH),
        "vxlans": many(VXLAN),
        "macvlans": many(MACVLAN),
        "routes": many(ROUTE),
        "prune": {"type": "bool", "default": False},
        "adopt": {"type": "bool", "default": False},
        "coming_bridges": {"type": "list", "elements": "str", "default": []},
        **_FORCE,
        **_STATE,
    }


def as_topology(kind: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a module for one object as those of a nameless topology with that object in it.

    ``kind`` is the option of topology that lists such objects, as in "veths".
    """
    return {"name": None, "state": parameters["state"], "force": parameters.get("force", False), kind: [parameters]}
