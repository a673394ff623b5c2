# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""A list of containers as a module's option: validated by Ansible, parsed, and compared with each other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import AnsibleValidationError, UnsupportedError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

from . import published_ports as published
from .spec import CONTAINER_OPTIONS, ContainerSpec, parse


def specs(entries: list[dict[str, Any]], secrets: Mapping[str, Mapping[str, str]] | None = None) -> list[ContainerSpec]:
    """The containers in their order; LabError with every fault in all of them. ``secrets``: container -> variable ->
    value.
    """
    return [spec for _params, spec in _read(entries, secrets or {})]


def validated(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What spec.parse takes, for where Ansible is not; LabError as in ``specs``."""
    return [params for params, _spec in _read(entries, {})]


def _read(
    entries: list[dict[str, Any]], secrets: Mapping[str, Mapping[str, str]]
) -> list[tuple[dict[str, Any], ContainerSpec]]:
    faults: list[str] = []
    found: list[tuple[dict[str, Any], ContainerSpec]] = []
    validator = ArgumentSpecValidator(CONTAINER_OPTIONS)
    for index, entry in enumerate(entries):
        result = validator.validate(entry)
        if result.error_messages:
            faults.extend(f"containers[{index}]: {_sentence(error)}" for error in result.errors)
            continue
        try:
            params = result.validated_parameters
            found.append((params, parse(params, secrets.get(params["name"]))))
        except LabError as error:
            faults.extend(error.faults)
    faults.extend(_faults_among([spec for _params, spec in found]))
    if faults:
        raise LabError(faults)
    return found


def _sentence(error: AnsibleValidationError) -> str:
    # Of an option that there is not, the validator gives the name alone.
    return f"unsupported option {error.msg}" if isinstance(error, UnsupportedError) else error.msg


def _faults_among(found: list[ContainerSpec]) -> list[str]:
    """What no single container is guilty of: a name, a port or an address that two want."""
    faults = []
    for index, spec in enumerate(found):
        for other in found[:index]:
            if spec.name == other.name:
                faults.append(f"container {spec.name}: is given twice")
                continue
            faults.extend(
                f"container {spec.name}: {line}"
                for line in published.conflicts(spec.ports, published.wanted_by(other.ports, other.name))
            )
            faults.extend(
                f"container {spec.name}: {address} on network {network} is wanted by container {other.name} as well"
                for network, address in sorted(spec.addresses & other.addresses)
            )
    return faults
