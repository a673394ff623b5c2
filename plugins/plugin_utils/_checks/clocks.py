# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin_util is private to the collection and may change without notice.

"""Whether the clocks of a lab's hosts agree: with a wrong one, certificates are not valid yet, or not any more."""

from __future__ import annotations

from typing import Any


def faults(lab: dict[str, Any], infos: dict[str, dict[str, Any]], run: dict[str, Any]) -> list[str]:
    """One line where two clocks differ by more than the run allows. Pure.

    ``lab`` and ``run``: as in preflight.py; ``infos``: host -> what host_info returned, with "clock": {"least",
    "most"}, the seconds by which the host's clock is ahead of the controller's, as far as they are known: a slow host
    answers late, and is no fault.
    """
    known = {host: info["clock"] for host, info in infos.items() if "clock" in info}
    # Simulated hosts have one clock, the machine's.
    if not known or lab["simulated"] or run["reads"]:
        return []
    ahead = max(known, key=lambda host: known[host]["least"])
    behind = min(known, key=lambda host: known[host]["most"])
    apart = known[ahead]["least"] - known[behind]["most"]
    if apart <= run["clock_seconds"]:
        return []
    told = ", ".join(f"{host} {(known[host]['least'] + known[host]['most']) / 2:+.0f} s" for host in (behind, ahead))
    return [
        f"the clocks of {behind} and {ahead} are {apart:.0f} s apart (against this controller's: {told}): set them,"
        " better by NTP (timedatectl set-ntp true), or run again with -e lab_max_clock_offset=SECONDS to allow more"
    ]
