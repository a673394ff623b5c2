# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Inventory plugin: a lab file and a site become hosts, groups and variables."""

from __future__ import annotations

DOCUMENTATION = r"""
name: lab
short_description: Hosts, groups and variables of an overlay lab
version_added: 0.1.0
author:
  - The emon.overlay_lab authors (@emon)
description:
  - Reads a lab file, which describes the lab, and returns its hosts with their addresses at one site.
  - The whole lab file is checked before anything runs. For a file with faults the plugin returns no hosts, but the
    variable C(lab_errors), one line for each fault, with which the first task of every playbook here fails.
  - The groups are C(lab), C(lab_etcd) (members of the etcd cluster), C(lab_docker) and C(lab_simulated).
  - The variable C(lab) is the whole lab as one value, made of the variables C(lab_*), also where you override these.
  - Everything else is plain data. Templates are not rendered.
options:
  plugin:
    description: The name of this plugin.
    type: string
    required: true
    choices: [emon.overlay_lab.lab]
  lab:
    description: The lab file, relative to the inventory file.
    type: string
    required: true
  site:
    description: The site at which the hosts are, one of those in the lab file.
    type: string
    required: true
  simulated:
    description: Whether the hosts are simulated on this machine, and not real ones reached over SSH.
    type: boolean
    default: false
  outbound:
    description: Whether simulated hosts have a way out, by user-space NAT. Nothing of the machine's network changes.
    type: boolean
    default: false
  release:
    description: The Debian release of simulated hosts.
    type: string
    default: bookworm
    choices: [bullseye, bookworm, trixie, forky]
    env:
      - name: OVERLAY_LAB_RELEASE
"""

EXAMPLES = r"""
# company.yml: two real machines, at the company
plugin: emon.overlay_lab.lab
lab: ../labs/emon.yml
site: company

# simulated/company.yml: the same lab, with hosts simulated on this machine
# plugin: emon.overlay_lab.lab
# lab: ../../labs/emon.yml
# site: company
# simulated: true
"""

import os
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from ansible import context
from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin
from ansible.template import trust_as_template
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated.releases import DEFAULT_RELEASE, RELEASES
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file.load import load, text_of
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file.model import Lab
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file.value import LAB
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file.variables import (
    cache_dir,
    check_site,
    controller_dir,
    groups,
    host_variables,
    lab_variables,
)
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file.yaml_document import root
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file.yaml_nodes import Item

# Ansible's workers are forks of this process, one for each task on each host, and code of a collection has no bytecode
# on disk: what plugins need and is not here yet, each worker compiles again.
for _kind in ("action", "connection", "filter", "test"):
    for _file in sorted((Path(__file__).parent.parent / _kind).glob("*.py")):
        import_module(f"ansible_collections.emon.overlay_lab.plugins.{_kind}.{_file.stem}")

_RELEASE_VARIABLE = "OVERLAY_LAB_RELEASE"
# The exit code of a playbook run that failed.
_FAILED = 2


@dataclass(frozen=True)
class _Choice:
    """What an inventory file says: which lab, where, and how its hosts come to be."""

    lab: str
    site: str
    simulated: bool
    outbound: bool
    release: str


