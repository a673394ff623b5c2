# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is broken, and what is said of it: the playbooks, with a module fault that only answers."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._fault.catalogue import FAULTS
from ansible_collections.emon.overlay_lab.tests.unit.playbooks.stubbed import HOSTS, Case, run

MADE = {
    "fault": {"changed": True, "name": "vxlan-down", "summary": "it is down", "diff": {"before": "x", "after": "y"}}
}
LINE = "fault vxlan-down cannot be made on this host: x"
REFUSED = {"fault": {"failed": True, "msg": LINE, "faults": [LINE]}}
CONFIRMED = "break.yml -e confirm=emon "


def made(calls: list[dict]) -> list[str]:
    return [call["host"] for call in calls if call["module"] == "fault"]


def released(calls: list[dict]) -> list[str]:
    return sorted(call["host"] for call in calls if call["module"] == "lab_lock" and call.get("state") == "released")


def test_a_fault_is_made_on_the_one_host(collection: Path) -> None:
    code, said, calls = run(collection, Case(f"{CONFIRMED} -e fault=vxlan-down -e host=emon2", MADE, ""))
    assert code == 0, said
    assert (made(calls), released(calls)) == (["emon2"], list(HOSTS))
    assert "emon2: it is down" in said


def test_nothing_tells_what_was_chosen_at_random(collection: Path) -> None:
    code, said, calls = run(collection, Case(f"{CONFIRMED} -e seed=7 --diff -vvv", MADE, ""))
    assert code == 0, said
    assert (len(made(calls)), released(calls)) == (1, list(HOSTS))
    assert [fault.name for fault in FAULTS if fault.name in said] == []
    assert "it is down" not in said
    assert "something is broken" in said


def test_a_cable_is_the_controllers(collection: Path) -> None:
    code, said, calls = run(collection, Case("break.yml -e fault=cable-out", MADE, "", simulated=True))
    assert code == 0, said
    assert made(calls) == ["localhost"]


def test_a_host_that_cannot_have_it_keeps_no_lock(collection: Path) -> None:
    code, said, calls = run(collection, Case(f"{CONFIRMED} -e fault=vxlan-down", REFUSED, ""))
    assert code == 2
    assert LINE in said
    assert released(calls) == list(HOSTS)


def test_a_host_that_another_run_changes_is_not_broken(collection: Path) -> None:
    held = {"emon": {"failed": True, "msg": "emon is being changed by another run"}}
    code, said, calls = run(collection, Case(f"{CONFIRMED} -e fault=vxlan-down", {**MADE, "lab_lock": held}, ""))
    assert (code, made(calls), released(calls)) == (2, [], ["emon2"]), said
    assert "emon: it is not locked by this run, so nothing was broken there" in said
    assert "it is down" not in said


@pytest.mark.parametrize(
    ("play", "line"),
    [
        ("break.yml -e fault=vxlan-down", "this would break a host of the lab emon, whose hosts are real"),
        ("break.yml -e confirm=emon -e fault=nope -e host=nobody", "HOST=nobody: no host of the lab has that name"),
    ],
)
def test_what_is_refused_meets_no_host(collection: Path, play: str, line: str) -> None:
    code, said, calls = run(collection, Case(play, {}, ""))
    assert (code, line in said, calls) == (2, True, []), said


def test_the_catalogue_is_shown_without_meeting_a_host(collection: Path) -> None:
    code, said, calls = run(collection, Case("break.yml", {}, ""))
    assert (code, calls) == (0, []), said
    assert [fault.name for fault in FAULTS if fault.name not in said] == []


def test_what_was_mended_is_told_of_hosts_and_cables(collection: Path) -> None:
    mended = [{"name": "vxlan-down", "summary": "it is down", "since": 1.0, "was_there": True}]
    said_by = {"localhost": {"mended": []}, "emon": {"mended": []}, "emon2": {"changed": True, "mended": mended}}
    code, said, calls = run(collection, Case("mend_broken.yml", {"fault": said_by}, "", simulated=True))
    assert code == 0, said
    assert sorted(made(calls)) == ["emon", "emon2", "localhost", "localhost"]
    assert "emon2: vxlan-down: it is down; mended" in said
    assert "emon: " not in said


def test_what_was_mended_beside_what_cannot_be_is_told(collection: Path) -> None:
    mended = [{"name": "vxlan-down", "summary": "it is down", "since": 1.0, "was_there": True}]
    line = "fault container-paused cannot be mended: x"
    failed = {"failed": True, "msg": line, "faults": [line], "mended": mended}
    for emon2 in (failed, {"mended": []}):
        code, said, calls = run(collection, Case("mend_broken.yml", {"fault": {"emon": failed, "emon2": emon2}}, ""))
        assert (code, released(calls)) == (2, list(HOSTS)), said
        assert line in said
        assert "emon: vxlan-down: it is down; mended" in said


def test_that_nothing_is_broken_is_said_only_where_it_is_known(collection: Path) -> None:
    failed = {"failed": True, "msg": "x", "faults": ["x"], "mended": []}
    for emon, says in ((failed, False), ({"mended": []}, True)):
        said = run(collection, Case("mend_broken.yml", {"fault": {"emon": emon, "emon2": {"mended": []}}}, ""))[1]
        assert ("nothing is broken" in said) is says, said
