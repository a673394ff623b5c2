# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.


"""What a lab needs of programs and Python libraries: what is there, and what would bring the rest."""

from __future__ import annotations

import os
import platform
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import programs
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.versions import version_in
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import package_sources
from ansible_collections.emon.overlay_lab.plugins.module_utils._host.distributions import FAMILIES, Distribution, Source

LIBRARIES = ("docker", "pyroute2")
_PROGRAMS = {"etcd": "etcd", "etcdctl": "etcdctl", "docker": "dockerd", "resolver": "dnsmasq"}
# What the distribution's packages of Python libraries are for.
_ITS_PYTHON = Path("/usr/bin/python3")


def python() -> dict[str, Any]:
    """The Python that runs this; ``distributions``: whether the distribution's packages are for it."""
    is_virtual = sys.prefix != sys.base_prefix
    return {
        "path": sys.executable,
        "version": platform.python_version(),
        "distributions": not is_virtual and os.path.realpath(sys.executable) == os.path.realpath(_ITS_PYTHON),
    }


def read(distribution: Distribution, given: dict[str, str | None], own_python: bool) -> dict[str, Any]:
    """{"programs": name -> {"version", "available", "packages"}, "libraries": name -> {"there", "packages"}}: what is
    there, or which version of which packages would bring it; '' and [] for what is not to be had. "faults": why no
    package can be installed now.

    ``given``: the package that brings a program, by its name here; None: the distribution's.
    """
    family = FAMILIES.get(distribution.family)
    with ThreadPoolExecutor() as pool:
        versions = dict(zip(_PROGRAMS, pool.map(_version, _PROGRAMS.values())))
    # A directory that pip left has no file of its own.
    libraries = {name: bool(getattr(find_spec(name), "origin", None)) for name in LIBRARIES}
    of_programs: dict[str, tuple[Source, ...]] = {
        name: (Source((str(given[name]),)),) if given.get(name) else getattr(family, name, ())
        for name, version in versions.items()
        if not version
    }
    of_libraries = {
        name: family.libraries[name] for name, there in libraries.items() if family and own_python and not there
    }
    sources = [source for one in (*of_programs.values(), *of_libraries.values()) for source in one]
    faults = package_sources.faults()
    had: dict[str, str] = {}
    try:
        had = package_sources.versions(distribution.family, package_sources.names(sources))
    except programs.Overdue as error:
        faults += error.faults
    # Nothing is installed of what is not needed; preflight knows what is.
    found: dict[str, Any] = {"programs": {}, "libraries": {}, "faults": faults}
    for name, version in versions.items():
        available, packages = package_sources.choice(of_programs.get(name, ()), had)
        found["programs"][name] = {"version": version, "available": available, "packages": packages}
    for name, there in libraries.items():
        _available, packages = package_sources.choice(of_libraries.get(name, ()), had)
        found["libraries"][name] = {"there": there, "packages": packages}
    return found


def _version(program: str) -> str:
    """What a program says of itself; '' where it is missing."""
    try:
        return version_in(programs.run([program, "--version"]).stdout)
    except programs.Missing:
        return ""
