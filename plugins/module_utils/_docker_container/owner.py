# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Whose a container is. By its id in the host's record: what is made of a committed image inherits every label.

Where no container was ever recorded, labels count that the container has of its own; the first run that makes or prunes
containers records those for good. One that is about to be made is recorded with its digest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker import listed_container as listed
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.faults import find, reported
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import owned
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.owned import LAB_LABEL, Known

from .spec import DIGEST_LABEL


@dataclass(frozen=True)
class Container:
    """What tells whose it is."""

    id: str
    name: str
    labels: Mapping[str, str]
    image: str


def of_listed(one: dict[str, Any]) -> Container:
    return Container(one["Id"], listed.name_of(one), listed.labels_of(one), one.get("ImageID", ""))


def of_inspected(one: dict[str, Any]) -> Container:
    return Container(one["Id"], one["Name"].lstrip("/"), one["Config"].get("Labels") or {}, one.get("Image", ""))


def _is_ours(client, known: Known, one: Container) -> bool:
    """Whether a module of this collection made it. ``client``: anything with ``inspect_image``."""
    if known.has(one.id):
        return True
    if known.ids is None:
        return _is_own(client, one)
    making = known.making(one.name)
    return making is not None and making.get("digest") == one.labels.get(DIGEST_LABEL) and _is_own(client, one)


def lab_of(client, known: Known, one: Container) -> str:
    """The lab that made it; '' for somebody else's, whatever its labels say. Nothing is removed for what this says:
    where no container was ever recorded, a label is enough that its image does not have.
    """
    value = one.labels.get(LAB_LABEL, "")
    if not value or known.ids is not None:
        return own_label(client, known, one, LAB_LABEL)
    return "" if LAB_LABEL in (_image_labels(client, one) or {}) else value


def reader(client) -> Callable[[dict[str, Any]], str]:
    """``lab_of``, of what an inspection shows."""
    return lambda inspected: lab_of(client, owned.known(owned.CONTAINER), of_inspected(inspected))


def own_label(client, known: Known, one: Container, key: str) -> str:
    """A label that it was made with by a module; '' where there is none, or its image has it."""
    value = one.labels.get(key, "")
    if not value:
        return ""
    if known.has(one.id):
        return known.details(one.id).get("labels", {}).get(key, "")
    image_labels = _image_labels(client, one)
    return value if image_labels is not None and key not in image_labels and _is_ours(client, known, one) else ""


def fault(client, known: Known, one: Container, lab: str = "") -> str | None:
    """Why a container of a wanted name may not be touched. ``lab``: the one that wants it; by hand, '', those without
    a lab's label are managed by name.
    """
    remedy = "choose another name, or remove it yourself"
    label = one.labels.get(LAB_LABEL, "")
    if not one.labels.get(DIGEST_LABEL) or not (known.has(one.id) or _is_own(client, one)):
        return f"container {one.name}: is there and was not made by this module: {remedy}"
    if (lab or label) and own_label(client, known, one, LAB_LABEL) != (lab or label):
        return f"container {one.name}: is there ({one.id[:12]}) and is not the lab's, by the host's record: {remedy}"
    return None


def labelled(client, label: str) -> list[Container]:
    """Those that bear a label, KEY=VALUE, and the mark of this collection's modules, made by them or inherited."""
    with reported("list of containers"):
        return [of_listed(one) for one in client.containers(all=True, filters={"label": [label, DIGEST_LABEL]})]


def take_over(client, wanted: Iterable[Container] = ()) -> None:
    """Where no container was ever recorded, record the lab's: those that have their labels of their own.

    ``wanted``: further ones, which somebody named.
    """
    known = owned.known(owned.CONTAINER)
    if known.ids is not None:
        return
    found = list(wanted)
    if known.lab:
        found += labelled(client, f"{LAB_LABEL}={known.lab}")
    ids = {one.id: _details(one.name, one.labels) for one in found if own_label(client, known, one, LAB_LABEL)}
    if ids or known.lab:
        owned.claim(owned.CONTAINER, ids)


def begin(client, name: str, digest: str, labels: Mapping[str, str]) -> None:
    """Record that a container is about to be made."""
    take_over(client)
    _write(labels, lambda: owned.begin(owned.CONTAINER, name, {"digest": digest}))


def made(name: str, container_id: str, labels: Mapping[str, str]) -> None:
    """It was made, and has this id."""
    _write(labels, lambda: owned.made(owned.CONTAINER, name, container_id, _details(name, labels)))


def _details(name: str, labels: Mapping[str, str]) -> dict[str, Any]:
    return {"name": name, "labels": {key: value for key, value in labels.items() if key != DIGEST_LABEL}}


def _write(labels: Mapping[str, str], write: Callable[[], None]) -> None:
    try:
        write()
    except LabError:
        # Without root nothing can be recorded; by hand, one without a lab's label does without.
        if LAB_LABEL in labels:
            raise


def _is_own(client, one: Container) -> bool:
    """Whether its digest is its own, and not that of the container whose image it is made of."""
    digest, inherited = one.labels.get(DIGEST_LABEL), _image_labels(client, one)
    return bool(digest) and inherited is not None and inherited.get(DIGEST_LABEL) != digest


def _image_labels(client, one: Container) -> dict[str, str] | None:
    """What it inherited; None where nobody knows, because the image is gone."""
    image = find(client.inspect_image, one.image) if one.image else None
    return None if image is None else ((image.get("Config") or {}).get("Labels") or {})
