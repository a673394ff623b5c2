# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Endpoints that dockerd keeps although their store has lost them, and how it forgets them.

After a crash of the host, dockerd (20.10) finds the endpoints of the containers that ran in its local database, and
their networks in the store. It fails at the first endpoint, because the namespace is gone; then no container can join
that network, and the other endpoints stay in the database, so a restart fails in the same way. A dockerd that does not
find the network when it starts deletes such endpoints: so it is started once without its store, and without any
container.

A dockerd that is stopped while its store is unreachable cannot remove its endpoints there, and keeps them as well. At
each later start it restores them as local, before it knows its own address, and answers other hosts' queries for these
addresses without an address; such a host then has no entry for the container that has the address.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.faults import reported
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.unix_socket import DockerSocket
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import systemd, unit_command
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.systemd import Unit

from . import configuration, daemon_json

_SIGN = "Failure during overlay endpoints restore"
# dockerd restores its networks before it is up.
_START_SECONDS = 120
_POLL_SECONDS = 0.1
# Without containers it takes 1 s.
_FORGET_SECONDS = 60
# Of its own messages, the last ones say why it gave up.
_SHOWN_LINES = 3
# What one without its store is not given: in the file, and on the command line, where the value may be the next word.
_OTHERS_KEYS = (*daemon_json.CLUSTER_STORE_KEYS, "hosts")
_SOCKET, _LOG = "docker.sock", "log"
_OTHERS_FLAGS = ("-H", "--host", "--config-file")


def found(client, service: Unit) -> bool:
    """Whether the running dockerd lost its overlay networks' sandboxes. One that has a container on them has not."""
    lines = systemd.journal(service.name, service.started - 1, service.started + _START_SECONDS)
    if not any(_SIGN in line for line in lines):
        return False
    with reported("list of running containers"):
        overlays = {network["Name"] for network in client.networks(filters={"driver": "overlay"})}
        containers = client.containers()
    joined = {name for one in containers for name in (one.get("NetworkSettings") or {}).get("Networks") or {}}
    return not overlays & joined


def forget(service: Unit, path: Path, meanwhile: Callable[[str], None] = lambda _docker_host: None) -> None:
    """Make a dockerd that does not run delete them. ``path``: daemon.json; ``meanwhile``: is given where it listens
    before it ends, without a container that runs.

    Raises LabError where it does not come up; what it would have forgotten it knows still.
    """
    settings = configuration.settings_of(path)
    environment = unit_command.environment(service.environment, service.environment_files, service.unset)
    with tempfile.TemporaryDirectory(prefix="overlay-lab-") as directory:
        config = Path(directory, "daemon.json")
        kept = {key: value for key, value in settings.items() if key not in _OTHERS_KEYS}
        config.write_text(daemon_json.write(kept), encoding="utf-8")
        words = command(configuration.command(service), environment, Path(directory))
        with programs.running(words, Path(directory, _LOG)) as process:
            _wait_until_up(process, Path(directory))
            meanwhile(f"unix://{directory}/{_SOCKET}")


def command(words: Iterable[str], environment: Mapping[str, str], directory: Path) -> list[str]:
    """dockerd's command line, as the unit has it, for one that only the owner of ``directory`` can ask for anything."""
    found: list[str] = []
    skip = False
    for word in unit_command.words(words, environment):
        flag, separator, _value = word.partition("=")
        if skip or flag in _OTHERS_FLAGS:
            skip = not (skip or separator)
            continue
        found.append(word)
    return [
        *found,
        f"--config-file={directory / 'daemon.json'}",
        f"--host=unix://{directory / _SOCKET}",
        # No container, of nobody: those with a restart policy start with the dockerd that comes after this one.
        "--restart=false",
    ]


def _wait_until_up(process: programs.Running, directory: Path) -> None:
    """Its networks are restored before it answers."""
    deadline = time.monotonic() + _FORGET_SECONDS
    while True:
        ended = process.poll() is not None
        try:
            if not ended:
                with DockerSocket(str(directory / _SOCKET), seconds=_FORGET_SECONDS) as docker:
                    docker.info()
                return
        except LabError:
            pass
        if ended or time.monotonic() > deadline:
            said = (directory / _LOG).read_text(encoding="utf-8", errors="replace").splitlines()[-_SHOWN_LINES:]
            what = "ended" if ended else f"does not answer after {_FORGET_SECONDS} s"
            raise LabError([f"a dockerd without its store, which forgets lost endpoints, {what}", *said])
        time.sleep(_POLL_SECONDS)
