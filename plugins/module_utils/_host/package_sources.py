# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What this host's package sources have: apt's or dnf's, asked once for all that is missing."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.versions import version_in

from .distributions import Source

_APT_ENTRY = re.compile(r"^(\S+):$\n(?:^ .*\n)*?^ +Candidate: (\S+)$", re.MULTILINE)
# Of what is on the host already. A mirror that is asked anew takes a while.
_APT_SECONDS, _CACHE_SECONDS = 60, 60
_DNF_SECONDS = 120
# dpkg(1) notes there what it is about to do.
_UPDATES = Path("/var/lib/dpkg/updates")
# Where the programs of packages are.
_TARGET = "/usr"


def versions(family: str, packages: Iterable[str]) -> dict[str, str]:
    """The version of each of these packages that would be installed; those that are not to be had are left out.

    ``family``: of the distribution, because roles install by the tool of it; one that is not known has no packages.
    Raises Overdue where nobody can say.
    """
    names = sorted(set(packages))
    ask = {"Debian": _by_apt, "RedHat": _by_dnf}.get(family)
    if not names or not ask:
        return {}
    try:
        return ask(names)
    except programs.Missing:
        return {}


def choice(sources: Sequence[Source], found: dict[str, str]) -> tuple[str, list[str]]:
    """The version and the packages of the first source that is to be had; ('', []) where none is."""
    for source in sources:
        if all(package in found for package in source.packages):
            packages = [*source.packages, *(package for package in source.also if package in found)]
            return found[source.packages[0]], packages
    return "", []


def names(sources: Sequence[Source]) -> list[str]:
    return [package for source in sources for package in (*source.packages, *source.also)]


def faults(updates: Path = _UPDATES) -> list[str]:
    """Why nothing can be installed on this host now."""
    found = []
    if os.statvfs(_TARGET).f_flag & os.ST_RDONLY:
        found.append(
            f"{_TARGET} is read-only here, and packages are installed there: mount -o remount,rw {_TARGET}, or install"
            " them as this system does (rpm-ostree install, or its image)"
        )
    if updates.is_dir() and any(path.name.isdigit() for path in updates.iterdir()):
        found.append("an installation of packages was interrupted here: dpkg --configure -a")
    elif partly := _partly_installed():
        found.append(
            f"the packages {', '.join(partly)} are installed in part here, and stop any installation: dpkg --configure"
            " -a, then apt-get --fix-broken install"
        )
    return found


def _partly_installed() -> list[str]:
    """By the letters of dpkg(1): of its state, and R for one that has to be installed again."""
    try:
        shown = programs.run(["dpkg-query", "--show", "--showformat=${db:Status-Abbrev} ${Package}\\n"]).stdout
    except programs.Missing:
        return []
    return re.findall(r"^.(?:[FUH].|.R) +(\S+)$", shown, re.MULTILINE)


def _by_apt(packages: list[str]) -> dict[str, str]:
    text = _asked(["apt-cache", "policy", *packages], _APT_SECONDS)
    found = {package: version_in(version) for package, version in _APT_ENTRY.findall(text)}
    return {package: version for package, version in found.items() if version}


def _by_dnf(packages: list[str]) -> dict[str, str]:
    query = ["repoquery", "--quiet", "--available", "--latest-limit=1", "--queryformat=%{name} %{version}\n", *packages]
    # What dnf knows already, else what its repositories say: a host that is new has no cache.
    with suppress(programs.Overdue):
        if found := _of_dnf(_asked(["dnf", "--cacheonly", *query], _CACHE_SECONDS)):
            return found
    return _of_dnf(_asked(["dnf", *query], _DNF_SECONDS))


def _of_dnf(text: str) -> dict[str, str]:
    found = dict(line.split() for line in text.splitlines() if len(line.split()) == 2)
    return {package: version_in(version) for package, version in found.items() if version_in(version)}


def _asked(command: list[str], seconds: float) -> str:
    try:
        return programs.run(command, seconds).stdout
    except programs.Overdue as error:
        raise programs.Overdue(
            f"{command[0]} gives no answer within {seconds:g} s, so it is not known what can be installed: does another"
            " one hold its lock, or a mirror not answer?"
        ) from error
