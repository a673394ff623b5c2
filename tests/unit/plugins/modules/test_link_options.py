# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pages of the link modules tell the options that the modules take, each the same for `topology` and alone."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
import yaml
from ansible_collections.emon.overlay_lab.plugins.doc_fragments.links import ModuleDocFragment
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology import argspec

SPECS = {
    "netns": argspec.single(argspec.NAMESPACE),
    "bridge": argspec.single(argspec.BRIDGE),
    "veth": argspec.single(argspec.VETH),
    "vxlan": argspec.single(argspec.VXLAN),
    "macvlan": argspec.single(argspec.MACVLAN),
    "topology": argspec.topology(),
}


def documented(module: str) -> dict[str, Any]:
    """The options of a module's page, those of its fragment included."""
    page = import_module(f"ansible_collections.emon.overlay_lab.plugins.modules.{module}").DOCUMENTATION
    fragment = getattr(ModuleDocFragment, module.upper())
    return {**yaml.safe_load(fragment)["options"], **yaml.safe_load(page).get("options", {})}


def described(options: dict[str, Any], inner: str) -> dict[str, Any]:
    """What can be compared: everything but the words."""
    return {
        name: {
            **{key: option.get(key) for key in ("type", "elements", "default", "choices")},
            "required": option.get("required", False),
            "inner": described(option.get(inner) or {}, inner),
        }
        for name, option in options.items()
    }


@pytest.mark.parametrize("module", SPECS)
def test_page_and_argument_spec_agree(module: str) -> None:
    assert described(documented(module), "suboptions") == described(SPECS[module], "options")


@pytest.mark.parametrize(
    ("option", "module"),
    [("bridges", "bridge"), ("veths", "veth"), ("vxlans", "vxlan"), ("macvlans", "macvlan")],
)
def test_an_object_has_the_same_options_alone_and_in_a_topology(option: str, module: str) -> None:
    alone = {name: spec for name, spec in SPECS[module].items() if name not in ("state", "force")}
    assert SPECS["topology"][option]["options"] == alone
