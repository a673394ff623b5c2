#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docker_image_load
short_description: Load images of an archive, unless they are there
version_added: 0.1.0
author: "The emon.overlay_lab authors (@emon)"
description:
  - Compares images by the hash of their content. An image that exists is not loaded again; if it lacks the name, it
    gets the name.
  - An image that had the name before stays, without the name.
extends_documentation_fragment:
  - emon.overlay_lab.docker
attributes:
  check_mode:
    support: full
    description: Can run without changing anything, and without the archive.
  diff_mode:
    support: full
    description: Returns the image that has the name, before and after.
  idempotent:
    support: full
    description: A second run with the same options changes nothing.
options:
  images:
    description: What M(emon.overlay_lab.image_archive) returned of the archive.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the image with its tag.
        type: str
        required: true
      id:
        description: The hash of its content.
        type: str
        required: true
      architecture:
        description: The processor that it is for. One that the host cannot run is refused.
        type: str
        required: true
  path:
    description: The archive on the host.
    type: path
    required: true
  replace:
    description: Whether another image loses the name. It is refused otherwise.
    type: bool
    default: false
seealso:
  - module: emon.overlay_lab.image_archive
"""

EXAMPLES = r"""
- name: Load what is in an archive
  emon.overlay_lab.docker_image_load:
    images: "{{ archive.images }}"
    path: /var/tmp/web.tar
"""

RETURN = r"""
states:
  description: "By image: V(present), V(named) where only the name was missing, V(loaded) where the archive is needed."
  returned: success
  type: dict
  sample: {"web:1": loaded}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.libraries import validate
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.client import DOCKER_ARGUMENTS, connect
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_image import loading
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_image.archive import Described

ARGUMENTS = DOCKER_ARGUMENTS | {
    "images": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {key: {"type": "str", "required": True} for key in ("name", "id", "architecture")},
    },
    "path": {"type": "path", "required": True},
    "replace": {"type": "bool", "default": False},
}


def main() -> None:
    module = AnsibleModule(ARGUMENTS, supports_check_mode=True)
    validate(module, "docker")
    try:
        client = connect(module.params["docker_host"], module.params["timeout"])
        images = [Described(**one) for one in module.params["images"]]
        plan = loading.plan(client, images, module.params["replace"])
        if not module.check_mode:
            loading.apply(client, plan, module.params["path"])
    except LabError as error:
        module.fail_json(msg=str(error), faults=error.faults)
    differences = plan.differences
    module.exit_json(changed=differences.changed, diff=differences.diff, states=plan.states)


if __name__ == "__main__":
    main()
