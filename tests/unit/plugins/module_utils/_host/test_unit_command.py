# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import unit_command

D = Path("/etc/systemd/system/docker.service.d")
OURS = D / "overlay-lab.conf"


@pytest.mark.parametrize(
    ("drop_in", "words"),
    [
        ("[Service]\nExecStart=\nExecStart=/usr/sbin/dockerd --debug\n", ("/usr/sbin/dockerd", "--debug")),
        ("[Service]\nExecStart=/usr/sbin/dockerd \\\n  -H 'unix:///x y'\n", ("/usr/sbin/dockerd", "-H", "unix:///x y")),
        ("[Service]\n ExecStart = dockerd -D\n#ExecStart=other\n", ("dockerd", "-D")),
        ("[Service]\nExecStart=dockerd 'no end\n", ("dockerd", "'no", "end")),
        ("[Service]\nRestart=always\n", ("loaded",)),
        ("[Service]\nExecStart=dockerd \\\n  # --data-root=/x \\\n ; -l debug\n  -D\n", ("dockerd", "-D")),
        ("[Service]\n# as before \\\nExecStart=dockerd -D\n", ("dockerd", "-D")),
    ],
)
def test_a_drop_in_may_replace_the_command(drop_in: str, words: tuple[str, ...]) -> None:
    assert unit_command.command(("loaded",), [drop_in]) == words


def test_drop_ins_come_by_their_names_wherever_they_are(tmp_path: Path) -> None:
    for place, text in (
        ("etc/systemd/system/docker.service.d/20-a.conf", "etc"),
        ("run/systemd/system/docker.service.d/20-a.conf", "run"),
        ("usr/lib/systemd/system/docker.service.d/10-b.conf", "usr"),
        ("run/systemd/system/docker.service.d/zz.conf", "zz"),
        ("run/systemd/system/docker.service.d/readme.txt", "none of them"),
        ("run/systemd/system/etcd.service.d/10-b.conf", "another's"),
    ):
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "etc/systemd/system/docker.service.d/30-off.conf").symlink_to("/no/such/file")
    given = {OURS: "ours", Path("/etc/overlay-lab/x.conf"): "a file of ours that is none"}
    found = unit_command.drop_ins("docker.service", tmp_path, given)
    assert [(path.name, text) for path, text in found.items()] == [
        ("10-b.conf", "usr"),
        ("20-a.conf", "etc"),
        ("30-off.conf", ""),
        ("overlay-lab.conf", "ours"),
        ("zz.conf", "zz"),
    ]


COMMAND = "[Service]\nExecStartPre=-/etc/await\nExecStart=\nExecStart=dockerd\n"


@pytest.mark.parametrize(
    ("ours", "name", "theirs", "keys"),
    [
        pytest.param(COMMAND, "zz.conf", "ExecStart=\nExecStart=dockerd -H fd://", ["ExecStart"], id="another command"),
        pytest.param(COMMAND, "zz.conf", "ExecStart=dockerd -H fd://", ["ExecStart"], id="a second one"),
        pytest.param(COMMAND, "zz.conf", "ExecStartPre=", ["ExecStartPre"], id="what comes before it"),
        pytest.param(COMMAND, "zz.conf", "ExecStartPre=\nExecStart=", ["ExecStart", "ExecStartPre"], id="both"),
        pytest.param(COMMAND, "zz.conf", "ExecStartPre=/one/more", [], id="one more before it"),
        pytest.param(COMMAND, "aa.conf", "ExecStart=\nExecStart=dockerd -H fd://", [], id="read before ours"),
        pytest.param("[Unit]\nWants=x\n", "zz.conf", "ExecStart=\nExecStart=dockerd", [], id="ours has none"),
    ],
)
def test_what_a_later_drop_in_undoes_is_named(ours: str, name: str, theirs: str, keys: list[str]) -> None:
    found = dict(sorted({OURS: ours, D / name: f"[Service]\n{theirs}\n"}.items()))
    lines = unit_command.undone(OURS, found)
    assert [line.partition(", so systemd")[0] for line in lines] == [
        f"{D / name} is read after overlay-lab.conf and sets {key} again" for key in keys
    ]


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("dockerd $OPTS", ["dockerd", "--debug", "--label", "a b"]),
        ("dockerd ${ROOT}", ["dockerd", "/srv x"]),
        ("dockerd --data-root=${ROOT}/docker", ["dockerd", "--data-root=/srv x/docker"]),
        ("dockerd $NONE --a=${NONE}", ["dockerd", "--a="]),
        ("dockerd $$OPTS --price=$ROOT", ["dockerd", "$OPTS", "--price=$ROOT"]),
    ],
)
def test_variables_are_replaced_as_systemd_does(command: str, words: list[str]) -> None:
    environment = {"OPTS": "--debug --label 'a b'", "ROOT": "/srv x"}
    assert unit_command.words(command.split(), environment) == words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('# comment\nO="--debug -l info"\n#D=e\n;F=g\n', {"O": "--debug -l info"}),
        ('Q="a \\"b\\" \'c\' \\x"\n', {"Q": "a \"b\" 'c' \\x"}),
        ("E=f \\\n  g\nN=10.0.0.1,\\\n10.0.0.2\n", {"E": "f   g", "N": "10.0.0.1,10.0.0.2"}),
        ("O=\"\n  --data-root=/srv\n  -D\n\"\nB='c\nd'\n", {"O": "\n  --data-root=/srv\n  -D\n", "B": "c\nd"}),
        ('O="--label a \\\n-D"\n', {"O": "--label a -D"}),
        ("HTTP_PROXY = http://proxy:1 \n", {"HTTP_PROXY": "http://proxy:1"}),
        ("A='b c'\"d\" e\nF=it's\nG=a\\ b\nH=\n", {"A": "b cde", "F": "it's", "G": "a b", "H": ""}),
        ("A=b # no comment\r\nC='d'\r\n", {"A": "b # no comment", "C": "d"}),
        # systemd: "Ignoring invalid environment assignment".
        ("export A=b\nC=d\n", {"C": "d"}),
    ],
)
def test_an_environment_file_is_read_as_systemd_reads_it(tmp_path: Path, text: str, found: dict[str, str]) -> None:
    path = tmp_path / "docker"
    path.write_text(text)
    assert unit_command.environment_of(str(path)) == found
    assert unit_command.environment_of(str(tmp_path / "none")) == {}


def test_a_file_counts_more_and_may_be_a_pattern(tmp_path: Path) -> None:
    (tmp_path / "1.env").write_text("A=file\nB=one\n")
    (tmp_path / "2.env").write_text("B=two\n")
    found = unit_command.environment(("A=unit", "C=d=e", "odd"), (f"{tmp_path}/*.env", "/no/such/file"))
    assert found == {"A": "file", "B": "two", "C": "d=e"}


def test_a_unit_may_unset_what_it_has_from_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "env").write_text("A=file\nB=one\n")
    found = unit_command.environment(("C=unit", "D=kept"), (f"{tmp_path}/env",), ("A", "B=other", "C=unit"))
    assert found == {"B": "one", "D": "kept"}
