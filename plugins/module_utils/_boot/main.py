# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""What systemd runs on the host: boot.pyz containers, links, and before-dockerd. What it writes is in the journal."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.libraries import missing

from . import before_dockerd, containers, links

_USAGE = "usage: boot.pyz containers|links|before-dockerd"


def main(words: Sequence[str]) -> int:
    """Returns the process's exit code."""
    signal.signal(signal.SIGTERM, _end)
    if list(words) == ["containers"]:
        if lines := missing("docker"):
            say("\n".join(lines))
            return 1
        return 0 if containers.bring_up(say) else 1
    known = {"before-dockerd": before_dockerd.prepare, "links": links.make_again}
    if len(words) != 1 or words[0] not in known:
        say(_USAGE)
        return 2
    try:
        known[words[0]](say)
    except (LabError, OSError) as error:
        say(str(error))
        return 1
    return 0


def _end(*_given: object) -> None:
    """As it would by itself: with what it has begun, such as a dockerd of its own or a turn among the hosts."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise SystemExit(0)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
