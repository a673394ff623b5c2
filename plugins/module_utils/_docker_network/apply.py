# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Carries out a network's plan. One that cannot be made anew comes back as it was, with its containers."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker import endpoint as endpoints
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.client import wait_until_up
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.faults import reported, unanswered
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import owned

from . import owner, view
from . import subnet_overlap as overlap
from .plan import Plan, attached
from .spec import NetworkSpec


def apply(client, made: Plan) -> dict[str, Any]:
    """Carry the plan out. Returns the network as modules show it, {} where it is absent."""
    spec, lab = made.request.spec, made.request.lab
    details = {"name": spec.name, "lab": lab}
    if lab:
        owner.take_over(lambda: view.list_networks(client))
    if not made.differences.changed:
        if lab and made.before:
            owned.made(owned.NETWORK, spec.name, made.before["Id"], details)
        elif lab:
            owner.forget_gone(spec.name, lab, view.list_networks(client))
        return made.expected
    if not made.request.present:
        _remove(client, made)
        return {}
    if lab:
        owned.begin(owned.NETWORK, spec.name, {"lab": lab})
    try:
        network_id = _create(client, made) if made.before is None else _make_anew(client, made)
    except LabError as error:
        # One that dockerd may have made is still expected.
        if lab and not unanswered(error):
            _record_failed(client, made, details)
        raise
    if lab:
        owned.made(owned.NETWORK, spec.name, network_id, details)
    network = view.inspect_new(client, network_id)
    if network is None:
        raise LabError(f"network {spec.name}: was made and is gone again: does somebody else manage it?")
    return view.shown(network)


def _record_failed(client, made: Plan, details: dict[str, Any]) -> None:
    name = made.request.spec.name
    try:
        standing = view.pick(view.list_networks(client), name)
    except LabError:
        return
    if standing is None:
        owned.not_made(owned.NETWORK, name)
    elif made.before:
        # The former one, which may have been made again.
        owned.made(owned.NETWORK, name, standing["Id"], details)


def _remove(client, made: Plan) -> None:
    name, network_id = made.request.spec.name, made.former["Id"]
    with reported(f"network {name}: disconnecting its containers"):
        for container in [attachment.container_id for attachment in made.attachments] + list(made.remote):
            client.disconnect_container_from_network(container, network_id, force=True)
    with reported(f"network {name}: removal"):
        client.remove_network(network_id)
    view.wait_until_gone(client, network_id)
    owned.gone(owned.NETWORK, {network_id})


def _create(client, made: Plan) -> str:
    """Make the network and return its id; a subnet that Docker chose badly is not kept."""
    spec = made.request.spec
    network_id = _create_from(client, spec)
    with reported(f"network {spec.name}: check of what was made"):
        named = client.networks(names=[spec.name])
    network = view.pick(named, spec.name)
    if network is not None and not spec.pools:
        chosen = view.spec_of(network)
        faults = overlap.faults(chosen, made.taken)
        if faults:
            client.remove_network(network_id)
            raise LabError(f"{fault} (Docker chose it: give subnet)" for fault in faults)
    return network_id


def _create_from(client, spec: NetworkSpec) -> str:
    ipam = None
    if spec.pools or spec.ipam_driver:
        ipam = {"Driver": spec.ipam_driver or "default", "Config": [pool.to_api() for pool in spec.pools]}
    with reported(f"network {spec.name}: creation"):
        answer = client.create_network(
            spec.name,
            driver=spec.driver,
            options=spec.options or None,
            ipam=ipam,
            check_duplicate=True,
            internal=bool(spec.internal),
            labels=spec.labels or None,
            enable_ipv6=bool(spec.enable_ipv6),
            attachable=spec.attachable,
        )
    return answer["Id"]


def _make_anew(client, made: Plan) -> str:
    """Remove, create, reconnect; where that fails, the former network comes back with its containers."""
    try:
        _remove(client, made)
        network_id = _create(client, made)
        _reconnect(client, made, network_id, made.request.spec)
    except LabError as error:
        raise LabError([*error.faults, *_bring_back(client, made)]) from error
    return network_id


def _bring_back(client, made: Plan) -> list[str]:
    """Returns how that went, in lines to be added to the error."""
    former = view.spec_of(made.former)
    try:
        wait_until_up(client)
        standing = view.inspect(client, made.former["Id"])
        if standing is None:
            _remove_by_name(client, former.name)
            _reconnect(client, made, _create_from(client, former), former)
            return [f"network {former.name}: the former network was made again"]
        there = {attachment.container_id for attachment in attached(client, standing)[0]}
        gone = tuple(attachment for attachment in made.attachments if attachment.container_id not in there)
        _reconnect(client, replace(made, attachments=gone), standing["Id"], former)
        return [f"network {former.name}: the former network is as it was"]
    except LabError as second:
        return [f"{fault} (while the former network was brought back)" for fault in second.faults]


def _reconnect(client, made: Plan, network_id: str, spec: NetworkSpec) -> None:
    """Connect the containers again, with the addresses that they had where these fit."""

    def fitting(address: str | None) -> str | None:
        # Docker takes a fixed address only in a subnet that was given by the user.
        return address if address and any(ip_address(address) in subnet for subnet in spec.subnets) else None

    for attachment in made.attachments:
        had = attachment.endpoint
        endpoint = replace(had, ipv4_address=fitting(had.ipv4_address), ipv6_address=fitting(had.ipv6_address))
        with reported(f"network {spec.name}: connecting {attachment.name}"):
            endpoints.connect(client, attachment.container_id, network_id, endpoint)


def _remove_by_name(client, name: str) -> None:
    """Remove what a failed attempt left: connections of containers, and the network."""
    half_made = view.pick(view.list_networks(client), name)
    if half_made is None:
        return
    with reported(f"network {name}: removal of the failed attempt"):
        for container in client.containers(all=True, filters={"network": [half_made["Id"]]}):
            client.disconnect_container_from_network(container["Id"], half_made["Id"], force=True)
        client.remove_network(half_made["Id"])
    view.wait_until_gone(client, half_made["Id"])
