#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: busybox_image
short_description: A container image built from the host's own busybox
version_added: 0.1.0
author: "The emon.overlay_lab authors (@emon)"
description:
  - Puts an image of the given name on the host. It is pulled if O(pull) is set and a registry answers, and otherwise
    built from the host's static busybox, so that a lab needs no registry.
  - The image runs C(sh), C(sleep), C(ping), C(nc), C(httpd), C(ip) and the other applets of that busybox. The same
    busybox gives the same image on every host.
  - An image of that name that this module did not build is used as it is, and never removed. An image that it built is
    replaced when the host's busybox has changed. Its content identifies it. An image that was built from it, or
    committed, has the same label, and is not the module's.
extends_documentation_fragment:
  - emon.overlay_lab.docker
attributes:
  check_mode:
    support: full
    description: Can run without changing anything. Whether a registry will answer cannot be predicted.
  diff_mode:
    support: full
    description: Returns the content of the image, before and after.
  idempotent:
    support: full
    description: A second run with the same options changes nothing.
options:
  name:
    description: The image's name with its tag.
    type: str
    required: true
  path:
    description: The static busybox. By default C(/bin/busybox) or C(/usr/bin/busybox).
    type: path
  pull:
    description:
      - An image to pull first, which then gets the name, such as V(busybox:1.36).
      - Tried only where the image is not there yet and the host has a default route.
    type: str
  pull_timeout:
    description: Seconds that the registry may be silent before the host's busybox is used.
    type: int
    default: 20
  build:
    description:
      - Whether the host's busybox is used where the image is not pulled. It is an error otherwise.
      - Has to be V(false) for a O(name) with a digest.
    type: bool
    default: true
  state:
    description: Whether the image should exist.
    type: str
    choices: [present, absent]
    default: present
seealso:
  - module: emon.overlay_lab.docker_container
"""

EXAMPLES = r"""
- name: Build the lab's image
  emon.overlay_lab.busybox_image:
    name: busybox:lab

- name: Pull an image that no busybox can replace
  emon.overlay_lab.busybox_image:
    name: nginx:1.25
    pull: nginx:1.25
    build: false

- name: Pull the image if a registry answers, and build it otherwise
  emon.overlay_lab.busybox_image:
    name: busybox:lab
    pull: busybox:1.36
"""

RETURN = r"""
image:
  description: C(name) and C(id) of the image. The id is empty where the image is absent or not made yet.
  returned: always
  type: dict
  sample: {name: "busybox:lab", id: "sha256:0c5d8b3c5e7a0f9d"}
source:
  description: V(present) where nothing was done, also where it stays; V(pulled), V(busybox), or V(absent).
  returned: always
  type: str
left:
  description: With O(state=absent), an image of the name that stays, because this module did not make it, as a line.
  returned: success
  type: list
  elements: str
note:
  description: Why the image was not pulled, where that was asked for; otherwise empty.
  returned: always
  type: str
"""

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import main as run
from ansible_collections.emon.overlay_lab.plugins.module_utils._tasks.busybox_image import TASK


def main() -> None:
    run(TASK)


if __name__ == "__main__":
    main()
