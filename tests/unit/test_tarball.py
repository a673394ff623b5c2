"""What people get who install the collection."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

_ROOT = Path(__file__).resolve().parents[2]
_FOLDERS = {"changelogs", "docs", "inventories", "labs", "meta", "playbooks", "plugins", "roles", "tools"}
_FILES = {
    "CHANGELOG.md",
    "FILES.json",
    "LICENSE",
    "MANIFEST.json",
    "Makefile",
    "README.md",
    "README.zh.md",
    "ansible.cfg",
    "requirements.txt",
}


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("tarball")
    command = [sys.executable, "-m", "ansible.cli.galaxy", "collection", "build", "--output-path", str(folder)]
    subprocess.run(command, cwd=_ROOT, check=True, capture_output=True, timeout=120)
    (built,) = folder.glob("*.tar.gz")
    with tarfile.open(built) as archive:
        return {member.name for member in archive.getmembers() if member.isfile()}


def test_nothing_is_in_it_that_nobody_needs_who_installs_it(names: set[str]) -> None:
    assert {name.split("/")[0] for name in names} - _FOLDERS - _FILES == set()


def test_all_that_runs_is_in_it(names: set[str]) -> None:
    listed = subprocess.run(["git", "ls-files", *_FOLDERS], cwd=_ROOT, capture_output=True, text=True, check=False)
    missing = {name for name in listed.stdout.splitlines() if (_ROOT / name).is_file()} - names
    assert {name for name in missing if not name.startswith(("changelogs/", "docs/site/"))} == set()


def test_each_role_has_a_page(names: set[str]) -> None:
    """Galaxy's importer takes no collection without them."""
    for role in (_ROOT / "roles").iterdir():
        assert f"roles/{role.name}/README.md" in names


def test_no_ansible_core_is_too_new_for_it() -> None:
    runtime = yaml.safe_load((_ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))
    assert runtime["requires_ansible"] == ">=2.19.0"
