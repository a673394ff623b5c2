# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Carries out dockerd's plan; where dockerd does not come up, everything is put back and its own words are shown."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.programs import Overdue
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.client import connect
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import foreign
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import kept_files as kept
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import record as host_record
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import systemd

from . import stale_endpoints
from .daemon_json import SECTION
from .plan import SOCKET_UNIT, Plan, formers

_POLL_SECONDS = 0.05
# Lines of dockerd's log that say why it gave up, most telling first.
_TELLING = ("failed to start daemon", "unable to configure", "level=fatal", "level=error", "unknown flag", "Error:")
_SHOWN_LINES = 3


def apply(made: Plan) -> list[str]:
    """Carry the plan out; returns the names of the foreign containers that were started again."""
    if not made.differences.changed:
        if made.record is not None and made.record != host_record.section(SECTION):
            made.files.keep()
            host_record.update(SECTION, made.record)
        return []
    if made.request.state == "stopped":
        return _stopped(made)
    return _present(made) if made.request.state == "present" else _absent(made)


def _stopped(made: Plan) -> list[str]:
    if made.record is not None:
        # Recorded at the end: a run that is killed before that does it once more.
        host_record.update(SECTION, made.record | {"forgotten": False})
    if made.service.starting:
        # It waits a minute a container for a store that does not answer, and does not hear a signal meanwhile.
        systemd.kill(made.request.service)
    names = [unit.name for unit, _was in made.units]
    # Both in one call: the socket alone would start the service again.
    systemd.stop(*names, timeout=made.request.timeout)
    if made.forget:
        stale_endpoints.forget(made.service, made.request.path)
    if made.record is not None:
        host_record.update(SECTION, made.record)
    return []


def _present(made: Plan) -> list[str]:
    record = made.record or {}
    former = host_record.section(SECTION)
    made.files.keep()
    # Written first: a run that is killed from here on is completed by the next one.
    host_record.update(SECTION, record | {"pending": made.restart, "to_start": list(made.to_start)})
    try:
        made.files.apply()
    except LabError:
        _undo_files(made, former)
        host_record.update(SECTION, former or None)
        raise
    _reload_if_needed(made)
    if made.request.enabled and not made.service.enabled:
        systemd.enable(made.request.service, True)
    if made.restart:
        started = time.time()
        try:
            if made.forget:
                _forget_endpoints(made)
            _restart(made)
            # If dockerd did not run before, lost sandboxes show only now.
            if made.with_store and _lost_sandboxes(made):
                _forget_endpoints(made)
                _restart(made)
        except LabError as error:
            raise LabError(_put_back(made, former, error, started)) from error
        host_record.update(SECTION, record | {"to_start": list(made.to_start)})
    names = _start_foreign(made)
    host_record.update(SECTION, record)
    kept.discard(formers(former), made.files.formers)
    return names


def _absent(made: Plan) -> list[str]:
    former = host_record.section(SECTION)
    unfinished = {"pending": made.restart, "to_start": list(made.to_start)}
    host_record.update(SECTION, former | unfinished)
    made.files.apply()
    for directory in sorted(made.directories, reverse=True):
        _remove_if_empty(Path(directory))
    _reload_if_needed(made)
    for unit, was in made.units:
        if unit.enabled != was["enabled"]:
            systemd.enable(unit.name, was["enabled"])
    names: list[str] = []
    if made.restart:
        _restart(made)
        names = _start_foreign(made)
    # Both in one call: the socket alone would start the service again.
    to_stop = [unit.name for unit, was in made.units if unit.active and not was["active"]]
    if to_stop:
        systemd.stop(*to_stop, timeout=made.request.timeout)
    for unit, was in made.units:
        # Where dockerd was started the socket came with it, and to restart it would restart dockerd.
        if unit.name == SOCKET_UNIT and was["active"] and not unit.active and not made.restart:
            systemd.restart(unit.name, timeout=made.request.timeout)
    host_record.update(SECTION, None)
    kept.discard(formers(former), {})
    return names


def _lost_sandboxes(made: Plan) -> bool:
    client = connect(made.request.docker_host)
    try:
        return stale_endpoints.found(client, *systemd.units(made.request.service))
    finally:
        client.close()


def _forget_endpoints(made: Plan) -> None:
    """Stop dockerd, and make it forget the endpoints that its store has lost."""
    # Both in one call: the socket alone would start the service again.
    names = (SOCKET_UNIT, made.request.service) if made.with_socket else (made.request.service,)
    systemd.stop(*names, timeout=made.request.timeout)
    stale_endpoints.forget(made.service, made.request.path)


def _restart(made: Plan) -> None:
    """Restart dockerd and wait until it answers."""
    deadline = time.monotonic() + made.request.timeout
    names = (SOCKET_UNIT, made.request.service) if made.with_socket else (made.request.service,)
    systemd.restart(*names, timeout=made.request.timeout)
    while True:
        try:
            connect(made.request.docker_host).close()
            return
        except LabError as error:
            if time.monotonic() > deadline:
                raise Overdue(f"dockerd does not answer after {made.request.timeout} s: {error}") from error
        time.sleep(_POLL_SECONDS)


def _put_back(made: Plan, former: dict[str, Any], error: LabError, started: float) -> list[str]:
    """Undo the files and start dockerd with the former ones; returns the lines of the error to raise."""
    lines = why(error, _own_words(made.request.service, started))
    _undo_files(made, former)
    systemd.reload()
    outcome = "the former configuration is restored"
    if made.service.active:
        try:
            _restart(made)
            names = _start_foreign(made)
            outcome += ", and dockerd runs with it" + (f"; started again: {', '.join(names)}" if names else "")
        except LabError as second:
            lines.append(f"dockerd does not come up with the former configuration either: {second}")
    else:
        systemd.stop(made.request.service, timeout=made.request.timeout)
    if made.request.enabled and not made.service.enabled:
        systemd.enable(made.request.service, False)
    host_record.update(SECTION, former or None)
    return [f"dockerd did not start with the new configuration; {outcome}", *(f"dockerd: {line}" for line in lines)]


def why(error: LabError, own_words: list[str]) -> list[str]:
    """The lines about a failed start: dockerd's own error, or that it was too slow."""
    return [*error.faults, *own_words] if isinstance(error, Overdue) or not own_words else own_words


def _undo_files(made: Plan, former: dict[str, Any]) -> None:
    made.files.undo()
    kept.discard(made.files.formers, formers(former))
    for directory in sorted(made.record["directories"] if made.record else (), reverse=True):
        if directory not in former.get("directories", ()):
            _remove_if_empty(Path(directory))


def _own_words(service: str, since: float) -> list[str]:
    """Why dockerd gave up, in its own words."""
    written = systemd.journal(service, since)
    for sign in _TELLING:
        found = list(dict.fromkeys(line for line in written if sign in line))
        if found:
            return found[:_SHOWN_LINES]
    return written[-_SHOWN_LINES:]


def _start_foreign(made: Plan) -> list[str]:
    if not made.to_start:
        return []
    return foreign.start_again(connect(made.request.docker_host), list(made.to_start))


def _reload_if_needed(made: Plan) -> None:
    changed = any(str(path).startswith(systemd.UNIT_DIRECTORIES) for path in made.files.changed_paths)
    if changed or made.service.needs_reload:
        systemd.reload()


def _remove_if_empty(directory: Path) -> None:
    if directory.is_dir() and not any(directory.iterdir()):
        directory.rmdir()
