# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""No file but an engine's own, and the list of engines, names an engine."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._engines.choice import ENGINES

ROOT = Path(__file__).resolve().parents[3]
LIST = "plugins/plugin_utils/_engines/choice.py"

_NAMES = "|".join(ENGINES)
# Of a swarm and of VXLAN links much is said that is of no engine; these are said of one.
MENTION = re.compile(
    rf"\bcluster_store\b|_engine_(?:{_NAMES})\b|\bengine:? (?:the )?(?:{_NAMES})\b|_engine: (?:{_NAMES})\b"
    rf"|(?:==|!=|\bin) *[\[(]? *['\"](?:{_NAMES})['\"]|['\"](?:{_NAMES})['\"] *(?:==|!=|in\b)|\b(?:{_NAMES})/\w+\.yml"
)
# What is an engine's own, and the list of them.
HOMES = re.compile(
    rf"plugins/plugin_utils/_engine_(?:{_NAMES})/|{LIST}|plugins/filter/(?:{_NAMES})[_.]"
    rf"|roles/overlay_network/(?:tasks|templates)/(?:{_NAMES})/|roles/overlay_network/vars/main/(?:{_NAMES})\.yml"
)
ALLOWED = {
    "playbooks/swarm_remove.yml": "it is for the lab's swarm alone, whatever engine the lab has by now",
    "plugins/module_utils/_docker_daemon/daemon_json.py": "the remedy for a dockerd without a cluster store",
    "plugins/module_utils/_facts/overlay_state.py": "the kernel's kind of link",
    "plugins/module_utils/_topology/info.py": "the kernel's kind of link",
    "plugins/module_utils/_topology/observed.py": "the kernel's kind of link",
    "plugins/module_utils/_topology/parse.py": "the kernel's kind of link",
    "plugins/module_utils/_topology/plan_links.py": "the kernel's kind of link",
    "plugins/module_utils/_topology/preconditions.py": "the kernel's kind of link",
    "plugins/module_utils/_topology/requests.py": "the kernel's kind of link",
    "plugins/module_utils/_fault/links.py": "the kernel's kind of link",
    "plugins/module_utils/_fault/scene.py": "the kernel's kind of link",
    "plugins/modules/host_record.py": "an example of the option",
    "plugins/modules/lab_status.py": "an example of what is returned",
    "plugins/plugin_utils/_trace/causes.py": "the kernel's kind of link",
    "plugins/plugin_utils/_trace/table.py": "the kernel's kind of link",
    "plugins/plugin_utils/_trace/way.py": "the kernel's kind of link",
    "plugins/plugin_utils/_trace/world.py": "the kernel's kind of link",
    "roles/overlay_network/defaults/main.yml": "for which engine an option is: a role's options are in one file",
    "roles/overlay_network/meta/argument_specs.yml": "for which engine an option is: a role's options are in one file",
}


def mentions(root: Path) -> dict[str, list[str]]:
    """File -> its lines that name an engine, outside of homes."""
    found: dict[str, list[str]] = {}
    for folder in ("meta", "playbooks", "plugins", "roles", "tools"):
        for path in sorted((root / folder).rglob("*")):
            name = str(path.relative_to(root))
            if path.suffix in (".py", ".yml", ".j2", ".sh", ".bash") and not HOMES.match(name):
                lines = path.read_text(encoding="utf-8").splitlines()
                if named := [line.strip() for line in lines if MENTION.search(line)]:
                    found[name] = named
    return found


def test_nothing_but_an_engines_own_files_names_it() -> None:
    found = mentions(ROOT)
    assert {name: lines for name, lines in found.items() if name not in ALLOWED} == {}
    assert [name for name in ALLOWED if name not in found] == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("when: lab_engine == 'cluster_store'", True),
        ("if 'vxlan' in [lab_former_engine, lab_engine]", True),
        ('elif engine == "vxlan" and address in Shares(subnet).upper:', True),
        ("from ._engine_swarm import membership", True),
        ("ansible.builtin.include_tasks: swarm/check.yml", True),
        ("of the engine vxlan", True),
        ("emon.overlay_lab.docker_swarm:", False),
        ("the swarm's nodes, and a vxlan of VNI 42", False),
        ("engine: auto", False),
    ],
)
def test_what_counts_as_a_name(line: str, expected: bool) -> None:
    assert bool(MENTION.search(line)) is expected
