# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fault is made, asked for and mended: here, files that are there or not."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._fault import record, work
from ansible_collections.emon.overlay_lab.plugins.module_utils._fault.catalogue import BY_NAME, FAULTS, Fault
from ansible_collections.emon.overlay_lab.plugins.module_utils._fault.planned import Planned
from ansible_collections.emon.overlay_lab.plugins.module_utils._fault.scene import Scene
from ansible_collections.emon.overlay_lab.plugins.module_utils._fault.step import Step
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import record as host_record

from . import scenes

Make = Callable[..., Fault]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "faults.json"


@pytest.fixture
def fault(tmp_path: Path) -> Make:
    """A fault that makes files of these names; one called "refused" cannot be made."""

    def make(name: str, *files: str) -> Fault:
        def plan(_scene: Scene) -> Planned:
            if not files:
                raise LabError("there is nothing here")
            return Planned(tuple(step(tmp_path / file) for file in files), {"file": files[0]})

        return Fault(name, f"summary of {name}", "", "", plan)

    return make


def step(file: Path) -> Step:
    do = ("false",) if file.name == "refused" else ("touch", str(file))
    return Step(file.name, "not there", "there", (do,), (("rm", str(file)),), ("test", "-e", str(file)))


def names(path: Path) -> list[str]:
    return [one.name for one in record.read(path, "emon")]


def test_it_is_made_once_and_mended_once(path: Path, fault: Make, tmp_path: Path) -> None:
    one = fault("one", "a", "b")
    dry = work.make(path, "emon", [one], Scene, True)
    assert dry.differences.lines == ["a: not there -> there", "b: not there -> there"]
    assert not path.exists()
    made = work.make(path, "emon", [one], Scene, False)
    assert (made.name, made.facts, made.differences.lines) == ("one", {"file": "a"}, dry.differences.lines)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = work.make(path, "emon", [one], Scene, False)
    assert (again.name, again.differences.changed) == ("one", False)
    dry = work.mend(path, "emon", [], True)
    assert dry.differences.lines == ["a: there -> not there", "b: there -> not there"]
    assert (tmp_path / "a").exists()
    mended = work.mend(path, "emon", [], False)
    assert [(one["name"], one["was_there"]) for one in mended.mended] == [("one", True)]
    assert mended.differences.lines == dry.differences.lines
    assert not path.exists()
    assert not (tmp_path / "a").exists()
    assert work.mend(path, "emon", [], False).differences.changed is False


def test_what_somebody_repaired_is_left_alone(path: Path, fault: Make, tmp_path: Path) -> None:
    work.make(path, "emon", [fault("one", "a", "b")], Scene, False)
    (tmp_path / "a").unlink()
    assert work.mend(path, "emon", [], False).mended[0]["was_there"] is True
    work.make(path, "emon", [fault("one", "a")], Scene, False)
    (tmp_path / "a").unlink()
    mended = work.mend(path, "emon", [], False)
    assert mended.mended[0]["was_there"] is False
    assert mended.differences.lines == ["record of one: there -> absent"]
    assert not path.exists()


def test_the_last_one_is_mended_first_and_one_can_be_chosen(path: Path, fault: Make) -> None:
    for name in ("one", "two", "three"):
        work.make(path, "emon", [fault(name, name)], Scene, False)
    assert [one["name"] for one in work.mend(path, "emon", ["two"], False).mended] == ["two"]
    assert names(path) == ["one", "three"]
    assert [one["name"] for one in work.mend(path, "emon", [], False).mended] == ["three", "one"]


def test_the_first_that_fits_is_made_and_stays_the_one(path: Path, fault: Make) -> None:
    faults = [fault("none"), fault("one", "a"), fault("two", "b")]
    assert work.make(path, "emon", faults, Scene, False).name == "one"
    assert work.make(path, "emon", faults, Scene, False).differences.changed is False
    with pytest.raises(LabError) as caught:
        work.make(path, "emon", [faults[0]], Scene, False)
    assert caught.value.faults == ["fault none cannot be made on this host: there is nothing here"]


def test_one_that_was_half_repaired_is_made_anew(path: Path, fault: Make, tmp_path: Path) -> None:
    one, seen = fault("one", "a", "b"), []

    def look() -> Scene:
        seen.append((tmp_path / "b").exists())
        return Scene()

    work.make(path, "emon", [one], Scene, False)
    (tmp_path / "a").unlink()
    assert work.make(path, "emon", [one], Scene, True).differences.changed
    again = work.make(path, "emon", [one], look, False)
    assert (again.name, again.differences.changed, names(path)) == ("one", True, ["one"])
    assert (tmp_path / "a").exists()
    # What it is computed from is the host without it.
    assert seen == [True, False]


def test_what_only_went_with_it_may_be_back(path: Path, tmp_path: Path) -> None:
    with_it = Step("b", "there", "gone with it", undo=(("true",),), ask=("test", "-e", str(tmp_path / "b")))
    record.write(path, "emon", [record.Made("one", "", 1.0, (with_it, step(tmp_path / "a")))])
    (tmp_path / "a").touch()
    one = Fault("one", "", "", "", lambda _scene: Planned(()))
    assert work.make(path, "emon", [one], Scene, False).differences.changed is False


def test_one_that_is_there_is_not_taken_for_another(path: Path, fault: Make) -> None:
    one, two = fault("one", "a"), fault("two", "b")
    work.make(path, "emon", [one], Scene, False)
    assert work.make(path, "emon", [two, one], Scene, False).name == "two"
    assert work.make(path, "emon", [fault("none"), one, two], Scene, False).name == "one"
    assert names(path) == ["one", "two"]


