# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""dockerd's whole configuration as one desired state: the plan finds every fault and touches nothing.

The host's record remembers, in the section ``docker_daemon``, what was there before:
``{"settings": {key: {"existed", "before"}}, "files": [{"path", "secret", "backup"}],
"kept": {path: what stood there before (_host.kept_files.Former)}, "directories": [path], "path", "had_file",
"units": {name: {"active", "enabled"}}, "pending": bool, "to_start": [container id], "forgotten": bool, "lab": str,
"wrote": {key: value}}``; ``forgotten``: it was stopped after it had forgotten its endpoints; ``lab``: for which lab;
``wrote``: daemon.json as the last run left it, other people's keys included.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.differences import Differences
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.client import connect
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import foreign
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import kept_files as kept
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import (
    managed_files,
    section_owner,
    systemd,
    unit_command,
)
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import record as host_record
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.kept_files import Former
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.managed_files import ManagedFile
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.systemd import Unit

from . import configuration, daemon_json, damaged, stale_endpoints
from .clashes import clashes
from .configuration import version
from .daemon_json import SECTION, Owned

SOCKET_UNIT = "docker.socket"


@dataclass(frozen=True)
class Request:
    settings: dict[str, Any]
    files: tuple[ManagedFile, ...]
    path: Path
    service: str
    state: str = "present"
    enabled: bool = True
    restart_allowed: bool = False
    override: bool = False
    restore: bool = False
    swarm: bool = False
    forget_endpoints: bool = False
    timeout: int = 300
    docker_host: str = ""
    lab: str = ""


@dataclass(frozen=True)
class Plan:
    """``record``: the section as it will be, None where it goes. ``service``: the unit as it is now."""

    request: Request
    differences: Differences
    files: managed_files.Plan
    service: Unit
    version: str
    record: dict[str, Any] | None
    restart: bool = False
    with_store: bool = False
    # dockerd has to be started once without its store.
    forget: bool = False
    # A dockerd that listened by itself has replaced the file of systemd's socket, so the two restart together.
    with_socket: bool = False
    # Foreign containers that the restart stops, or that an interrupted run left stopped.
    to_start: tuple[str, ...] = ()
    # Each unit as it is, and how it is to be: as before the lab, or stopped.
    units: tuple[tuple[Unit, dict[str, bool]], ...] = ()
    directories: tuple[str, ...] = ()


def request(params: dict[str, Any]) -> Request:
    """The module's parameters; LabError with every fault in them."""
    state = params["state"]
    return Request(
        settings=params["settings"] or {},
        files=tuple(managed_files.parse(params["files"] or [], state == "present")),
        path=Path(params["path"]),
        service=params["service"],
        state=state,
        enabled=params["enabled"],
        restart_allowed=params["restart_allowed"],
        override=params["override"],
        restore=params["restore"],
        swarm=params["swarm"],
        forget_endpoints=params["forget_endpoints"],
        timeout=params["timeout"],
        docker_host=params["docker_host"],
        lab=params["lab"],
    )


def plan(request: Request) -> Plan:
    """Compare what is there with what is wanted. LabError with every fault; nothing is changed."""
    section = host_record.section(SECTION)
    section_owner.refuse_others(section, request.lab, "dockerd's configuration is")
    units = systemd.units(request.service, SOCKET_UNIT)
    service = units[0]
    if request.state == "present":
        if not service.exists:
            raise LabError(f"{request.service} is not on this host: install Docker first")
        return _plan_present(request, section, units)
    if request.state == "stopped":
        return _plan_stopped(request, section, units)
    if not section:
        return Plan(request, Differences(), managed_files.Plan([]), service, "", None)
    return _plan_absent(request, section, units)


def _plan_present(request: Request, section: dict[str, Any], units: list[Unit]) -> Plan:
    path, service = request.path, units[0]
    text = damaged.read(path)
    owned = _owned_keys(section)
    installed = version()
    damage = "" if section.get("pending") else damaged.found_in(section, text, path, request.restore, installed)
    found, existing = damaged.settings_of(section, text, path, damage, installed)
    merged = daemon_json.merge(existing, request.settings, owned, override=request.override, path=str(path))
    drop_ins = _drop_ins(request)
    on_command_line = configuration.read(service, installed, path, drop_ins).flags
    faults = [
        *merged.faults,
        *daemon_json.version_faults(merged.settings, installed),
        *clashes(merged.settings, existing, on_command_line, swarm=request.swarm, path=str(path)),
        *(line for one in request.files if one.path in drop_ins for line in unit_command.undone(one.path, drop_ins)),
    ]
    differences = Differences()
    wanted = _wanted_files(request, section, found, merged.settings, text is not None)
    wanted += damaged.kept(path, text, damage, installed)
    files = managed_files.Plan(wanted, formers(section))
    if damage:
        differences.add(str(path), damage, "as the lab recorded it")
    _record_differences(
        differences, files, path, found, damaged.without_secrets(merged.settings, found, existing, owned)
    )
    if request.enabled:
        differences.compare(f"{service.name}: enabled", service.enabled, True)
    differences.compare(f"{service.name}: active", service.active, True)
    pending = bool(section.get("pending"))
    if pending and not files.changed_paths:
        differences.add(f"{service.name}: configuration in use", "the former one", "the present one")
    client = connect(request.docker_host) if service.active else None
    lost = client is not None and "cluster-store" in existing and stale_endpoints.found(client, service)
    if lost:
        differences.add("overlay networks' sandboxes", "lost in a crash of the host", "forgotten by dockerd")
    restart = bool(files.changed_paths) or pending or lost or not service.active
    stopped = foreign.running(client) if restart and client else []
    faults.extend(foreign.faults(stopped, allowed=request.restart_allowed))
    if faults:
        raise LabError(faults)
    interrupted = tuple(section.get("to_start", ()))
    if interrupted and not restart:
        differences.add("containers stopped by an interrupted run", "stopped", "started again")
    record = _section(request, section, merged.owned, text is not None, units) | {"kept": kept.to_record(files.formers)}
    record = section_owner.marked(record, request.lab) | {"wrote": merged.settings}
    return Plan(
        request,
        differences,
        files,
        service,
        installed,
        record,
        restart=restart,
        with_store="cluster-store" in merged.settings,
        forget=lost and "cluster-store" in merged.settings,
        with_socket=units[1].active,
        to_start=tuple(dict.fromkeys([*interrupted, *(one.id for one in stopped)])),
    )


