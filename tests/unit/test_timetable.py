"""The table at the end of `make test`, of what its parts noted."""

from __future__ import annotations

import os
import subprocess
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

_TESTS = Path(__file__).resolve().parents[1]
_SPEC = spec_from_file_location("timetable", _TESTS / "timetable.py")
timetable = module_from_spec(_SPEC)
_SPEC.loader.exec_module(timetable)


def test_what_is_noted_becomes_a_table(tmp_path: Path) -> None:
    times = tmp_path / "a file"
    environment = {**os.environ, "OVERLAY_LAB_TIMES": str(times)}
    for arguments in (
        "took molecule switch ok 1020",
        "took molecule four failed 300",
        "took molecule vxlan skipped 0",
        "took integration topology ok 90",
        "timed unit - true",
    ):
        name, *rest = arguments.split()
        subprocess.run([_TESTS / name, *rest], env=environment, check=True)
    failing = [_TESTS / "timed", "lint", "-", "sh", "-c", "exit 3"]
    assert subprocess.run(failing, env=environment, check=False).returncode == 3
    subprocess.run([_TESTS / "took", "integration", "docker on bookworm", "ok", "120"], env=environment, check=True)
    with times.open("a", encoding="utf-8") as file:
        file.write("molecule\t-\tfailed\t1100\n")

    parts = timetable.read(times.read_text(encoding="utf-8"))
    assert timetable.table([part for part in parts if part.kind in ("molecule", "integration")], 3900) == [
        "part                  result      seconds",
        "molecule              failed         1100",
        "  switch              ok             1020",
        "  four                failed          300",
        "integration           unfinished        0",
        "  docker on bookworm  ok              120",
        "  topology            ok               90",
        "all of it                            3900",
        "Skipped, because no time was left: molecule vxlan",
    ]
    assert [(part.kind, part.result) for part in parts if part.name == "-"] == [
        ("unit", "ok"),
        ("lint", "failed"),
        ("molecule", "failed"),
    ]


def test_nothing_is_noted_where_no_table_is_made(tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if key != "OVERLAY_LAB_TIMES"}
    assert (
        subprocess.run([_TESTS / "timed", "unit", "-", "true"], env=environment, cwd=tmp_path, check=False).returncode
        == 0
    )
    assert list(tmp_path.iterdir()) == []
