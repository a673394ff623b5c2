# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host gets of an archive, below a directory of the test's own. The target program_set does it with systemd."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._archive import content, installed
from ansible_collections.emon.overlay_lab.plugins.module_utils._archive.installed import Wanted
from ansible_collections.emon.overlay_lab.plugins.module_utils._archive.kinds import KINDS
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.shape import misfit
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import record as host_record
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import systemd
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.systemd import Unit

ETCD = "#!/bin/sh\necho 'etcd Version: 3.4.23'\n"


class Host:
    """Its record, its units, and what was asked of systemd."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.section: dict[str, Any] = {}
        self.foreign: list[str] = []
        self.asked: list[str] = []

    def merge(self, name: str, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        """A record that is not of its shape would be damaged to whoever reads it next."""
        self.section = change(self.section)
        assert misfit({"sections": {name: self.section}}, host_record._SHAPE) == ""

    def units(self, *names: str) -> list[Unit]:
        there = [name in self.foreign or (self.root / "units" / name).exists() for name in names]
        return [Unit(name, exists, active=exists, enabled=exists) for name, exists in zip(names, there)]


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    made = Host(tmp_path)
    for name in ("PREFIX", "LINKS", "UNITS"):
        monkeypatch.setattr(installed, name, tmp_path / name.lower())
    monkeypatch.setattr(installed.selinux, "label", lambda _paths: None)
    monkeypatch.setattr(installed, "_to_make", lambda _kind: [])
    monkeypatch.setattr(installed, "_make", lambda _kind: None)
    monkeypatch.setattr(content, "unpack", unpacked)
    monkeypatch.setattr(host_record, "section", lambda _name: made.section)
    monkeypatch.setattr(host_record, "merge", made.merge)
    monkeypatch.setattr(systemd, "units", made.units)
    monkeypatch.setattr(systemd, "reload", lambda: None)
    monkeypatch.setattr(systemd, "stop", lambda *names, timeout: made.asked.append(f"stop {' '.join(names)}"))
    monkeypatch.setattr(systemd, "enable", lambda name, on: made.asked.append(f"{'en' if on else 'dis'}able {name}"))
    # Files of a test are whose it is.
    for name, number in (("_uid", os.getuid()), ("_gid", os.getgid())):
        monkeypatch.setattr(installed.managed_files, name, lambda _name, number=number: number)
    return made


def unpacked(path: Path, _kind: Any, into: Path) -> None:
    with tarfile.open(path) as archive:
        for member in archive:
            stream = archive.extractfile(member)
            assert stream is not None
            file = into / Path(member.name).name
            file.write_bytes(stream.read())
            file.chmod(0o755)


def wanted(host: Host, text: str = ETCD, **given: Any) -> Wanted:
    path = host.root / "etcd-v3.4.23-linux-amd64.tar.gz"
    with tarfile.open(path, "w:gz") as made:
        for name in KINDS["etcd"].programs:
            entry = tarfile.TarInfo(f"etcd-v3.4.23-linux-amd64/{name}")
            entry.size = len(text)
            made.addfile(entry, io.BytesIO(text.encode()))
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return Wanted(**{"lab": "emon", "version": "3.4.23", "sha256": sha256, "source": path, **given})


def there(host: Host) -> list[str]:
    paths = [path for name in ("prefix", "links", "units") for path in (host.root / name).rglob("*")]
    return sorted(str(path.relative_to(host.root)) for path in paths if not path.is_dir())


def test_from_nothing_to_nothing(host: Host) -> None:
    asked = wanted(host)
    first = installed.plan("etcd", asked)
    assert first.unpack
    assert there(host) == []
    installed.apply(first)
    assert there(host) == [
        "links/etcd",
        "links/etcdctl",
        "prefix/etcd/bin/etcd",
        "prefix/etcd/bin/etcdctl",
        "units/etcd.service",
    ]
    assert f"{host.root}/prefix/etcd/bin/etcd\n" in (host.root / "units/etcd.service").read_text()
    again = installed.plan("etcd", Wanted("emon", "3.4.23", asked.sha256))
    assert not again.differences.changed
    assert installed.state("etcd") == {"lab": "emon", "version": "3.4.23", "sha256": asked.sha256, "whole": True}
    installed.apply(installed.plan("etcd", None))
    assert there(host) == []
    assert host.section == {}
    assert host.asked == ["stop etcd.service", "disable etcd.service"]
    assert not installed.plan("etcd", None).differences.changed
    assert installed.state("etcd") == {"lab": "", "version": "", "sha256": "", "whole": False}


def lose(host: Host) -> None:
    (host.root / "prefix/etcd/bin/etcdctl").unlink()


def change(host: Host) -> None:
    (host.root / "prefix/etcd/bin/etcdctl").write_text("something else")


def overwrite(host: Host) -> None:
    """By as many bytes."""
    (host.root / "prefix/etcd/bin/etcdctl").write_text("#" * len(ETCD))


def lock(host: Host) -> None:
    (host.root / "prefix/etcd/bin/etcdctl").chmod(0)


def unlink(host: Host) -> None:
    (host.root / "links/etcd").unlink()


def edit(host: Host) -> None:
    (host.root / "units/etcd.service").write_text("[Service]\n")


def interrupt(host: Host) -> None:
    host.section = {"etcd": {**host.section["etcd"], "files": {}}}


@pytest.mark.parametrize(
    ("spoil", "unpack"),
    [(lose, True), (change, True), (overwrite, True), (lock, True), (unlink, False), (edit, False), (interrupt, True)],
)
def test_what_is_not_whole_is_mended(host: Host, spoil: Callable[[Host], None], unpack: bool) -> None:
    asked = wanted(host)
    installed.apply(installed.plan("etcd", asked))
    before = there(host)
    spoil(host)
    assert not installed.state("etcd")["whole"]
    mend = installed.plan("etcd", asked)
    assert (mend.differences.changed, mend.unpack) == (True, unpack)
    installed.apply(mend)
    assert there(host) == before
    assert installed.state("etcd")["whole"]
    assert (host.root / "prefix/etcd/bin/etcdctl").read_text() == ETCD


def test_nothing_that_is_there_is_replaced(host: Host) -> None:
    (host.root / "links").mkdir()
    (host.root / "links/etcdctl").write_text("somebody's")
    host.foreign = ["etcd.service"]
    with pytest.raises(LabError) as raised:
        installed.plan("etcd", wanted(host))
    assert raised.value.faults == [
        f"{host.root}/links/etcdctl is there already, and not the lab's: remove it, or what it belongs to",
        "the unit etcd.service is there already: remove the package that has it",
    ]


def test_what_somebody_put_in_place_of_a_link_stays(host: Host) -> None:
    installed.apply(installed.plan("etcd", wanted(host)))
    link = host.root / "links/etcd"
    link.unlink()
    link.write_text("somebody's")
    with pytest.raises(LabError, match="is there already, and not the lab's"):
        installed.plan("etcd", wanted(host))
    installed.apply(installed.plan("etcd", None))
    assert link.read_text() == "somebody's"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"lab": "other"}, "etcd is here from an archive for the lab emon: destroy that lab first"),
        ({"sha256": "0" * 64}, "etcd 3.4.23 is here from another archive"),
    ],
)
def test_another_archive_or_lab_is_refused(host: Host, given: dict[str, str], words: str) -> None:
    installed.apply(installed.plan("etcd", wanted(host)))
    with pytest.raises(LabError) as raised:
        installed.plan("etcd", wanted(host, **given))
    assert raised.value.faults[0].startswith(words)


@pytest.mark.parametrize(
    ("text", "given", "words"),
    [
        (ETCD, {"sha256": "0" * 64}, "it is not the file that the controller has: run again"),
        ("#!/bin/sh\necho 'no library' >&2; exit 127\n", {}, "etcd does not run here: no library"),
        (
            "#!/bin/sh\necho 'etcd Version: 3.5.1'\n",
            {},
            "etcd is of version 3.5.1, and the name of the archive says 3.4.23",
        ),
    ],
)
def test_what_does_not_fit_is_one_line_and_does_not_stay(
    host: Host, text: str, given: dict[str, str], words: str
) -> None:
    with pytest.raises(LabError) as raised:
        installed.apply(installed.plan("etcd", wanted(host, text, **given)))
    (line,) = raised.value.faults
    assert line.startswith(f"etcd-v3.4.23-linux-amd64.tar.gz on this host: {words}")
    assert there(host) == []
    assert host.section == {}


@pytest.mark.parametrize("place", ["prefix", "units"])
def test_a_place_that_cannot_be_written_is_one_line_and_nothing_stays(host: Host, place: str) -> None:
    (host.root / place).write_text("a file, where a directory has to be")
    with pytest.raises(LabError) as raised:
        installed.apply(installed.plan("etcd", wanted(host)))
    (line,) = raised.value.faults
    assert str(host.root / place) in line
    assert (there(host), host.section) == ([], {})
    (host.root / place).unlink()
    installed.apply(installed.plan("etcd", wanted(host, sha256=wanted(host).sha256)))
    assert installed.state("etcd")["whole"]