def _plan_stopped(request: Request, section: dict[str, Any], units: list[Unit]) -> Plan:
    """Stop it for a while: the record keeps what has to be started again, and that dockerd has to be."""
    differences = Differences()
    for unit in units:
        if unit.exists:
            differences.compare(f"{unit.name}: active", unit.active, False)
    forget = _has_endpoints(request, section, units[0])
    if forget:
        differences.add("endpoints of overlay networks", "kept by dockerd", "forgotten")
    # A dockerd that is still starting does not answer; containers with a restart policy are started at its next start.
    asked = units[0].active and not units[0].starting
    stopped = foreign.running(connect(request.docker_host)) if asked else []
    faults = foreign.faults(stopped, allowed=request.restart_allowed)
    if faults:
        raise LabError(faults)
    to_start = tuple(dict.fromkeys([*section.get("to_start", ()), *(one.id for one in stopped)]))
    forgotten = forget or (section.get("forgotten", False) and not units[0].active)
    if not section and differences.changed:
        # It ran before the lab, so it has to run after the lab is removed.
        section = _section(replace(request, files=()), {}, {}, request.path.exists(), units) | {"kept": {}}
    record = section | {"pending": True, "to_start": list(to_start), "forgotten": forgotten} if section else None
    return Plan(
        request,
        differences,
        managed_files.Plan([]),
        units[0],
        version="",
        record=record,
        forget=forget,
        with_socket=units[1].active,
        units=tuple((unit, {"active": False, "enabled": unit.enabled}) for unit in units if unit.exists),
    )


def _has_endpoints(request: Request, section: dict[str, Any], service: Unit) -> bool:
    """Whether there may be endpoints to forget, and that is asked for.

    By the record: a run that was killed meanwhile has left daemon.json without the store.
    """
    known = request.forget_endpoints and "cluster-store" in section.get("settings", {})
    there = service.exists and request.path.exists()
    return known and there and not (section.get("forgotten") and not service.active)


def _plan_absent(request: Request, section: dict[str, Any], now: list[Unit]) -> Plan:
    path, service = Path(section["path"]), now[0]
    text = damaged.read(path)
    owned = _owned_keys(section)
    # A file that is read gives the lab's keys back, whatever became of them.
    installed = version() if service.exists else ""
    is_read = damaged.is_read(text, installed)
    damage = "" if is_read else damaged.found_in(section, text, path, request.restore, installed)
    found, existing = damaged.settings_of(section, text, path, damage, installed)
    settings = daemon_json.give_back(existing, owned)
    differences = Differences()
    wanted = [*(_gone(entry) for entry in section["files"]), *damaged.kept(path, text, damage, installed)]
    # What others changed in daemon.json shows in its keys, whoever wrote the bytes.
    former = {key: replace(one, wrote="") if key == str(path) else one for key, one in formers(section).items()}
    wanted += _former_daemon_json(path, section, found, settings, former.get(str(path)), installed)
    files = managed_files.Plan(wanted, former)
    _record_differences(differences, files, path, found, damaged.without_secrets(settings, found, existing, owned))
    differences.add("record of what was there before", "kept", None)
    # A unit whose package was removed meanwhile has no former state.
    was_units = section["units"]
    units = tuple((unit, was_units[unit.name]) for unit in now if unit.exists and unit.name in was_units)
    for unit, was in units:
        differences.compare(f"{unit.name}: enabled", unit.enabled, was["enabled"])
        differences.compare(f"{unit.name}: active", unit.active, was["active"])
    stays = was_units.get(service.name, {}).get("active", False)
    unfinished = bool(files.changed_paths) or section["pending"] or not service.active
    restart = stays and unfinished
    stops = service.active and (restart or not stays)
    stopped = foreign.running(connect(request.docker_host)) if stops else []
    faults = foreign.faults(stopped, allowed=request.restart_allowed)
    if faults:
        raise LabError(faults)
    return Plan(
        request,
        differences,
        files,
        service,
        installed,
        record=None,
        restart=restart,
        with_socket=now[1].active or was_units.get(SOCKET_UNIT, {}).get("active", False),
        to_start=tuple(dict.fromkeys([*section["to_start"], *(one.id for one in stopped)])),
        units=units,
        directories=tuple(section["directories"]),
    )


