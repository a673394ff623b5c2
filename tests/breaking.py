"""The lab that campaigns break: two hosts, two networks, and the same with each engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

# A checkout is a collection by the link that `make setup` makes.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / ".ansible/collections"))

from ansible_collections.emon.overlay_lab.plugins.module_utils._fault.catalogue import FAULTS, Fault
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._break import table

ENGINES = ("cluster_store", "swarm", "vxlan")
LAB: dict[str, Any] = {
    "name": "traces",
    "site": "company",
    "hosts": {"e1": {"addresses": {"company": "10.8.0.11"}}, "e2": {"addresses": {"company": "10.8.0.12"}}},
    # Faults are made of the first of a host.
    "containers": [
        {"name": "test1", "host": "e1"},
        {"name": "test2", "host": "e2"},
        {"name": "back1", "host": "e1"},
        {"name": "back2", "host": "e2"},
        {"name": "back3", "host": "e1"},
    ],
}
# Those of the lab file, with the containers that are in them.
NETWORKS = {"demo": ("test1", "test2"), "back": ("back1", "back2", "back3")}
# Host, source, target: what shows that the lab is whole.
WAYS = [("e1", "test1", "test2"), ("e2", "test2", "test1"), ("e1", "back1", "back2"), ("e2", "back2", "back3")]
# Of a packet in one piece, which every MTU of the lab lets pass.
_BYTES = "1400"


def inventory(engine: str) -> str:
    return f"molecule/trace/inventories/{engine}.yml"


def possible(engine: str) -> list[Fault]:
    """The faults that simulated hosts with this engine can have."""
    return [known for known in FAULTS if engine in table.engines(known) and not known.real_only]


def fault(engine: str, place: str, options: dict[str, Any]) -> dict[str, Any]:
    """Call the module; what it returned, a failure as well."""
    words = json.dumps({"lab": LAB["name"], **options})
    done = subprocess.run(
        ["ansible", "-i", inventory(engine), place, "-m", "emon.overlay_lab.fault", "-a", words],
        env={**os.environ, "ANSIBLE_CALLBACK_RESULT_FORMAT": "json"},
        capture_output=True,
        text=True,
        check=False,
    )
    start = done.stdout.find("{")
    if start < 0:
        sys.exit(f"{place}: fault {words}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout[start:])


def ping(host: str, source: str, target: str) -> bool:
    """By name, and with a packet of full size, as a person would try it."""
    words = ["docker", "exec", source, "ping", "-c", "1", "-W", "1", "-s", _BYTES, target]
    return (
        subprocess.run(["tools/shell", host, "timeout", "5", *words], capture_output=True, check=False).returncode == 0
    )
