# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated import host as simulated_host
from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated import shared_layers
from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated.shared_layers import share

IMAGE = "sha256:" + "1" * 64
DIFFS = ["sha256:" + "a" * 64, "sha256:" + "b" * 64]
CHAINS = ["a" * 64, hashlib.sha256(" ".join(DIFFS).encode()).hexdigest()]


@pytest.fixture
def hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(simulated_host, "HOSTS", tmp_path)
    for name in ("emon", "emon2", "emon3"):
        docker(tmp_path, name)
    return tmp_path


def docker(hosts: Path, host: str) -> None:
    """A data directory of dockerd with an image of two layers, /first and /etc/second, in directories of its own."""
    root = hosts / host / "docker"
    _write(root / f"image/overlay2/imagedb/content/sha256/{'1' * 64}", json.dumps({"rootfs": {"diff_ids": DIFFS}}))
    for chain, file in zip(CHAINS, ("first", "etc/second"), strict=True):
        own = f"{host}{file.replace('/', '')}"
        _write(root / f"image/overlay2/layerdb/sha256/{chain}/cache-id", own)
        _write(root / f"overlay2/{own}/link", own.upper())
        _write(root / f"overlay2/{own}/diff/{file}", "content")
        os.utime(root / f"overlay2/{own}/diff/{file}", (1, 1))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="ascii")


def layer(hosts: Path, host: str, file: str) -> Path:
    return hosts / host / f"docker/overlay2/{host}{file.replace('/', '')}/diff/{file}"


def links(hosts: Path, file: str, *names: str) -> list[int]:
    return [layer(hosts, name, file).stat().st_nlink for name in names or ("emon", "emon2", "emon3")]


def test_equal_layers_are_once_on_disk(hosts: Path) -> None:
    for name in ("emon", "emon2", "emon3", "emon3"):
        share(name, ["emon", "emon2", "emon3"], [IMAGE])
    assert links(hosts, "first") == links(hosts, "etc/second") == [3, 3, 3]
    assert layer(hosts, "emon3", "etc/second").read_text(encoding="ascii") == "content"
    assert share("emon", ["emon2"], [IMAGE]) == 0
    assert sorted(path.name for path in layer(hosts, "emon3", "first").parent.iterdir()) == ["first"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda path: path.chmod(0o755), 1),
        (lambda path: path.write_text("another size", encoding="ascii"), 1),
        (lambda path: os.utime(path, (2, 2)), 1),
        (lambda path: None, 2),
    ],
)
def test_a_file_that_is_another_stays(hosts: Path, change, expected: int) -> None:
    change(layer(hosts, "emon", "first"))
    share("emon2", ["emon"], [IMAGE])
    assert links(hosts, "first", "emon2") == [expected]
    assert links(hosts, "etc/second", "emon2") == [2]


def test_a_layer_of_which_a_container_is_made_stays(hosts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_layers, "_mounted", lambda _host: {"EMON2FIRST"})
    share("emon2", ["emon"], [IMAGE])
    assert (links(hosts, "first", "emon2"), links(hosts, "etc/second", "emon2")) == ([1], [2])


def test_what_is_mounted_is_read_of_the_host(hosts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = "31 1 0:30 / /merged rw - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/AB:l/CD,upperdir=/u\n"
    _write(tmp_path / "mountinfo", f"1 0 8:1 / / rw - ext4 /dev/vda rw\n{line}")
    monkeypatch.setattr(shared_layers, "Path", lambda _path: tmp_path / "mountinfo")
    monkeypatch.setattr(simulated_host.SimulatedHost, "leader", lambda _host: type("Leader", (), {"pid": 1}))
    assert shared_layers._mounted(simulated_host.SimulatedHost("emon")) == {"AB", "CD"}


@pytest.mark.parametrize("image", ["sha256:" + "2" * 64, "sha256:../../../../../secret"])
def test_an_image_that_docker_keeps_otherwise_is_left_alone(hosts: Path, image: str) -> None:
    assert share("emon2", ["emon", "never-made"], [image]) == 0


def test_no_link_of_the_host_leads_out(hosts: Path, tmp_path: Path) -> None:
    """Root of the host has put a link where the layer was, which leads to a file of the machine's."""
    outside = tmp_path / "outside"
    _write(outside / "first", "content")
    os.utime(outside / "first", (1, 1))
    mine = layer(hosts, "emon2", "first")
    mine.unlink()
    mine.parent.rmdir()
    mine.parent.symlink_to(outside)
    share("emon2", ["emon"], [IMAGE])
    assert (outside / "first").stat().st_nlink == 1
    layer(hosts, "emon3", "first").unlink()
    layer(hosts, "emon3", "first").symlink_to(outside / "first")
    share("emon3", ["emon"], [IMAGE])
    assert layer(hosts, "emon3", "first").is_symlink()


def test_what_the_system_refuses_is_one_line(hosts: Path) -> None:
    with pytest.raises(
        LabError, match=r"^simulated host emon4: its layers cannot be shared: No such file or directory$"
    ):
        share("emon4", ["emon"], [IMAGE])
