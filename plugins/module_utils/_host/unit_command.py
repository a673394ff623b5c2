# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""How systemd starts a unit's program: its drop-ins in their order, the command that counts, its environment."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path

# Where systemd looks for drop-ins: of two with one name, that of the earlier directory counts.
_DIRECTORIES = (
    "etc/systemd/system",
    "run/systemd/system",
    "usr/local/lib/systemd/system",
    "usr/lib/systemd/system",
    "lib/systemd/system",
)
# Settings that a later file adds to, and that an empty assignment forgets.
_LISTS = ("ExecStart", "ExecStartPre")
_VARIABLE = re.compile(r"\$\{(\w+)\}|\$\$")
_ASSIGNMENT = re.compile(r"^[ \t]*(\w+)[ \t]*=[ \t]*(.*?)[ \t]*$", re.MULTILINE)
_COMMENT = re.compile(r"^[ \t]*[#;].*\n?", re.MULTILINE)
# Of an environment file: a name, then values in quotes, which may have several lines, then a plain one.
_QUOTED = re.compile(r"""'([^']*)'|"((?:\\.|[^"\\])*)\"""", re.DOTALL)
_ENTRY = re.compile(
    rf"^[ \t]*(\w+)[ \t]*=((?:[ \t]*(?:{_QUOTED.pattern}))*)((?:\\.|[^\n\\])*)$", re.MULTILINE | re.DOTALL
)


def drop_ins(unit: str, root: Path = Path("/"), given: Mapping[Path, str] | None = None) -> dict[Path, str]:
    """The unit's drop-ins with their text, in the order in which systemd reads them: by file name, wherever they are.

    ``given``: files as they will be; those of other directories are none of the unit's.
    """
    found: dict[str, tuple[Path, str]] = {}
    for directory in (Path("/", one, f"{unit}.d") for one in reversed(_DIRECTORIES)):
        for path in sorted((root / directory.relative_to("/")).glob("*.conf")):
            found[path.name] = (directory / path.name, _text(path))
    for path, text in (given or {}).items():
        if path.parent.name == f"{unit}.d" and path.suffix == ".conf":
            found[path.name] = (path, text)
    return {path: text for _name, (path, text) in sorted(found.items())}


def command(loaded: Iterable[str], texts: Iterable[str]) -> tuple[str, ...]:
    """The words of the ExecStart that counts, variables not replaced; ``loaded``, where none of the files sets one."""
    last = None
    for text in texts:
        for value in _assignments(text, "ExecStart"):
            last = value or last
    return tuple(split(last)) if last else tuple(loaded)


def undone(ours: Path, found: Mapping[Path, str]) -> list[str]:
    """What drop-ins that are read after ours take from it, a line each. ``found``: drop_ins()."""
    lines = []
    own = found[ours]
    after = list(found)[list(found).index(ours) + 1 :]
    for key in (key for key in _LISTS if any(_assignments(own, key))):
        for path in after:
            values = _assignments(found[path], key)
            # Of a service's commands there is one; others are added to each other.
            if "" in values or (key == "ExecStart" and values):
                lines.append(
                    f"{path} is read after {ours.name} and sets {key} again, so systemd forgets the lab's: take {key}"
                    f" out of it, or rename it so that its name sorts before {ours.name}"
                )
    return lines


def environment(settings: Iterable[str], files: Iterable[str], unset: Iterable[str] = ()) -> dict[str, str]:
    """``settings``: NAME=VALUE of Environment=; ``files``: paths or patterns of EnvironmentFile=, which count more;
    ``unset``: NAME or NAME=VALUE of UnsetEnvironment=, which counts most.
    """
    found = dict(one.split("=", 1) for one in settings if "=" in one)
    for pattern in files:
        for path in sorted(Path("/").glob(pattern.lstrip("/"))):
            found |= environment_of(str(path))
    taken = set(unset)
    return {name: value for name, value in found.items() if not taken & {name, f"{name}={value}"}}


def environment_of(path: str) -> dict[str, str]:
    """The variables of an EnvironmentFile; {} where there is none."""
    try:
        text = Path(path).read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, IsADirectoryError):
        return {}
    return {found[1]: _quoted(found[2]) + _plain(found[5]) for found in _ENTRY.finditer(text)}


def words(command: Iterable[str], environment: Mapping[str, str]) -> list[str]:
    """A command's words as the program gets them: $NAME alone stands for the words of its value, ${NAME} anywhere for
    the value.
    """
    found: list[str] = []
    for word in command:
        if re.fullmatch(r"\$\w+", word):
            found += split(environment.get(word[1:], ""))
        else:
            found.append(_VARIABLE.sub(lambda one: environment.get(one[1], "") if one[1] else "$", word))
    return found


def split(text: str) -> list[str]:
    """At blanks, but not in quotes; somebody's text may have quotes without an end."""
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _quoted(text: str) -> str:
    return "".join(
        one[1] if one[2] is None else re.sub(r'\\(?:\n|(["\\$`]))', _escaped, one[2]) for one in _QUOTED.finditer(text)
    )


def _plain(text: str) -> str:
    return re.sub(r"\\(?:\n|(.))", _escaped, text.strip())


def _escaped(found: re.Match[str]) -> str:
    return found[1] or ""


def _assignments(text: str, key: str) -> list[str]:
    return [value for name, value in _ASSIGNMENT.findall(_joined(text)) if name == key]


def _joined(text: str) -> str:
    """The lines of a unit's file; systemd skips comments between those that belong together, too."""
    return _COMMENT.sub("", text).replace("\\\n", " ")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        # A link that leads nowhere, or a directory.
        return ""
