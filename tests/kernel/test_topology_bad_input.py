# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The bad inputs of the unit tests, on a kernel with a machine like the one they are judged by: it stays as it is."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._topology.run import run
from ansible_collections.emon.overlay_lab.tests.unit.plugins.module_utils._topology.test_faults import BAD

from . import iproute2

LAB = {
    "name": "lab",
    "state": "present",
    "namespaces": [{"name": "ours"}, {"name": "ours2"}],
    "bridges": [{"name": "br0", "netns": "ours", "addresses": ["10.1.0.1/24"]}],
    "veths": [
        {
            "name": "v0",
            "netns": "ours",
            "master": "br0",
            "peer": {"name": "e0", "netns": "ours2", "addresses": ["10.1.0.3/24"]},
        }
    ],
    "vxlans": [{"name": "vx0", "netns": "ours", "vni": 7, "port": 4789, "remotes": ["10.1.0.2"]}],
}
# A machine with a network of its own, and a namespace of somebody else's.
MACHINE = """\
netns add outside
netns add theirs
-n theirs link add br0 type bridge
link add eth0 type veth peer name eth0 netns outside
link add eth1 type veth peer name eth1 netns outside
link set eth1 up
addr add 192.168.1.5/24 dev eth0
link set eth0 up
route add default via 192.168.1.1
link add br0 type bridge
addr add 172.18.0.1/24 dev br0
link add docker0 type bridge
link add uplink link eth1 type macvlan
"""


@pytest.fixture(scope="module")
def _machine() -> Iterator[None]:
    for line in MACHINE.splitlines():
        subprocess.run(["ip", *line.split()], check=True)
    Path("/run/netns/stale").touch()
    run(LAB, check_mode=False)
    yield
    run({"name": "lab", "state": "absent"}, check_mode=False)
    for link in ("eth0", "eth1", "br0", "docker0"):
        subprocess.run(["ip", "link", "del", link], check=True)
    for name in ("outside", "theirs"):
        subprocess.run(["ip", "netns", "del", name], check=True)
    Path("/run/netns/stale").unlink()


def state() -> Any:
    """Everything that iproute2 sees, in every namespace."""
    places = ("", "outside", "theirs", "ours", "ours2")
    return (
        {place: (iproute2.links(place), iproute2.routes(place)) for place in places},
        sorted(path.name for path in Path("/run/netns").iterdir()),
        sorted(path.read_text(encoding="utf-8") for path in Path("/var/lib/overlay-lab/topology").glob("*.json")),
    )


@pytest.mark.usefixtures("_machine")
def test_each_is_refused_and_the_kernel_is_as_before() -> None:
    before = state()
    assert len(BAD) >= 40
    for options, line in BAD:
        with pytest.raises(LabError) as raised:
            run(options, check_mode=False)
        # What is a real interface there is a veth here.
        expected = line.replace("is a real interface", "is a veth").replace(
            "not a bridge (interface)", "not a bridge (veth)"
        )
        assert raised.value.faults == [expected]
    assert state() == before
