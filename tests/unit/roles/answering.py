# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An entry point of a role on one host, with modules of the collection that only answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
LAB = {
    "ansible_connection": "local",
    "ansible_python_interpreter": sys.executable,
    "lab_name": "emon",
    "lab_site": "home",
    "lab_engine": "cluster_store",
    "lab_etcd_token": "emon",
    "lab_etcd_tls": False,
    "lab_hosts": {"emon": {"etcd": True, "addresses": {"home": "127.0.0.1"}}},
}
# Ansible gives a module its options in a file.
_STUB = """#!/usr/bin/python
# WANT_JSON
import json, sys
given = json.load(open(sys.argv[1]))
options = {{key: value for key, value in given.items() if not key.startswith("_ansible")}}
with open({calls!r}, "a") as calls:
    calls.write(json.dumps([{name!r}, options]) + chr(10))
print({answer!r})
"""


def run(
    directory: Path, entry: str, answers: dict[str, dict[str, Any]], given: dict[str, Any], *options: str
) -> tuple[int, str, list[tuple[str, dict[str, Any]]]]:
    """``entry``: ROLE/ENTRY_POINT; ``answers``: module -> what it returns, nothing for others; ``given``: the host's
    variables besides LAB. Programs in ``directory``/bin go before the machine's.

    Returns its code, what it said, and the modules of the collection that it called with their options, in order.
    """
    copy, calls = directory / "ansible_collections/emon/overlay_lab", directory / "calls"
    (copy / "plugins/modules").mkdir(parents=True)
    calls.touch()
    for name in ("roles", "meta", "galaxy.yml"):
        (copy / name).symlink_to(ROOT / name)
    for path in (ROOT / "plugins").iterdir():
        if path.name != "modules":
            (copy / "plugins" / path.name).symlink_to(path)
    for path in (ROOT / "plugins/modules").glob("*.py"):
        answer = json.dumps({"changed": False, **answers.get(path.stem, {})})
        text = _STUB.format(calls=str(calls), name=path.stem, answer=answer)
        (copy / "plugins/modules" / path.name).write_text(text, encoding="utf-8")
    role, tasks = entry.split("/")
    include = {"ansible.builtin.include_role": {"name": f"emon.overlay_lab.{role}", "tasks_from": tasks}}
    hosts = {"all": {"hosts": {"emon": {**LAB, **given}}}}
    (directory / "hosts.yml").write_text(json.dumps(hosts), encoding="utf-8")
    (directory / "play.yml").write_text(json.dumps([{"hosts": "emon", "gather_facts": False, "tasks": [include]}]))
    command = [sys.executable, "-m", "ansible.cli.playbook", "-i", directory / "hosts.yml", directory / "play.yml"]
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(directory),
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "PATH": f"{directory}/bin:{os.environ['PATH']}",
    }
    done = subprocess.run(
        [*command, *options], cwd=directory, env=environment, capture_output=True, text=True, check=False
    )
    called = [tuple(json.loads(line)) for line in calls.read_text(encoding="utf-8").splitlines()]
    return done.returncode, done.stdout + done.stderr, called
