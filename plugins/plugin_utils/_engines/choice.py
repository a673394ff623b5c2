# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""The list of engines, which one serves a lab, and what playbooks ask of one by its name."""

from __future__ import annotations

from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.versions import DOCKER_WITHOUT_STORE, parse_version
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_cluster_store import engine as cluster_store
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_common.engine import Engine
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_common.hosts import docker_version
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_swarm import engine as swarm
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engine_vxlan import engine as vxlan

ENGINES: dict[str, Engine] = {
    "cluster_store": cluster_store.ENGINE,
    "swarm": swarm.ENGINE,
    "vxlan": vxlan.ENGINE,
}
AUTO = "auto"
_TRAITS = ("uses_etcd", "dockerd_store", "swarm_mode", "own_resolver", "pauses", "move")


def choose(wanted: str, infos: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """{"engine": name, "why": half a sentence, "faults": [line]}: what the lab file says, or for `auto` what every
    host's Docker can do.
    """
    if wanted != AUTO:
        named(wanted)
        return {"engine": wanted, "why": "the lab file says so", "faults": []}
    versions = {name: docker_version(info) for name, info in infos.items() if docker_version(info)}
    listed = ", ".join(f"{version} on {name}" for name, version in versions.items())
    newer = [name for name, version in versions.items() if parse_version(version) >= DOCKER_WITHOUT_STORE]
    if not newer:
        return {"engine": "cluster_store", "why": f"auto: Docker is {listed or 'not known'}, below 23", "faults": []}
    chosen = {"engine": "swarm", "why": f"auto: Docker is {listed}, 23 or later", "faults": []}
    if len(newer) == len(versions):
        return chosen
    fault = (
        f"engine auto: Docker is {listed}: auto needs Docker on one side of 23 on all hosts, because cluster_store"
        " ended before 23; install one version on all, or set engine: vxlan in the lab file, which serves them all"
    )
    return {**chosen, "faults": [fault]}


def named(name: str) -> Engine:
    """The engine of this name, or LabError."""
    if name not in ENGINES:
        raise LabError(f"engine: {name} is not one of {', '.join(ENGINES)}: use one of these in the lab file")
    return ENGINES[name]


def for_lab_file(name: str) -> Engine:
    """The engine whose rules hold for a lab file. With `auto`, those of swarm: of the two, it takes more addresses."""
    return ENGINES["swarm"] if name == AUTO else ENGINES[name]


def encrypting() -> list[str]:
    """The names of the engines that encrypt a network where the lab file asks for it."""
    return [name for name, engine in ENGINES.items() if not engine.no_encryption]


def makes_containers_anew(former: str, name: str) -> bool:
    """Whether containers do not survive a change between these engines."""
    return any(ENGINES[one].own_resolver for one in {former, name} & ENGINES.keys())


def traits(name: str) -> dict[str, Any]:
    """What playbooks and roles ask of an engine; engine.py says what each means. `auto`, not chosen yet, has none."""
    engine = Engine() if name == AUTO else named(name)
    return {trait: getattr(engine, trait) for trait in _TRAITS}
