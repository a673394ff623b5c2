# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology import network_managers as managers
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology.draft import Plan
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology.model import Link
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology.requests import make_link, remove_link


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which both services run; a reload leaves a line in "reloaded"."""
    (tmp_path / "unit").symlink_to("invocation")
    script = f'echo "$@" >> {tmp_path}/reloaded'
    here = [
        replace(
            manager,
            unit=str(tmp_path / "unit"),
            file=f"{tmp_path}{manager.file}",
            reload=("sh", "-c", script, "sh", *manager.reload),
        )
        for manager in managers.MANAGERS
    ]
    monkeypatch.setattr(managers, "MANAGERS", here)
    return tmp_path


def born(*links: Link) -> Plan:
    plan = Plan()
    plan.births["bridge"] = [make_link(link) for link in links]
    return plan


def drop_ins(machine: Path) -> list[str]:
    return sorted(str(path.relative_to(machine)) for path in machine.glob("run/**/*overlay-lab*"))


def test_they_are_told_before_a_link_is_born_and_when_it_is_gone(machine: Path) -> None:
    managers.leave_alone(born(Link("bridge", "br0", "")))
    assert drop_ins(machine) == [
        "run/NetworkManager/conf.d/90-overlay-lab-br0.conf",
        "run/systemd/network/00-overlay-lab-br0.network",
    ]
    texts = [(machine / path).read_text(encoding="utf-8") for path in drop_ins(machine)]
    assert texts == [
        "[device-overlay-lab-br0]\nmatch-device=interface-name:=br0\nmanaged=0\n",
        "[Match]\nName=br0\n\n[Link]\nUnmanaged=yes\n",
    ]
    assert (machine / "reloaded").read_text(encoding="ascii") == "nmcli general reload conf\nnetworkctl reload\n"
    plan = Plan()
    plan.removals = [remove_link("", "br0", "remove br0")]
    managers.leave_alone(plan)
    assert drop_ins(machine) == []


def test_they_are_told_once(machine: Path) -> None:
    for _ in range(2):
        managers.leave_alone(born(Link("bridge", "br0", "")))
    assert len((machine / "reloaded").read_text(encoding="ascii").splitlines()) == 2


def test_links_of_other_namespaces_are_none_of_their_business(machine: Path) -> None:
    managers.leave_alone(born(Link("bridge", "br0", "other")))
    assert drop_ins(machine) == []


def test_where_they_do_not_run_nothing_is_written(machine: Path) -> None:
    (machine / "unit").unlink()
    managers.leave_alone(born(Link("bridge", "br0", "")))
    assert drop_ins(machine) == []


@pytest.mark.parametrize(
    ("command", "line"),
    [
        (("sh", "-c", "echo not today >&2; exit 1"), "sh -c echo not today >&2; exit 1 failed: not today"),
        (("no-such-tool",), "no-such-tool is missing, so its service cannot be notified of new links"),
    ],
)
def test_one_that_cannot_be_told_is_a_fault(
    machine: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], line: str
) -> None:
    monkeypatch.setattr(managers, "MANAGERS", [replace(managers.MANAGERS[0], reload=command)])
    with pytest.raises(LabError) as raised:
        managers.leave_alone(born(Link("bridge", "br0", "")))
    assert raised.value.faults == [line]
