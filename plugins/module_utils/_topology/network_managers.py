# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""NetworkManager and systemd-networkd are told to leave a lab's links alone, where they run.

A drop-in for each link, in /run: it goes with the link at the latest when the machine goes down.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import atomic_file, programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._kernel.netns import OWN

from .draft import Plan

_SECONDS = 10


@dataclass(frozen=True)
class Manager:
    """A service that configures links by itself. While it runs, systemd keeps the link ``unit``."""

    unit: str
    file: str  # of a link
    text: str
    reload: tuple[str, ...]

    def path(self, link: str) -> Path:
        return Path(self.file.format(link=link))


MANAGERS = (
    Manager(
        "/run/systemd/units/invocation:NetworkManager.service",
        "/run/NetworkManager/conf.d/90-overlay-lab-{link}.conf",
        "[device-overlay-lab-{link}]\nmatch-device=interface-name:={link}\nmanaged=0\n",
        ("nmcli", "general", "reload", "conf"),
    ),
    Manager(
        "/run/systemd/units/invocation:systemd-networkd.service",
        "/run/systemd/network/00-overlay-lab-{link}.network",
        "[Match]\nName={link}\n\n[Link]\nUnmanaged=yes\n",
        ("networkctl", "reload"),
    ),
)


def leave_alone(plan: Plan) -> None:
    """Tell the managers before links are born in the machine's own namespace; take it back for links that go.

    Raises LabError where a manager cannot be told.
    """
    requests = [request for request in plan.requests if request.netns == OWN]
    born = {name for one in requests if one.operation == "newlink" and one.flags for name in one.links}
    gone = {name for one in requests if one.operation == "dellink" for name in one.links} - born
    for manager in MANAGERS:
        if Path(manager.unit).is_symlink() and _write(manager, born, gone):
            _reload(manager)


def _write(manager: Manager, born: set[str], gone: set[str]) -> bool:
    """Whether a drop-in changed."""
    changed = False
    for link in born:
        path, text = manager.path(link), manager.text.format(link=link)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            atomic_file.replace(path, text.encode(), 0o644)
            changed = True
    for link in gone:
        if manager.path(link).exists():
            manager.path(link).unlink()
            changed = True
    return changed


def _reload(manager: Manager) -> None:
    try:
        done = programs.run(manager.reload, _SECONDS)
    except programs.Missing as error:
        raise LabError(f"{manager.reload[0]} is missing, so its service cannot be notified of new links") from error
    if done.returncode != 0:
        raise LabError(f"{' '.join(manager.reload)} failed: {programs.words(done)}")
