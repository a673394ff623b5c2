# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Packages import only what the table allows."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

_SCRIPT = Path(__file__).parent.parent / "check_layers.py"
_SPEC = spec_from_file_location("check_layers", _SCRIPT)
check = module_from_spec(_SPEC)
_SPEC.loader.exec_module(check)

TABLE = """
    0 _core:
    1 _host: _core
    1 _kernel: _core
    2 +_checks: _core
"""
ABSOLUTE = "from ansible_collections.emon.overlay_lab.plugins."


def tree(root: Path, files: dict[str, str]) -> Path:
    """A collection in which every edge of the table is used."""
    there = {
        "module_utils/_core/errors.py": "",
        "module_utils/_host/record.py": f"{ABSOLUTE}module_utils._core.errors import LabError\nfrom . import lock",
        "module_utils/_host/lock.py": "",
        "module_utils/_kernel/netns.py": f"{ABSOLUTE}module_utils._core import errors",
        "plugin_utils/_checks/preflight.py": f"{ABSOLUTE}module_utils._core import errors",
        "modules/netns.py": f"{ABSOLUTE}module_utils._kernel.netns import Namespaces",
        "filter/preflight.py": f"{ABSOLUTE}plugin_utils._checks import preflight",
    }
    for name, text in (there | files).items():
        path = root / "plugins" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def test_what_is_allowed_is_no_fault(tmp_path: Path) -> None:
    assert check.faults(tree(tmp_path, {}), check.read(TABLE)) == []


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        (
            "module_utils/_host/record.py",
            f"{ABSOLUTE}module_utils._core import errors\n{ABSOLUTE}module_utils._kernel import netns",
            "plugins/module_utils/_host/record.py:2: module_utils/_host may not import module_utils/_kernel",
        ),
        (
            "module_utils/_host/lock.py",
            f"def late():\n    {ABSOLUTE}module_utils import _kernel",
            "plugins/module_utils/_host/lock.py:2: module_utils/_host may not import module_utils/_kernel",
        ),
        (
            "module_utils/_core/errors.py",
            f"{ABSOLUTE}plugin_utils._checks.preflight import faults",
            "plugins/module_utils/_core/errors.py:1: module_utils/_core may not import plugin_utils/_checks",
        ),
        (
            "module_utils/_host/lock.py",
            f"{ABSOLUTE}module_utils._host import record",
            "plugins/module_utils/_host/lock.py:1: module_utils/_host is imported here by `from . import x`",
        ),
        (
            "module_utils/_host/lock.py",
            "from .._core import errors",
            "plugins/module_utils/_host/lock.py:1: module_utils is imported here by an absolute import",
        ),
        (
            "modules/netns.py",
            f"{ABSOLUTE}plugin_utils._checks import preflight",
            "plugins/modules/netns.py:1: Ansible does not send plugin_utils/_checks to hosts",
        ),
        (
            "module_utils/errors.py",
            "",
            "plugins/module_utils/errors.py: put it into a package of the table in tests/check_layers.py",
        ),
        (
            "module_utils/_kernel/netns.py",
            "",
            "module_utils/_kernel: imports nothing of module_utils/_core any more: take it out of the table",
        ),
    ],
)
def test_what_is_not_allowed_is_named(tmp_path: Path, name: str, text: str, fault: str) -> None:
    assert check.faults(tree(tmp_path, {name: text}), check.read(TABLE)) == [fault]


def test_a_package_has_twenty_files_at_most(tmp_path: Path) -> None:
    files = {f"module_utils/_core/part{number}.py": "" for number in range(20)}
    assert check.faults(tree(tmp_path, files), check.read(TABLE)) == [
        "module_utils/_core: 21 files are too many: split it"
    ]


def test_the_table_itself_goes_down_alone(tmp_path: Path) -> None:
    table = "0 _core: _host\n1 _host: _core _wire\n1 _kernel: _core\n2 +_checks: _core\n3 _probe:"
    assert check.faults(tree(tmp_path, {}), check.read(table)) == [
        "module_utils/_core: module_utils/_host is not on a lower floor",
        "module_utils/_host: module_utils/_wire is not in the table",
        "module_utils/_probe: no such package: take it out of the table",
        "module_utils/_core: imports nothing of module_utils/_host any more: take it out of the table",
        "module_utils/_host: imports nothing of module_utils/_wire any more: take it out of the table",
    ]
