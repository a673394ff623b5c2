# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The program as one file: the sources that it imports of this collection, in a zip that Python runs.

The module that installs it came to the host with these sources. Nothing is compressed, and no time is kept, so that the
same sources make the same file everywhere.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

# `from X import a, b`, also over several lines. ruff writes every import like that.
_IMPORT = re.compile(r"^[ \t]*from ([\w.]+) import (\([^)]*\)|[^\n]+)", re.MULTILINE)
_COLLECTION = "ansible_collections."
_MODE = 0o644 << 16
_UNIX = 3


def built(entry: str) -> bytes:
    """``entry``: the name of a module of this collection whose ``main`` takes the words of the command line."""
    files = {f"{name.replace('.', '/')}.py": text for name, text in sources(entry).items()}
    folders = {folder for path in files for folder in _folders(path)}
    files |= {f"{folder}/__init__.py": "" for folder in folders}
    files["__main__.py"] = f"import sys\n\nfrom {entry} import main\n\nsys.exit(main(sys.argv[1:]))\n"
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(files):
            info = zipfile.ZipInfo(path)
            info.create_system, info.external_attr = _UNIX, _MODE
            archive.writestr(info, files[path])
    return stream.getvalue()


def sources(entry: str) -> dict[str, str]:
    """The text of a module and of all that it imports of this collection, by name."""
    found: dict[str, str] = {}
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = _loader(name).get_source(name)
            waiting.extend(imported(name, found[name]))
    return found


def imported(name: str, text: str) -> Iterator[str]:
    """The modules of this collection that a module of this name and text imports."""
    for source, words in _IMPORT.findall(text):
        package = _absolute(name, source)
        if not package.startswith(_COLLECTION):
            continue
        spec = find_spec(package)
        if spec is None:
            continue
        if spec.submodule_search_locations is None:
            yield package
            continue
        for word in re.findall(r"(\w+)(?: as \w+)?", words):
            yield f"{package}.{word}"


def _absolute(name: str, source: str) -> str:
    stem = source.lstrip(".")
    level = len(source) - len(stem)
    if not level:
        return source
    above = ".".join(name.split(".")[:-level])
    return f"{above}.{stem}" if stem else above


def _loader(name: str) -> Any:
    spec = find_spec(name)
    if spec is None or spec.loader is None:
        raise ImportError(f"{name} is not there")
    return spec.loader


def _folders(path: str) -> Iterator[str]:
    parts = path.split("/")[:-1]
    return ("/".join(parts[: length + 1]) for length in range(len(parts)))
