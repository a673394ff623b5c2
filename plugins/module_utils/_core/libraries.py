# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""Libraries that a managed host may lack: declared at import, missed with a remedy at run time."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

# Library -> what gives it, by distribution family.
_PACKAGES = {
    "pyroute2": "python3-pyroute2 (Debian and Red Hat family), or pip install pyroute2",
    "docker": "python3-docker (Debian and Red Hat family), or pip install docker",
    "cryptography": "python3-cryptography (Debian and Red Hat family), or pip install cryptography",
    "etcd3": "python3-etcd3 (Debian family), or pip install etcd3",
    "pcapng": "python-pcapng (pip install python-pcapng)",
    "jmespath": "python3-jmespath (Debian and Red Hat family), or pip install jmespath",
}
_missing: dict[str, str] = {}


@contextmanager
def declare(library: str) -> Iterator[None]:
    """Wrap the import of an optional library: ``with declare("pyroute2"): import pyroute2``."""
    try:
        yield
    except ImportError:
        _missing[library] = traceback.format_exc()


def missing(*libraries: str) -> list[str]:
    """One line for each of the declared libraries (all of them if none is named) that is not installed."""
    return [
        f"the Python library {library} is missing: install {_PACKAGES.get(library, library)}"
        for library in (libraries or tuple(_missing))
        if library in _missing
    ]


def validate(module, *libraries: str) -> None:
    """End the module with one line a missing library, before it does anything."""
    lines = missing(*libraries)
    if lines:
        module.fail_json(msg="\n".join(lines), exception="\n".join(_missing.values()))
