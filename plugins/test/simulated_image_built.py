# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: simulated_image_built
short_description: Whether the base image of a release exists
version_added: 0.1.0
author: The emon.overlay_lab authors (@emon)
description:
  - Looks on the machine that runs Ansible, where simulated hosts are. This test costs nothing, while running
    M(emon.overlay_lab.simulated_image) to find that there is nothing to do costs half a second.
options:
  _input:
    description: The Debian release, bookworm or trixie.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Build the base image
  emon.overlay_lab.simulated_image:
    release: bookworm
  when: "'bookworm' is not emon.overlay_lab.simulated_image_built"
"""

RETURN = r"""
_value:
  description: Whether it exists and is complete.
  type: bool
"""

from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated.image import Image


def simulated_image_built(release: str) -> bool:
    return Image(release).built


class TestModule:
    def tests(self) -> dict:
        return {"simulated_image_built": simulated_image_built}
