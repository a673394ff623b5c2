# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options and requirements of every module that talks to dockerd."""

    DOCUMENTATION = r"""
options:
  docker_host:
    description: Where dockerd listens. The API version is negotiated.
    type: str
    default: unix:///var/run/docker.sock
  timeout:
    description: Seconds to wait for each answer of dockerd. A container may take minutes to start on a slow machine.
    type: int
    default: 300
requirements:
  - "The Python library docker: 5.0.3 to 7.2.0 are tested"
notes:
  - Docker 20.10 and 26.1 are tested.
"""
