# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.unix_socket import DockerSocket
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe import vantage as probe_vantage
from ansible_collections.emon.overlay_lab.plugins.module_utils._probe.vantage import Place, Vantage


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (Place(), "this host"),
        (Place(netns="a"), "namespace a"),
        (Place(container="c"), "container c"),
    ],
)
def test_place_in_words(place: Place, text: str) -> None:
    assert str(place) == text


@pytest.mark.parametrize(
    ("inspected", "message"),
    [
        (None, "container c does not exist on this host"),
        (
            {"State": {"Running": False, "Status": "exited", "Pid": 0}},
            "container c does not run (it is exited): start it",
        ),
    ],
)
def test_container_that_cannot_be_entered(inspected: dict | None, message: str) -> None:
    with pytest.raises(LabError) as caught:
        probe_vantage.container_pid("c", inspected)
    assert caught.value.faults == [message]


@pytest.mark.parametrize(
    ("netns", "message"),
    [
        ("no-such-one", "namespace no-such-one does not exist: there is no /run/netns/no-such-one"),
        ("/proc/self/ns/mnt", "namespace /proc/self/ns/mnt: /proc/self/ns/mnt is not a network namespace"),
        ("/dev/null", "namespace /dev/null: /dev/null is not a network namespace"),
        ("/no/such", "namespace /no/such does not exist: there is no /no/such"),
    ],
)
def test_namespace_that_cannot_be_opened(netns: str, message: str) -> None:
    with pytest.raises(LabError) as caught:
        probe_vantage.open_place(Place(netns=netns), DockerSocket("/no/such"))
    assert caught.value.faults == [message]


def test_docker_that_is_not_there() -> None:
    with pytest.raises(LabError, match="dockerd does not answer at /no/such"):
        probe_vantage.open_place(Place(container="c"), DockerSocket("/no/such"))


@pytest.fixture
def container(tmp_path: Path) -> Path:
    """A container's root beside a secret of the host's."""
    root = tmp_path / "root"
    (root / "etc/netns/a").mkdir(parents=True)
    (root / "run").mkdir()
    (root / "etc/hosts").write_text("inside\n")
    (root / "run/resolv.conf").write_text("nameserver 10.0.0.1\n")
    (tmp_path / "secret").write_text("outside\n")
    return root


def vantage(root: Path, *etc: str) -> Vantage:
    return Vantage(Place(), None, os.open(root, os.O_PATH), etc or ("etc",))


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        pytest.param("/run/resolv.conf", "nameserver 10.0.0.1\n", id="absolute, meant inside"),
        pytest.param("../run/resolv.conf", "nameserver 10.0.0.1\n", id="relative"),
        pytest.param("../../../../run/resolv.conf", "nameserver 10.0.0.1\n", id="cannot climb out"),
        pytest.param("../../secret", "", id="cannot read outside"),
        pytest.param("resolv.conf", "", id="a loop"),
    ],
)
def test_links_stay_inside_the_container(container: Path, link: str, expected: str) -> None:
    (container / "etc/resolv.conf").symlink_to(link)
    assert vantage(container).resolv_conf == expected


def test_a_fifo_does_not_hang(container: Path) -> None:
    os.mkfifo(container / "etc/resolv.conf")
    assert vantage(container).resolv_conf == ""


@pytest.mark.skipif(os.geteuid() != 0, reason="making a device needs root")
def test_a_device_is_not_opened(container: Path) -> None:
    os.mknod(container / "etc/resolv.conf", 0o20666, os.makedev(1, 5))
    assert vantage(container).resolv_conf == ""


def test_files_of_a_named_namespace_come_first(container: Path) -> None:
    (container / "etc/netns/a/hosts").write_text("of the namespace\n")
    assert vantage(container, "etc/netns/a", "etc").hosts == "of the namespace\n"
    assert vantage(container, "etc/netns/b", "etc").hosts == "inside\n"


def test_the_host_itself_needs_no_entering() -> None:
    here = probe_vantage.open_place(Place(), DockerSocket("/no/such"))
    with here.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        assert channel.getblocking() is False
    here.close()
