#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: simulated_layers
short_description: Store layers that several simulated hosts have only once on disk
version_added: 0.1.0
author: The emon.overlay_lab authors (@emon)
description:
  - The files of an image's layer become hard links to those of another host that has the layer. Docker never writes to
    a layer, and a host that removes the image removes its own links.
  - A layer is not changed while a container of the host uses it, or if the host's Docker has another storage driver
    than C(overlay2).
  - If root inside a host writes into the directories of its Docker by hand, the files of all these hosts change.
requirements:
  - root on the machine
attributes:
  check_mode:
    support: partial
    description: Can run in check mode without a change.
    details: The space that would be freed is not returned.
  diff_mode:
    support: none
    description: The content of the layers stays as it is.
  idempotent:
    support: full
    description: A second run changes nothing.
options:
  name:
    description: Name of the simulated host.
    type: str
    required: true
  others:
    description: The hosts whose files it may get.
    type: list
    elements: str
    required: true
  images:
    description: Ids of the images, as Docker has them.
    type: list
    elements: str
    required: true
seealso:
  - module: emon.overlay_lab.docker_image_load
"""

EXAMPLES = r"""
- name: Keep the layers of an image once on disk
  emon.overlay_lab.simulated_layers:
    name: emon2
    others: [emon]
    images: [sha256:0c5d8b3c5e7a0f9d7cf2d5f5be3c5a0e8a3e6a1ab3e5d9d0f3c5c6b7a8e9f0a1]
"""

RETURN = r"""
freed:
  description: How many bytes of the disk were freed.
  returned: success
  type: int
  sample: 9437184
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated.shared_layers import share


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "others": {"type": "list", "elements": "str", "required": True},
            "images": {"type": "list", "elements": "str", "required": True},
        },
        supports_check_mode=True,
    )
    freed = 0
    try:
        if not module.check_mode:
            freed = share(module.params["name"], module.params["others"], module.params["images"])
    except LabError as error:
        module.fail_json(msg=str(error), faults=error.faults)
    module.exit_json(changed=freed > 0, freed=freed)


if __name__ == "__main__":
    main()
