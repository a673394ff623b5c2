# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""A container's environment: what is wanted, and what differs. Values that are secret are in no difference."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.differences import Differences
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

# Names of the secret variables, with commas between: a later run must not show the values that they had.
SECRETS_LABEL = "emon.overlay_lab.secret_env"
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_SECRET, _OTHER_SECRET = "(a secret)", "(another secret)"


def parse(given: Mapping[str, Any] | None, faults: list[str]) -> dict[str, str]:
    """The option env, as Docker has it: text, numbers and truth values in YAML's words."""
    found: dict[str, str] = {}
    for name, value in (given or {}).items():
        if not NAME.fullmatch(str(name)):
            faults.append(f"env: {name!r} is no name of a variable: use letters, digits and underscores")
        elif isinstance(value, (dict, list)) or value is None:
            faults.append(f"env[{name}]: has no value: write text")
        else:
            found[str(name)] = str(value).lower() if isinstance(value, bool) else str(value)
    return found


def of_api(entries: Iterable[str] | None) -> dict[str, str]:
    """Docker's list of NAME=VALUE."""
    return {name: value for name, _equals, value in (entry.partition("=") for entry in entries or ())}


def to_api(env: Mapping[str, str]) -> list[str]:
    return [f"{name}={value}" for name, value in sorted(env.items())]


def compare(
    wanted: Mapping[str, str],
    secrets: Mapping[str, str | None],
    live: dict[str, Any],
    image: dict[str, Any] | None,
    found: Differences,
) -> None:
    """Everything that differs, by variable. ``image``: whose variables are not given; None where it is not known."""
    now = of_api(live["Config"].get("Env"))
    hidden = {*secrets, *_formerly_secret(live)}
    for name, value in wanted.items():
        if now.get(name) != value:
            before = _SECRET if name in hidden and name in now else now.get(name)
            found.add(f"env[{name}]", before, value, recreate=True)
    if image is None:
        return
    inherited = of_api((image.get("Config") or {}).get("Env"))
    for name, value in now.items():
        if name not in wanted and name not in secrets and inherited.get(name) != value:
            found.add(f"env[{name}]", _SECRET if name in hidden else value, inherited.get(name), recreate=True)


def compare_secrets(secrets: Mapping[str, str | None], live: dict[str, Any], found: Differences) -> None:
    """They are part of no digest, so they are compared themselves; one whose value is not known may have any."""
    now = of_api(live["Config"].get("Env"))
    for name, value in secrets.items():
        if name not in now:
            found.add(f"env[{name}]", None, _SECRET, recreate=True)
        elif value is not None and now[name] != value:
            found.add(f"env[{name}]", _SECRET, _OTHER_SECRET, recreate=True)


def without_secrets(text: str, secrets: Mapping[str, str | None]) -> str:
    """What a container said of itself, unless that holds a secret."""
    return "(it holds a secret)" if any(value and value in text for value in secrets.values()) else text


def packed(secrets: Mapping[str, Mapping[str, str]]) -> str:
    """Container -> variable -> value as one text. Ansible hides a secret wherever its value stands: a text that stands
    nowhere else keeps it from hiding every "1" of a result.
    """
    return base64.b64encode(json.dumps(secrets, sort_keys=True).encode()).decode() if secrets else ""


def unpacked(text: str | None) -> dict[str, dict[str, str]]:
    """The reverse; LabError for what is no such text."""
    try:
        return json.loads(base64.b64decode(text or "", validate=True) or b"{}")
    except (binascii.Error, ValueError) as error:
        raise LabError("secrets: is not what the filter container_secrets returned: give that") from error


def _formerly_secret(live: dict[str, Any]) -> set[str]:
    return set(filter(None, ((live["Config"].get("Labels") or {}).get(SECRETS_LABEL) or "").split(",")))
