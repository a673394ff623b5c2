# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of links, written once for `topology` and the modules of one object.

In step with module_utils/_topology/argspec.py.
"""

from __future__ import annotations

from textwrap import indent

_NETNS = """\
netns:
  description:
    - The network namespace it belongs to, by name (as in C(ip netns)), or by path where there is a C(/), such as
      V(/proc/4711/ns/net) for a process's or a container's.
    - Without it, the machine's own.
  type: str
"""
_INTERFACE = """\
addresses:
  description:
    - All its IPv4 and IPv6 addresses, each with its prefix length. Others are removed, except IPv6 link-local
      addresses, which are the kernel's, and those that a router gives (SLAAC, DHCPv6). An empty list removes all
      others.
    - Without it, addresses are left alone.
    - IPv6 addresses are usable at once, without duplicate address detection.
  type: list
  elements: str
mtu:
  description: The MTU in bytes.
  type: int
mac:
  description:
    - The MAC address. Without it, a new link gets an address that is derived from the machine's id, the namespace and
      the name, so it stays the same when the link is created again, and an existing link keeps its address.
  type: str
up:
  description: Whether it is administratively up.
  type: bool
  default: true
"""
_MASTER = """\
master:
  description:
    - The bridge of the same namespace of which it is a port. The empty string releases it.
    - Without it, this is not changed, and a new link is not a port.
  type: str
"""
_END = _NETNS + _INTERFACE + _MASTER
_LINK_NAME = """\
name:
  description: The interface's name, up to 15 characters.
  type: str
  required: true
"""
_BRIDGE = (
    _NETNS
    + _INTERFACE
    + """\
stp:
  description: Whether it uses the spanning tree protocol.
  type: bool
ports:
  description:
    - Links of the same namespace that should be its ports, whoever created them. A real interface can be one.
    - A port that is not listed is left alone, unless O(exclusive_ports=true).
  type: list
  elements: str
exclusive_ports:
  description: Release ports that are neither in O(ports) nor have this bridge as their C(master) in the same task.
  type: bool
  default: false
"""
)
_VETH = (
    _END
    + """\
peer:
  description:
    - The other end. Both ends are one object, wherever they are. If the link has another peer, the pair is created
      again. A link of the peer's name that belongs to another pair is an error, unless both are of the same topology.
    - Without it, the one end is changed in place, if it exists.
  type: dict
  suboptions:
"""
    + indent(_LINK_NAME + _END, "    ")
)
_VXLAN = (
    _END
    + """\
vni:
  description: The VXLAN network identifier, 1 to 16777215. Required unless it is removed. A change creates it again.
  type: int
local:
  description: The source address of the tunnel, an address of this namespace. A change creates the link again.
  type: str
port:
  description:
    - The UDP port, the same at all VTEPs. A change creates the link again.
    - A namespace can have a VNI once per port. Docker's own VXLANs use 4789 with VNIs from 256 on.
  type: int
  default: 4789
parent:
  description:
    - The link of the same namespace that carries the tunnel. A change creates the VXLAN again, and the kernel removes
      it with its parent. Without it, routing decides.
  type: str
remotes:
  description:
    - The addresses of all other VTEPs, to which broadcasts and packets to unknown destinations are sent. Others are
      removed, also entries for such an address with a port, a VNI or an interface of their own.
    - Without it, they are left alone.
  type: list
  elements: str
learning:
  description: Whether it learns from packets behind which VTEP a MAC address is. The kernel's default is yes.
  type: bool
"""
)
_MACVLAN = (
    _NETNS
    + _INTERFACE
    + """\
parent:
  description:
    - The link on which it is created. Required unless it is removed. A change creates it again, and the kernel removes
      it with its parent.
  type: str
parent_netns:
  description: The namespace of O(parent), by name or by path. Without it, the machine's own.
  type: str
mode:
  description: How it reaches the other macvlans of its parent. A change from or to V(passthru) creates it again.
  type: str
  choices: [private, vepa, bridge, passthru]
  default: bridge
"""
)
_ROUTE = (
    _NETNS
    + """\
to:
  description: The destination as a network, or V(default), which is IPv6's where O(routes[].via) is an IPv6 address.
  type: str
  required: true
via:
  description: The gateway. It has to be in a subnet of the namespace.
  type: str
dev:
  description: The interface. Without it the gateway decides.
  type: str
"""
)
_STATE = """\
state:
  description: Whether it should exist.
  type: str
  choices: [present, absent]
  default: present
"""
_FORCE = """\
force:
  description:
    - Apply a change even if it may disconnect the machine. Without it, a change to an interface of the machine's own
      namespace is refused if the interface carries the default route, Ansible's connection, or an established SSH
      session.
    - With it, the old state of the machine's own namespace is restored after 60 seconds, unless a next
      task of any module of this kind (not in check mode) reaches the machine before and succeeds. That task proves
      that the connection still works.
  type: bool
  default: false
"""


def _options(text: str) -> str:
    return "options:\n" + indent(text, "  ")


def _list(option: str, description: str, text: str) -> str:
    head = f"{option}:\n  description: {description}\n  type: list\n  elements: dict\n  default: []\n  suboptions:\n"
    # A reference to an option names its whole path.
    for name in ("ports", "exclusive_ports", "parent"):
        text = text.replace(f"O({name}", f"O({option}[].{name}")
    return head + indent(text, "    ")


class ModuleDocFragment:
    # What all of them share. A module names this one and its own.
    DOCUMENTATION = r"""
requirements:
  - "The Python library pyroute2, to change something: 0.7.2 to 0.9.7 are tested"
attributes:
  check_mode:
    support: full
    description: Can run without changing anything, and returns what it would do.
  diff_mode:
    support: full
    description: Returns each attribute that differs, before and after, and why something is created again.
  idempotent:
    support: full
    description: A second run with the same options changes nothing.
"""


_FRAGMENTS = {
    "NETNS": _STATE,
    "BRIDGE": _LINK_NAME + _BRIDGE + _FORCE + _STATE,
    "VETH": _LINK_NAME + _VETH + _FORCE + _STATE,
    "VXLAN": _LINK_NAME + _VXLAN + _FORCE + _STATE,
    "MACVLAN": _LINK_NAME + _MACVLAN + _FORCE + _STATE,
    "TOPOLOGY": _list(
        "namespaces",
        "Named namespaces, made with their loopback up.",
        "name:\n  description: The namespace's name.\n  type: str\n  required: true\n",
    )
    + _list("bridges", "Bridges.", _LINK_NAME + _BRIDGE)
    + _list("veths", "Veth pairs, each with its O(veths[].peer).", _LINK_NAME + _VETH)
    + _list("vxlans", "VXLANs.", _LINK_NAME + _VXLAN)
    + _list("macvlans", "Macvlans.", _LINK_NAME + _MACVLAN)
    + _list("routes", "Unicast routes of the main table, one for each destination.", _ROUTE)
    + _FORCE,
}
# Not in the class: ansible-test takes all that is assigned there for text.
for _name, _text in _FRAGMENTS.items():
    setattr(ModuleDocFragment, _name, _options(_text))
