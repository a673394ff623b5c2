"""What every playbook needs, whatever Ansible is told by its user's settings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

_ROOT = Path(__file__).resolve().parents[2]
_PLAYS = [
    pytest.param(play, id=f"{path.stem}: {play['name']}")
    for path in sorted((_ROOT / "playbooks").glob("*.yml"))
    for play in yaml.safe_load(path.read_text(encoding="utf-8"))
    if "hosts" in play
]


@pytest.mark.parametrize("play", _PLAYS)
def test_a_play_goes_step_by_step_on_all_hosts(play: dict) -> None:
    """With ANSIBLE_STRATEGY=free, run_once and any_errors_fatal mean nothing, and hosts are left half changed."""
    assert play["strategy"] == "linear"


@pytest.mark.parametrize("play", _PLAYS)
def test_a_play_gathers_no_facts(play: dict) -> None:
    assert play["gather_facts"] is False


def test_a_refusal_has_a_line() -> None:
    tasks = yaml.safe_load((_ROOT / "playbooks/tasks/refuse.yml").read_text(encoding="utf-8"))
    assert " or ['" in tasks[-1]["ansible.builtin.fail"]["msg"]


@pytest.mark.parametrize(
    "path", sorted((_ROOT / "molecule").rglob("*.yml")), ids=lambda path: f"{path.parent.name}/{path.stem}"
)
def test_a_scenario_looks_at_the_labs_own_directories(path: Path) -> None:
    """In a user's home, ~/.config has the settings of other programs, and of other labs."""
    text = path.read_text(encoding="utf-8")
    places = re.findall(r"/\.config\S*", text)
    assert [place for place in places if not re.match(r"/\.config/overlay-lab\b", place)] == []
