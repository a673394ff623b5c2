# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation of each module, as YAML. Of two entries with one name, a reader of YAML keeps the last silently."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
import yaml

_MODULES = sorted((Path(__file__).resolve().parents[4] / "plugins/modules").glob("*.py"))


class _Strict(yaml.SafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _value in node.value]
        assert len(keys) == len(set(keys)), f"twice: {sorted({key for key in keys if keys.count(key) > 1})}"
        return super().construct_mapping(node, deep)


@pytest.mark.parametrize("module", _MODULES, ids=lambda path: path.stem)
def test_no_entry_hides_another(module: Path) -> None:
    found = {
        statement.targets[0].id: ast.literal_eval(statement.value)
        for statement in ast.parse(module.read_text(encoding="utf-8")).body
        if isinstance(statement, ast.Assign)
        and isinstance(statement.targets[0], ast.Name)
        and statement.targets[0].id in ("DOCUMENTATION", "RETURN")
    }
    assert found.keys() == {"DOCUMENTATION", "RETURN"}
    for text in found.values():
        yaml.load(text, Loader=_Strict)
