"""Programs whose answers are read, on a host that speaks another language."""

from __future__ import annotations

import ast
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core import programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_daemon import plan as daemon_plan
from ansible_collections.emon.overlay_lab.plugins.module_utils._etcd import backup as etcd_backup
from ansible_collections.emon.overlay_lab.plugins.module_utils._facts import host_info, installed
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import firewall, package_sources, systemd

Install = Callable[[str, str], None]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Install:
    """Put a program on PATH, on a host whose language is German."""
    for name, value in {"LANG": "de_DE.ISO-8859-1", "LC_ALL": "de_DE.ISO-8859-1", "LANGUAGE": "de"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    def write(name: str, script: str) -> None:
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    return write


def speaks(english: str, german: str) -> str:
    return f'[ "$LC_ALL" = C.UTF-8 ] && [ -z "$LANGUAGE" ] && printf "{english}" || printf "{german}"'


def test_a_package_is_found_by_apt_in_any_language(install: Install) -> None:
    install(
        "apt-cache",
        speaks("docker.io:\\n  Candidate: 20.10.24\\n", "docker.io:\\n  Installationskandidat: 20.10.24\\n"),
    )
    assert package_sources.versions("Debian", ["docker.io"]) == {"docker.io": "20.10.24"}


def test_a_version_is_read_in_any_language(install: Install) -> None:
    install("dockerd", speaks("Docker version 20.10.24, build 1\\n", "Docker-Fassung zwanzig\\n"))
    assert installed._version("dockerd") == "20.10.24"
    assert daemon_plan.version() == "20.10.24"


@pytest.mark.parametrize(
    "ask",
    [
        lambda: systemd.run(["systemctl", "show"]),
        lambda: firewall.run(["ufw", "status"]),
        lambda: str(host_info._ip(["address"])),
    ],
)
def test_each_reader_asks_in_english(install: Install, ask: Callable[[], str]) -> None:
    for name in ("systemctl", "ufw", "ip"):
        install(name, speaks('[\\"english\\"]', '[\\"deutsch\\"]'))
    assert "english" in ask()


def test_etcdctl_keeps_its_own_environment(install: Install) -> None:
    install("etcdctl", 'echo "Error: api=$ETCDCTL_API $LC_ALL" >&2; exit 1')
    with pytest.raises(LabError, match=r"api=3 C\.UTF-8"):
        etcd_backup._etcdctl(["snapshot", "save"])


def test_what_is_no_utf_8_is_no_traceback(install: Install) -> None:
    install("odd", "printf 'gr\\374n'")
    assert programs.output(["odd"]) == "gr\ufffdn"


def test_it_reads_nothing_from_our_standard_input(install: Install) -> None:
    install("reads", "cat; echo done")
    assert programs.output(["reads"]) == "done\n"


def test_a_program_in_sbin_is_found_by_whom_path_lacks_it(install: Install, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert (
        programs.run(["sh", "-c", "echo $PATH"])
        .stdout.strip()
        .endswith(":/usr/sbin:/sbin:/usr/local/sbin:/usr/local/bin")
    )


@pytest.mark.parametrize(
    ("script", "line"),
    [
        ("echo one; echo two >&2; echo three >&2; exit 3", "fails --now: two three"),
        ("echo one; exit 3", "fails --now: one"),
        ("exit 3", "fails --now: exit code 3"),
    ],
)
def test_its_words_are_in_the_error(install: Install, script: str, line: str) -> None:
    install("fails", script)
    with pytest.raises(LabError) as caught:
        programs.output(["fails", "--now"])
    assert caught.value.faults == [line]


def test_missing_overdue_and_not_startable_are_told_apart(install: Install, tmp_path: Path) -> None:
    with pytest.raises(programs.Missing, match="the program nobody-has-this is missing on this host"):
        programs.run(["nobody-has-this"])
    install("slow", "exec sleep 10")
    with pytest.raises(programs.Overdue, match=r"slow: not done after 0\.1 s"):
        programs.run(["slow"], 0.1)
    (tmp_path / "plain").write_text("no program")
    with pytest.raises(LabError, match="plain cannot be started: Permission denied"):
        programs.run([str(tmp_path / "plain")])


def test_as_another_user_it_gets_nothing_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "x")
    told = programs.run(["env"], more={"ETCDCTL_API": "3"}, owner=(os.geteuid(), os.getegid())).stdout
    assert {line.partition("=")[0] for line in told.splitlines()} == {"PATH", "LC_ALL", "ETCDCTL_API"}


# Each says there why.
_BY_THEMSELVES = {
    "connection/simulated_host.py",
    "module_utils/_simulated/nspawn.py",
    "module_utils/_probe/packet_capture.py",
    "module_utils/_core/programs.py",
    "plugin_utils/_map/live.py",
}


def test_no_other_file_starts_programs() -> None:
    plugins = Path(__file__).parents[5] / "plugins"
    starting = {
        str(path.relative_to(plugins))
        for path in plugins.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Import) and any(one.name == "subprocess" for one in node.names))
        or (isinstance(node, ast.ImportFrom) and node.module == "subprocess")
        or (
            isinstance(node, ast.Attribute)
            and node.attr in ("create_subprocess_exec", "popen", "posix_spawn", "run_command")
        )
    }
    assert starting == _BY_THEMSELVES


def test_a_program_in_the_background_ends_with_the_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/systemd/notify")
    with programs.running(["sh", "-c", "echo up ${NOTIFY_SOCKET:-alone}; exec sleep 60"], tmp_path / "log") as process:
        while not (tmp_path / "log").read_text():
            assert process.poll() is None
    assert process.returncode == -signal.SIGTERM
    assert (tmp_path / "log").read_text() == "up alone\n"
    with pytest.raises(LabError, match="/nowhere cannot be started"), programs.running(["/nowhere"], tmp_path / "log"):
        pytest.fail("it is not there")
