# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""SELinux: how it stands on this host, and the labels of files that were written."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ansible_collections.emon.overlay_lab.plugins.module_utils._core import programs

ENFORCING, PERMISSIVE, DISABLED = "enforcing", "permissive", "disabled"
_RESTORECON = "restorecon"
_ENFORCE = Path("/sys/fs/selinux/enforce")
_CONFIG = Path("/etc/selinux/config")


def read(enforce: Path = _ENFORCE, config: Path = _CONFIG) -> dict[str, Any]:
    """``mode``: the kernel's, now; ``policy``: the name of the policy, '' where there is none; ``restorecon``: whether
    the program that labels files is here.
    """
    mode = DISABLED
    with suppress(OSError):
        mode = ENFORCING if enforce.read_text(encoding="ascii").strip() == "1" else PERMISSIVE
    policy = ""
    with suppress(OSError):
        found = re.search(r"^\s*SELINUXTYPE=(\S+)", config.read_text(encoding="utf-8", errors="replace"), re.MULTILINE)
        policy = found[1] if found and mode != DISABLED else ""
    return {"mode": mode, "policy": policy, "restorecon": _path() is not None}


def label(paths: Iterable[str], enforce: Path = _ENFORCE) -> None:
    """Give files, and what is in directories, the labels that the policy has for their places.

    A new file has that of its directory, which is another one for some. Nothing where SELinux is off, or the program is
    missing: preflight names that.
    """
    wanted = list(paths)
    if wanted and enforce.exists() and _path() is not None:
        programs.run([_RESTORECON, "-R", *wanted])


def _path() -> str | None:
    return shutil.which(_RESTORECON, path=programs.environment()["PATH"])
