# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""The map as a file: what it has to contain follows from the ending of its name."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import PurePath

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

from . import graph, layout, page, svg
from .model import Model

FORMATS: dict[str, Callable[[Model], str]] = {
    ".html": page.render,
    ".svg": lambda model: svg.render(layout.picture(model)),
    ".mmd": graph.mermaid,
    ".dot": graph.dot,
    ".json": lambda model: json.dumps(model, indent=2) + "\n",
}


def render(model: Model, name: str) -> str:
    """The content of a file of this name. Raises LabError for one that ends in none of the formats."""
    return FORMATS[ending(name)](model)


def ending(name: str) -> str:
    """The ending of a file's name that says its format. Raises LabError."""
    found = PurePath(name).suffix.lower()
    if found not in FORMATS:
        raise LabError(
            f"map_file: {name} ends in none of {', '.join(FORMATS)}: choose one of these formats by its ending"
        )
    return found