def test_one_whose_program_is_missing_does_not_fit(path: Path, fault: Make) -> None:
    steps = (Step("x", "", "", (("no-such-program", "x"),), (("true",),), ("true",)),)
    lacking = Fault("lacking", "", "", "", lambda _scene: Planned(steps))
    assert work.make(path, "emon", [lacking, fault("one", "a")], Scene, True).name == "one"
    with pytest.raises(LabError) as caught:
        work.make(path, "emon", [lacking], Scene, False)
    assert caught.value.faults == [
        "fault lacking cannot be made on this host: the program no-such-program is missing on this host"
    ]
    assert not path.exists()


def test_a_program_that_was_removed_is_asked_back(path: Path) -> None:
    asked = Step("x", "", "", ask=("no-such-program",), undo=(("true",),))
    record.write(path, "emon", [record.Made("one", "", 1.0, (asked,))])
    with pytest.raises(LabError) as caught:
        work.mend(path, "emon", [], False)
    assert caught.value.faults == [
        "fault one cannot be mended: the program no-such-program is missing on this host: it was there when the fault"
        " was made; install it and run this again"
    ]
    assert names(path) == ["one"]


def test_one_that_cannot_be_made_is_undone(path: Path, fault: Make, tmp_path: Path) -> None:
    with pytest.raises(LabError, match="refused: false: exit code 1"):
        work.make(path, "emon", [fault("half", "a", "refused")], Scene, False)
    assert not (tmp_path / "a").exists()
    assert not path.exists()


def test_one_that_cannot_be_mended_stays_recorded(path: Path, fault: Make, tmp_path: Path) -> None:
    work.make(path, "emon", [fault("one", "a")], Scene, False)
    work.make(path, "emon", [fault("two", "b")], Scene, False)
    (tmp_path / "a").unlink()
    (tmp_path / "a").mkdir()
    with pytest.raises(LabError, match="fault one cannot be mended: a: rm ") as caught:
        work.mend(path, "emon", [], False)
    assert names(path) == ["one"]
    assert [one["name"] for one in caught.value.done["mended"]] == ["two"]


def test_another_namespace_has_nothing_of_it(path: Path) -> None:
    elsewhere = Step("x", "", "", ask=("true",), undo=(("true",),), netns="/proc/self/ns/net", identity=(0, 0))
    record.write(path, "emon", [record.Made("one", "", 1.0, (elsewhere,))])
    assert work.mend(path, "emon", [], False).mended[0]["was_there"] is False


def test_a_host_that_has_moved_does_not_get_its_former_address_back(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = scenes.host(site="company").link("card")
    assert {one.site for one in BY_NAME["host-link-down"].kind(scenes.host(site="company")).steps} == {"company", ""}
    asked = Step("x", "", "", ask=("true",), undo=(("true",),), site=card.site)
    for site, there in (("home", False), ("company", True)):
        monkeypatch.setattr(host_record, "read", lambda site=site: {"site": site})
        record.write(path, "emon", [record.Made("one", "", 1.0, (asked,))])
        assert work.mend(path, "emon", [], False).mended[0]["was_there"] is there


def test_the_last_step_is_asked_first(path: Path, tmp_path: Path) -> None:
    """As dockerd before its containers, which it could not answer for."""
    silent = Step("x", "", "", ask=("false",), undo=(("true",),), must_answer=True)
    (tmp_path / "a").touch()
    record.write(path, "emon", [record.Made("one", "", 1.0, (silent, step(tmp_path / "a")))])
    assert work.mend(path, "emon", [], True).mended[0]["was_there"] is True


def test_a_question_that_must_be_answered_is(path: Path) -> None:
    asked = Step("x", "runs", "paused", ask=("sh", "-c", "echo cannot connect >&2; exit 1"), must_answer=True)
    record.write(path, "emon", [record.Made("one", "", 1.0, (asked,))])
    with pytest.raises(LabError) as caught:
        work.mend(path, "emon", [], False)
    assert caught.value.faults == [
        "fault one cannot be mended: x: whether it is still paused cannot be asked: cannot connect:"
        " start dockerd (systemctl start docker.service) and run this again"
    ]


def test_another_labs_record_is_left_to_it(path: Path, fault: Make, tmp_path: Path) -> None:
    work.make(path, "emon", [fault("one", "a")], Scene, False)
    for call in (
        lambda: work.make(path, "shop", [fault("two", "b")], Scene, False),
        lambda: work.mend(path, "shop", [], False),
    ):
        with pytest.raises(LabError) as caught:
            call()
        assert caught.value.faults == [
            f"{path}: this was broken by the lab emon, not by shop: run mend_broken.yml with its inventory"
        ]
    assert (tmp_path / "a").exists()
    assert names(path) == ["one"]


def test_a_damaged_record_is_one_line(path: Path) -> None:
    path.write_text('{"lab": "emon", "faults": [{"name": "one"}]}')
    with pytest.raises(LabError, match="is damaged"):
        record.read(path, "emon")


def test_unknown_names_are_told_at_once() -> None:
    assert work.chosen([FAULTS[0].name]) == [FAULTS[0]]
    with pytest.raises(LabError) as caught:
        work.chosen(["x", "y"])
    assert len(caught.value.faults) == 2
