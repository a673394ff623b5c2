# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Programs whose answers are read: they speak English and UTF-8, whatever the language of the host is."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .errors import LabError

# A user's PATH may lack these, where what configures a network is, and sudo's what was installed from an archive.
_FURTHER = ":/usr/sbin:/sbin:/usr/local/sbin:/usr/local/bin"
_SECONDS = 60
_STOP_SECONDS = 30

Running = subprocess.Popen[bytes]
Done = subprocess.CompletedProcess[str]


class Missing(LabError):
    """The program is not on this host."""


class Overdue(LabError):
    """The program did not end in time."""


def environment(**more: str) -> dict[str, str]:
    """Of a program whose answer is read. LANGUAGE would go before LC_ALL (gettext, "The LANGUAGE variable"), and
    etcdctl refuses an option that it has from its environment as well.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("LANGUAGE", "ETCDCTL_"))}
    return {**inherited, "PATH": os.environ.get("PATH", os.defpath) + _FURTHER, "LC_ALL": "C.UTF-8", **more}


def check(names: Iterable[str]) -> None:
    """Raises Missing for the first that is not here."""
    for name in names:
        if shutil.which(name, path=environment()["PATH"]) is None:
            raise _missing(name)


def _missing(name: str) -> Missing:
    return Missing(f"the program {name} is missing on this host")


def run(
    command: Sequence[str],
    timeout: float = _SECONDS,
    *,
    cwd: str | None = None,
    more: Mapping[str, str] | None = None,
    owner: tuple[int, int] | None = None,
    pass_fds: Sequence[int] = (),
) -> Done:
    """What it wrote, and its exit code, whatever that is; ``more``: further environment variables.

    ``owner``: the user and group as which it runs, with their rights alone; it makes files that nobody else reads.
    Raises Missing, Overdue, and LabError where it cannot be started.
    """
    variables = environment(**(more or {}))
    user: dict[str, Any] = {}
    if owner is not None:
        # No variables of root's, which may be secret.
        variables = {name: variables[name] for name in ("PATH", "LC_ALL", *(more or ()))}
        user = {"umask": 0o077}
        if os.geteuid() == 0:
            user |= {"user": owner[0], "group": owner[1], "extra_groups": []}
    try:
        return subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=timeout,
            cwd=cwd,
            env=variables,
            pass_fds=pass_fds,
            **user,
        )
    except FileNotFoundError:
        raise _missing(command[0]) from None
    except OSError as error:
        raise LabError(f"{command[0]} cannot be started: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise Overdue(f"{shlex.join(command)}: not done after {timeout:g} s") from error


@contextmanager
def running(command: Sequence[str], log: Path) -> Iterator[Running]:
    """A program that ends with the block: by SIGTERM, and by SIGKILL where that is not enough. It writes to ``log``.

    Raises LabError where it cannot be started.
    """
    # systemd takes the word of a service itself that it is ready, and not of what it starts.
    variables = {name: value for name, value in environment().items() if name != "NOTIFY_SOCKET"}
    try:
        with log.open("wb") as written:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=written, stderr=subprocess.STDOUT, env=variables
            )
    except OSError as error:
        raise LabError(f"{command[0]} cannot be started: {error.strerror}") from error
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def output(command: Sequence[str], timeout: float = _SECONDS) -> str:
    """What it wrote to standard output. Raises LabError with its own words where it failed, too."""
    done = run(command, timeout)
    if done.returncode:
        raise LabError(f"{shlex.join(command)}: {words(done)}")
    return done.stdout


def words(done: subprocess.CompletedProcess[str]) -> str:
    """Why it failed, as it said itself, in one line."""
    return " ".join((done.stderr.strip() or done.stdout).split()) or f"exit code {done.returncode}"
