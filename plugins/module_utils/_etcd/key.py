# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Keys of etcd as desired state: parse -> plan (reads, touches nothing) -> apply."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.differences import Differences
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError

from .store import Condition, Conflict, Entry, Store

_SHOWN = 1000  # characters of a value in a difference; a longer one is told by its size and checksum


@dataclass(frozen=True)
class DesiredKey:
    """The desired state of one key. ``value`` counts with state present only."""

    key: str
    value: bytes = b""


@dataclass(frozen=True)
class Request:
    """What one call of the module wants."""

    state: str
    desired: tuple[DesiredKey, ...]
    prefix: bool
    condition: Condition


@dataclass
class Plan:
    """What apply() writes, and what the module returns: entries as they are, or would be, afterwards."""

    request: Request
    writes: list[DesiredKey] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    differences: Differences = field(default_factory=Differences)


def parse(params: Mapping[str, Any]) -> Request:
    """Check a module's parameters; all faults in one LabError."""
    given = params["entries"] if params["entries"] is not None else [params]
    has_value = [_has_value(one) for one in given]
    state = params["state"] or ("present" if any(has_value) else "query")
    condition = Condition(
        create_only=params["create_only"],
        value=None if params["previous_value"] is None else params["previous_value"].encode(),
        revision=params["previous_revision"],
    )
    faults = _faults(state, params["prefix"], condition)
    desired = []
    for one, valued in zip(given, has_value):
        # Both forms name the same v2 key; etcd answers with the slash.
        key = "/" + one["key"].strip("/") if params["api"] == "v2" else one["key"]
        where = f"key {one['key']!r}"
        if one["value"] is not None and one["value_base64"] is not None:
            faults.append(f"{where}: give value or value_base64, not both")
        if state == "present" and not valued:
            faults.append(f"{where}: state present needs value or value_base64")
        if state != "present" and valued:
            faults.append(f"{where}: a value has no meaning with state {state}")
        if not one["key"].strip("/" if params["api"] == "v2" else "") and state != "query":
            faults.append(f"{where}: names every key; only state query may")
        try:
            desired.append(DesiredKey(key, _value(one, params["api"])))
        except ValueError as error:
            faults.append(f"{where}: {error}")
    if faults:
        raise LabError(faults)
    return Request(state, tuple(desired), params["prefix"], condition)


def plan(request: Request, store: Store) -> Plan:
    """Compare the desired keys with the current ones. Raises LabError where a condition does not hold."""
    result = Plan(request)
    for desired in request.desired:
        if request.state == "query":
            result.entries += store.list(desired.key, request.prefix)
        elif request.prefix:
            _plan_absent(result, desired, store.list(desired.key, True))
        else:
            current = store.get(desired.key)
            if current is not None and current.value is None:
                raise LabError(
                    f"key {desired.key} is a directory, which holds no value; absent with prefix: true removes it"
                )
            if request.state == "absent":
                _plan_absent(result, desired, [current] if current else [])
            else:
                _plan_present(result, desired, current)
    return result


def apply(plan: Plan, store: Store) -> None:
    """Write what was planned; what is returned about it is read back."""
    request = plan.request
    for desired in plan.writes:
        try:
            if request.state == "absent":
                store.delete(desired.key, request.prefix, request.condition)
            else:
                store.put(desired.key, desired.value, request.condition)
        except Conflict:
            # Somebody wrote between the plan and now.
            _refuse(desired, store.get(desired.key), request.condition)
    if plan.writes and request.state == "present":
        plan.entries = [entry for desired in request.desired if (entry := store.get(desired.key))]


def _plan_present(result: Plan, desired: DesiredKey, current: Entry | None) -> None:
    if current is not None and current.value == desired.value:
        result.entries.append(current)
        return
    if not result.request.condition.holds(current):
        _refuse(desired, current, result.request.condition)
    result.writes.append(desired)
    result.entries.append(Entry(desired.key.encode(), desired.value))
    result.differences.add(desired.key, _shown(current), _shown(result.entries[-1]))


def _plan_absent(result: Plan, desired: DesiredKey, current: list[Entry]) -> None:
    if not current:
        return
    if not result.request.condition.holds(current[0]):
        _refuse(desired, current[0], result.request.condition)
    result.entries += current
    result.writes.append(desired)
    for entry in current:
        result.differences.add(entry.key.decode(errors="backslashreplace"), _shown(entry), None)


def _refuse(desired: DesiredKey, entry: Entry | None, condition: Condition) -> NoReturn:
    stands = "is absent" if entry is None else f"holds {_shown(entry)} (revision {entry.mod_revision})"
    if condition.create_only:
        wanted = "it was to be created"
    elif condition.value is not None:
        wanted = f"{_shown(Entry(b'', condition.value))} was expected"
    else:
        wanted = f"revision {condition.revision} was expected"
    raise LabError(f"key {desired.key} {stands}, {wanted}: nothing was changed; read it again and decide")


def _shown(entry: Entry | None) -> str | None:
    """A value for people: quoted, so that the text "absent" is told from an absent key."""
    if entry is None:
        return None
    if entry.value is None:
        return "directory"
    try:
        text = json.dumps(entry.value.decode(), ensure_ascii=False)
    except UnicodeDecodeError:
        text = ""
    if text and len(text) <= _SHOWN:
        return text
    return f"{len(entry.value)} bytes, sha256 {hashlib.sha256(entry.value).hexdigest()[:16]}"


def _faults(state: str, prefix: bool, condition: Condition) -> list[str]:
    faults = []
    if prefix and state == "present":
        faults.append("prefix: has no meaning with state present")
    if condition and state == "query":
        faults.append("create_only, previous_value, previous_revision: nothing is written with state query")
    if condition and prefix:
        faults.append("previous_value, previous_revision: compare one key, so they exclude prefix: true")
    if condition.create_only and state == "absent":
        faults.append("create_only: has no meaning with state absent")
    return faults


def _has_value(one: Mapping[str, Any]) -> bool:
    return one["value"] is not None or one["value_base64"] is not None


def _value(one: Mapping[str, Any], api: str) -> bytes:
    """Raises ValueError in words for people."""
    if one["value_base64"] is None:
        return (one["value"] or "").encode()
    try:
        value = base64.b64decode(one["value_base64"], validate=True)
    except binascii.Error as error:
        raise ValueError(f"value_base64 is not base64 ({error})") from error
    if api == "v2":
        try:
            value.decode()
        except UnicodeDecodeError as error:
            raise ValueError("the v2 API keeps text only (UTF-8); keep other bytes with api: v3") from error
    return value
