"""`make` in checkouts as people have them, and in the environments that they bring along."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[2]
_SHOW = """#!/bin/sh
echo "program=$0"
echo "arguments=$*"
echo "locale=$LC_ALL/$LANGUAGE"
echo "config=$ANSIBLE_CONFIG"
echo "collections=$ANSIBLE_COLLECTIONS_PATH"
echo "path=$PATH"
echo "callback=$ANSIBLE_STDOUT_CALLBACK"
echo "colours=$NO_COLOR/$ANSIBLE_NOCOLOR"
echo "messages=$OVERLAY_LAB_MESSAGES_ONLY"
echo "on=$OVERLAY_LAB_ON"
echo "loaded=$OVERLAY_LAB_IMAGE $OVERLAY_LAB_FILE $DOCKER_HOST"
echo "ends=$OVERLAY_LAB_FROM $OVERLAY_LAB_TO $OVERLAY_LAB_PORT $OVERLAY_LAB_NETWORK"
printf 'command=%s\\n' "$OVERLAY_LAB_COMMAND"
"""
_PROGRAMS = ("ansible-playbook", "pip", "pytest", "python")
# As sudo does by default on Debian: of the environment nothing else is left.
_SUDO = '#!/bin/sh\nexec env -i PATH=/usr/bin:/bin HOME=/root "$@"\n'
Make = Callable[..., dict[str, str]]


@pytest.fixture(params=["checkout", "a checkout", "it's (a) 'check' & out;\"$HOME\"#1"])
def checkout(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """What `make` needs of a checkout that is set up, with programs that only tell how they were called."""
    folder = tmp_path / request.param
    (folder / ".venv/bin").mkdir(parents=True)
    for name in ("Makefile", "requirements.txt", "requirements-dev.txt", "tools", "inventories", "labs"):
        source = _ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    for name in ("system", "lab", "dev"):
        (folder / f".venv/{name}.stamp").touch()
    for name in _PROGRAMS:
        _program(folder / ".venv/bin" / name, _SHOW)
    return folder


@pytest.fixture(params=["root", "user"])
def make(request: pytest.FixtureRequest, checkout: Path, tmp_path: Path) -> Make:
    """Run a target; what the program that it came to says of how it was called."""
    fakes = tmp_path / "bin"
    fakes.mkdir()
    _program(fakes / "sudo", _SUDO)
    _program(fakes / "id", f"#!/bin/sh\necho {0 if request.param == 'root' else 1000}\n")

    def run(*arguments: str, **environment: str) -> dict[str, str]:
        done = subprocess.run(
            ["make", "--no-print-directory", *arguments],
            cwd=checkout,
            env={**os.environ, "PATH": f"{fakes}:/usr/bin:/bin", **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)

    return run


def _program(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)


def test_who_is_traced_reaches_the_playbook(make: Make) -> None:
    said = make("trace", "FROM=it's", "TO=emon2", "PORT=53/udp", "NETWORK=back", "ARGS=-e pcap=/tmp/x")
    options = "-e trace_file=.cache/trace.json -e pcap=/tmp/x"
    assert said["arguments"] == f"-i inventories/simulated/company.yml playbooks/trace.yml {options}"
    assert said["ends"] == "it's emon2 53/udp back"


def test_what_is_loaded_reaches_the_playbook(make: Make) -> None:
    said = make("load", "IMAGE=web:1", "FILE=my $$web.tar", DOCKER_HOST="tcp://elsewhere:2376")
    assert said["arguments"] == "-i inventories/simulated/company.yml playbooks/load.yml"
    assert said["loaded"] == "web:1 my $$web.tar tcp://elsewhere:2376"


def test_what_is_forwarded_is_told(make: Make) -> None:
    said = make("forward", "PORT=8080", "LOCAL=8081")
    assert said["arguments"].split() == ["tools/forward", "emon", "8080", "8081"]


def test_a_trace_that_follows_ends_when_it_is_interrupted(make: Make, checkout: Path) -> None:
    # Ansible exits with 99 then. The first round is done, the second is interrupted. Where interrupts are ignored, as
    # below nohup, the third ends it.
    program = (
        "#!/bin/sh\necho round >>rounds\n[ $(wc -l <rounds) -lt 2 ] || kill -INT $PPID\n"
        "[ $(wc -l <rounds) -lt 3 ] || kill -TERM $PPID\nexit 99\n"
    )
    _program(checkout / ".venv/bin/ansible-playbook", program)
    with pytest.raises(AssertionError, match="Error 130"):
        make("trace", "FROM=test1", "TO=test2", "FOLLOW=1")
    assert (checkout / "rounds").read_text(encoding="utf-8").split() == ["round", "round"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["FAULT=vxlan-down"], "-e fault=vxlan-down -e host= -e seed="),
        (["FAULT=vxlan-down", "HOST=emon2"], "-e fault=vxlan-down -e host=emon2 -e seed="),
        (["SEED=7", "ARGS=-e confirm=emon"], "-e fault= -e host= -e seed=7 -e confirm=emon"),
        ([], "-e fault= -e host= -e seed="),
    ],
)
def test_what_is_broken_reaches_the_playbook(make: Make, given: list[str], expected: str) -> None:
    said = make("break", *given)
    assert said["arguments"] == f"-i inventories/simulated/company.yml playbooks/break.yml {expected}"
    # The list of faults is an answer, and nothing is printed around it.
    assert bool(said["messages"]) is not bool(given)


@pytest.mark.parametrize(
    "target", ["overlay", "move", "verify", "trace", "break", "mend-broken", "destroy", "shell", "unit"]
)
def test_each_target_runs_wherever_the_checkout_is(make: Make, checkout: Path, target: str) -> None:
    said = make(target)
    assert (checkout / said["program"]).parent == checkout / ".venv/bin"


def test_it_is_always_this_checkout_that_runs(make: Make, checkout: Path) -> None:
    checkout.chmod(0o777)
    said = make("overlay", ANSIBLE_CONFIG="/etc/ansible/ansible.cfg", ANSIBLE_COLLECTIONS_PATH="/usr/share/ansible")
    assert said["config"] == str(checkout / "ansible.cfg")
    assert said["collections"] == str(checkout / ".ansible/collections")
    assert said["path"].startswith(f"{checkout}/.venv/bin:")


@pytest.mark.parametrize("locale", ["C", "xx_XX.UTF-8", "de_DE.ISO-8859-1", ""])
def test_the_locale_is_utf_8(make: Make, locale: str) -> None:
    assert make("overlay", LC_ALL=locale, LANG=locale, LANGUAGE="de")["locale"] == "C.UTF-8/"
    assert make("unit", LC_ALL=locale, LANG=locale, LANGUAGE="de")["locale"] == "C.UTF-8/"


def test_arguments_reach_the_playbook(make: Make) -> None:
    said = make("overlay", "LAB=four", "SITE=home", "ARGS=--check --diff")
    assert said["arguments"] == "-i inventories/simulated/four-home.yml playbooks/overlay.yml --check --diff"


@pytest.mark.parametrize("target", ["overlay", "status", "move", "verify", "trace", "break", "destroy"])
def test_one_line_per_step_unless_ansible_s_own_output_is_asked_for(make: Make, target: str) -> None:
    assert make(target)["callback"] == "emon.overlay_lab.lab"
    assert make(target, "V=1")["callback"] == ""
    assert make(target, V="1")["callback"] == ""


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("status", "playbooks/status.yml -e output=table"),
        ("exec", "playbooks/exec.yml -e output=table"),
        ("map", "playbooks/map.yml -e map_file=.cache/map.html"),
    ],
)
def test_what_is_asked_for_is_all_that_is_printed(make: Make, target: str, expected: str) -> None:
    said = make(target)
    assert (said["messages"], said["callback"]) == ("1", "emon.overlay_lab.lab")
    assert said["arguments"] == f"-i inventories/simulated/company.yml {expected}"
    assert make("overlay")["messages"] == ""


@pytest.mark.parametrize("command", ["docker ps --format '{{.Names}}'", 'echo "$HOME" $$ `id` #%', "a\\b; c & d"])
def test_a_command_comes_through_as_it_was_written(make: Make, command: str) -> None:
    said = make("exec", f"CMD={command}", "ON=test*,emon?")
    assert (said["command"], said["on"]) == (command, "test*,emon?")


def test_a_wish_for_no_colours_passes_sudo(make: Make) -> None:
    assert make("overlay", NO_COLOR="1", ANSIBLE_NOCOLOR="true")["colours"] == "1/true"


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["SITE=nowhere"], "SITE=nowhere: the lab emon is at no such site; choose one of company, home"),
        (["LAB=four", "SITE=x"], "SITE=x: the lab four is at no such site; choose one of company, home"),
        (
            ["LAB=fuor"],
            "LAB=fuor: there is no inventories/simulated/fuor-company.yml;"
            " choose one of compose, emon, emon3, four, lossy, practice, services, sixteen, three-sites, tiers,"
            " tutorial, vxlan",
        ),
    ],
)
@pytest.mark.parametrize("target", ["overlay", "destroy"])
def test_an_inventory_that_is_not_there_is_told_before_anything_starts(
    checkout: Path, target: str, arguments: list[str], line: str
) -> None:
    (checkout / ".venv/lab.stamp").unlink()
    done = subprocess.run(["make", target, *arguments], cwd=checkout, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.fullmatch(rf"Makefile:[0-9]+: \*\*\* {re.escape(line)}\.  Stop\.\n", done.stderr)


def test_other_targets_need_no_inventory(make: Make, checkout: Path) -> None:
    assert make("unit", "SITE=nowhere")["program"] == ".venv/bin/pytest"
