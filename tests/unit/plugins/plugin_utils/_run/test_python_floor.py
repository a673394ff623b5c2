# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import shlex
import subprocess
import sys
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._run import python_floor


def shell(command: str) -> dict[str, Any]:
    done = subprocess.run(shlex.split(command), capture_output=True, text=True, check=False)
    return {"rc": done.returncode, "stdout": done.stdout, "stderr": done.stderr}


def test_a_new_enough_python_is_not_to_blame() -> None:
    assert python_floor.fault(shell, sys.executable) == ""


@pytest.mark.parametrize(
    ("interpreter", "stdout", "expected"),
    [
        pytest.param("/usr/bin/python3", "3.9.2\n", "", id="the oldest"),
        pytest.param("/usr/bin/python3", "3.14.0\r\n", "", id="two digits, by a terminal"),
        pytest.param("/usr/bin/python3", "", "", id="it does not answer"),
        pytest.param("", "3.6.8", "", id="none was tried"),
        pytest.param("/usr/bin/python3", "3.8.18\n", "/usr/bin/python3, is 3.8.18: modules need 3.9", id="older"),
        pytest.param("/usr/bin/python", "2.7.5\n", "/usr/bin/python, is 2.7.5: modules need 3.9", id="CentOS 7"),
    ],
)
def test_an_older_python_is_named(interpreter: str, stdout: str, expected: str) -> None:
    said = python_floor.fault(lambda _command: {"stdout": stdout}, interpreter)
    assert expected in said
    assert bool(said) == bool(expected)