class InventoryModule(BaseInventoryPlugin):
    """A plugin that raises makes Ansible warn and go on without hosts, so faults become a variable instead.

    For the same reason the options are read here and not by set_options, which raises.
    """

    NAME = "emon.overlay_lab.lab"

    def verify_file(self, path):
        return super().verify_file(path) and path.endswith((".yml", ".yaml"))

    def parse(self, inventory, loader, path, cache=True):
        super().parse(inventory, loader, path, cache)
        file = Path(path)
        try:
            choice = _read_choice(file, self.NAME)
            lab = _load_lab(choice, file)
            if "lab_errors" in inventory.groups["all"].vars:
                raise LabError(f"{file.name}: another inventory of a lab was read before: a run is for one lab")
            self._fill(choice, lab, _lab_path(choice, file).absolute().parent)
        except LabError as error:
            self._tell(error.faults)

    def _fill(self, choice: _Choice, lab: Lab, directory: Path) -> None:
        for host in lab.hosts:
            self.inventory.add_host(host.name)
            for name, value in host_variables(host, choice.site, choice.simulated).items():
                self.inventory.set_variable(host.name, name, value)
        for group, members in groups(lab, choice.simulated).items():
            self.inventory.add_group(group)
            for member in members:
                self.inventory.add_child(group, member)
        # On the group all, because plays on localhost need the lab as well.
        given = (choice.site, choice.simulated, choice.release, directory, choice.outbound)
        for name, value in lab_variables(lab, *given).items():
            self.inventory.set_variable("all", name, value)
        self.inventory.set_variable("all", "lab_controller_dir", controller_dir(lab, choice.simulated))
        self.inventory.set_variable("all", "lab_cache_dir", cache_dir(lab))
        self.inventory.set_variable("all", "lab", _templates(LAB))

    def _tell(self, faults: list[str]) -> None:
        for group in ("lab", "lab_etcd", "lab_docker", "lab_simulated"):
            self.inventory.add_group(group)
        earlier = self.inventory.groups["all"].vars.get("lab_errors", [])
        self.inventory.set_variable("all", "lab_errors", earlier + faults)
        playbook = "start_at_task" in context.CLIARGS
        limited = bool(context.CLIARGS.get("subset"))
        if playbook and not limited:
            return  # The first play, on localhost, fails with the faults.
        for fault in faults:
            self.display.error(fault)
        if playbook:
            # A limit leaves no host to play on, not even localhost, so that the run would end well.
            raise SystemExit(_FAILED)


def _templates(value: dict) -> dict:
    return {key: _templates(one) if isinstance(one, dict) else trust_as_template(one) for key, one in value.items()}


def _read_choice(file: Path, plugin: str) -> _Choice:
    """Raises LabError for faults in a file of ours, and AnsibleParserError for the file of another plugin."""
    text = text_of(file, file.name)
    faults: list[str] = []
    try:
        item = root(text, faults)
        entries = item.entries() if item.is_mapping else {}
        ours = "plugin" in entries and entries["plugin"].source == plugin
    except LabError as error:
        if plugin in text:
            raise _prefixed(error.faults, file.name) from error
        ours = False
    if not ours:
        raise AnsibleParserError(f"not an inventory of {plugin}")
    faults.clear()
    given = item.keys(
        ("plugin", "lab", "site", "simulated", "outbound", "release"),
        required={"lab": "../labs/emon.yml", "site": "company"},
    )
    choice = _Choice(
        lab=_text(given, "lab"),
        site=_text(given, "site"),
        simulated="simulated" in given and bool(given["simulated"].boolean()),
        outbound="outbound" in given and bool(given["outbound"].boolean()),
        release=_read_release(given.get("release"), faults),
    )
    if choice.outbound and not choice.simulated:
        faults.append("outbound: is for simulated hosts, and real ones have a way out of their own: take it away")
    if faults:
        raise _prefixed(faults, file.name)
    return choice


def _text(given: dict[str, Item], key: str) -> str:
    return (given[key].text() if key in given else None) or ""


def _read_release(item: Item | None, faults: list[str]) -> str:
    if item is not None:
        return item.choice(RELEASES) or ""
    release = os.environ.get(_RELEASE_VARIABLE) or DEFAULT_RELEASE
    if release not in RELEASES:
        faults.append(f"{_RELEASE_VARIABLE}: {release} is not one of {', '.join(RELEASES)}")
    return release


def _lab_path(choice: _Choice, inventory_file: Path) -> Path:
    return inventory_file.parent / Path(choice.lab).expanduser()


def _load_lab(choice: _Choice, inventory_file: Path) -> Lab:
    file = _lab_path(choice, inventory_file)
    text = text_of(file, f"{inventory_file.name}: lab: {choice.lab}")
    try:
        lab = load(text, file.parent)
    except LabError as error:
        raise _prefixed(error.faults, choice.lab) from error
    try:
        check_site(lab, choice.site)
    except LabError as error:
        raise _prefixed(error.faults, inventory_file.name) from error
    return lab


def _prefixed(faults: list[str], file: str) -> LabError:
    return LabError(f"{file}: {fault}" for fault in faults)