def _owned_keys(section: dict[str, Any]) -> dict[str, Owned]:
    return {key: Owned(one["existed"], one.get("before")) for key, one in section.get("settings", {}).items()}


def _wanted_files(
    request: Request, section: dict[str, Any], existing: dict[str, Any], settings: dict[str, Any], had_file: bool
) -> list[ManagedFile]:
    """Ours, those of ours that are no longer wanted, and daemon.json where its content differs."""
    ours = {entry["path"]: entry for entry in section.get("files", ())}
    wanted = [
        # What somebody else had there comes back one day.
        file if str(file.path) in ours else replace(file, backup=file.backup or file.path.exists())
        for file in request.files
    ]
    paths = {str(file.path) for file in wanted}
    wanted += [_gone(entry) for path, entry in ours.items() if path not in paths]
    if settings != existing or (settings and not had_file):
        # Only what somebody else wrote is worth keeping.
        wanted.append(replace(daemon_json.managed(request.path, settings), backup=section.get("had_file", had_file)))
    return wanted


def formers(section: dict[str, Any]) -> dict[str, Former]:
    """What stood at each path before the lab. A record of an older lab tells of its files, and PATH.bak of the rest."""
    found = kept.from_record(section.get("kept", {}))
    if section and "kept" not in section:
        had = {entry["path"]: kept.backup_path(Path(entry["path"])).is_file() for entry in section["files"]}
        backed_up = {entry["path"]: had[entry["path"]] for entry in section["files"] if entry["backup"]}
        found |= kept.from_record(backed_up | ({section["path"]: True} if section.get("backup") else {}))
    return found


def _former_daemon_json(
    path: Path,
    section: dict[str, Any],
    existing: dict[str, Any],
    settings: dict[str, Any],
    former: Former | None,
    installed: str,
) -> list[ManagedFile]:
    """How daemon.json becomes what it was: byte by byte where nobody else changed it meanwhile.

    Its keys are given back one by one, so nothing depends on the file that is kept.
    """
    wanted = []
    if former and former.sha256:
        if _same_settings(path, former, settings, installed):
            return [ManagedFile(path, None, secret=True, backup=True)]
        own = kept.own_backup(path, former)
        wanted += [ManagedFile(own, None, secret=True)] if own else []
    if not settings and not section["had_file"]:
        wanted.append(ManagedFile(path, None, secret=True, shared=True))
    elif settings != existing:
        wanted.append(daemon_json.managed(path, settings))
    return wanted


def _same_settings(path: Path, former: Former, settings: dict[str, Any], installed: str) -> bool:
    try:
        return daemon_json.read(daemon_json.text_of(kept.content(path, former)), str(path), installed) == settings
    except (LabError, UnicodeDecodeError):
        return False


def _record_differences(
    differences: Differences, files: managed_files.Plan, path: Path, before: dict[str, Any], after: dict[str, Any]
) -> None:
    for key in dict.fromkeys([*before, *after]):
        differences.compare(f"{path}: {key}", before.get(key), after.get(key))
    differences.found.extend(one for one in files.differences.found if not one.what.startswith(str(path)))


def _gone(entry: dict[str, Any]) -> ManagedFile:
    return ManagedFile(Path(entry["path"]), None, secret=entry["secret"], backup=entry["backup"])


def _section(
    request: Request, section: dict[str, Any], owned: dict[str, Owned], had_file: bool, units: list[Unit]
) -> dict[str, Any]:
    """The record after this run. What was there before is written once, by the first run."""
    known = {entry["path"]: entry["backup"] for entry in section.get("files", ())}
    paths = [request.path, *(file.path for file in request.files)]
    made = {str(parent) for path in paths for parent in path.parents if not parent.exists()}
    return {
        "path": str(request.path),
        "settings": {key: asdict(former) for key, former in owned.items()},
        "files": [
            {
                "path": str(file.path),
                "secret": file.secret,
                "backup": known.get(str(file.path), file.backup or file.path.exists()),
            }
            for file in request.files
        ],
        "directories": sorted(made.union(section.get("directories", ()))),
        "had_file": section.get("had_file", had_file),
        "units": section.get("units")
        or {unit.name: {"active": unit.active, "enabled": unit.enabled} for unit in units if unit.exists},
        "pending": False,
        "to_start": [],
    }


def _drop_ins(request: Request) -> dict[Path, str]:
    """The unit's drop-ins as they will be."""
    ours = {file.path: file.content for file in request.files if isinstance(file.content, str)}
    return unit_command.drop_ins(request.service, given=ours)
