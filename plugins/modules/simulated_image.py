#!/usr/bin/python

# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: simulated_image
short_description: Build the base image of simulated hosts
version_added: 0.1.0
author: The emon.overlay_lab authors (@emon)
description:
  - Builds a Debian tree with systemd, etcd, dockerd and their Python libraries, by mmdebstrap from the machine's own
    package sources. That takes about half a minute and 600 MB, once per release.
  - An image is named by the hash of its recipe (packages, units, files), and is never changed. It has its name only
    while it is complete, so the rest of an interrupted build or removal is never taken for an image.
requirements:
  - root on the machine
  - mmdebstrap, systemd-container
attributes:
  check_mode:
    support: full
    description: Returns whether it would be built or removed. An image in use is refused as without check mode.
  diff_mode:
    support: full
    description: Shows the image's name if it would be built or removed.
  idempotent:
    support: full
    description: An existing image is not built again.
options:
  release:
    description: Debian release.
    type: str
    choices: [bullseye, bookworm, trixie, forky]
    default: bookworm
  state:
    description: V(absent) removes the image. It is refused while a simulated host uses it.
    type: str
    choices: [present, absent]
    default: present
"""

EXAMPLES = r"""
- name: Build the base image of Debian 12
  emon.overlay_lab.simulated_image:
    release: bookworm
"""

RETURN = r"""
name:
  description: Name of the image.
  type: str
  returned: success
  sample: bookworm-0a1b2c3d4e5f
root:
  description: Its root directory.
  type: str
  returned: success
  sample: /var/lib/overlay-lab/images/bookworm-0a1b2c3d4e5f
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated.host import known_hosts
from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated.image import Image
from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated.releases import DEFAULT_RELEASE, RELEASES


def _check_removable(image: Image) -> None:
    standing = [host.name for host in known_hosts() if host.record().get("image") == image.name]
    if standing:
        raise LabError(f"base image {image.name} is in use by {', '.join(standing)}: destroy their lab first")


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "release": {"type": "str", "choices": list(RELEASES), "default": DEFAULT_RELEASE},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        },
        supports_check_mode=True,
    )
    image = Image(module.params["release"])
    wanted = module.params["state"] == "present"
    before = image.built
    try:
        if not wanted:
            _check_removable(image)
        if before != wanted and not module.check_mode:
            image.build() if wanted else image.remove()
    except LabError as error:
        module.fail_json(msg=str(error), faults=error.faults)
    module.exit_json(
        changed=before != wanted,
        name=image.name,
        root=str(image.path),
        diff={
            "before": f"base image {image.name}: {'present' if before else 'absent'}\n",
            "after": f"base image {image.name}: {'present' if wanted else 'absent'}\n",
        },
    )


if __name__ == "__main__":
    main()
