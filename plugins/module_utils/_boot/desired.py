# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What a host has to know after a boot, when nobody tells it: a file that the module boot_unit writes."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.state_files import read_json
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container.spec import ContainerSpec, parse

PATH = Path("/etc/overlay-lab/boot.json")
_SHAPE = {"lab": str, "containers": [dict]}
# Docker's own words for what starts after a boot.
_POLICIES = ("always", "unless-stopped")


@dataclass(frozen=True)
class Desired:
    """``containers``: as _docker_container.entries.validated returns them."""

    lab: str
    containers: list[dict[str, Any]]

    def text(self) -> str:
        return json.dumps(asdict(self), indent=2, sort_keys=True) + "\n"

    def specs(self) -> list[ContainerSpec]:
        """Those that are to run after a boot, in their order."""
        return [
            spec for spec in map(parse, self.containers) if spec.state == "started" and spec.restart_policy in _POLICIES
        ]


def read(path: Path = PATH) -> Desired:
    """Raises LabError where it is not there, or not what was written."""
    found = read_json(path, _SHAPE)
    if found is None:
        raise LabError(f"{path} is not there: run playbooks/overlay.yml")
    return Desired(found["lab"], found["containers"])
