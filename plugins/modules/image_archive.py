#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: image_archive
short_description: List the images of an archive, or save an image as one
version_added: 0.1.0
author: "The emon.overlay_lab authors (@emon)"
description:
  - Returns which images are in an archive. Saves an image of a dockerd as an archive.
  - M(emon.overlay_lab.docker_image_load) loads such an archive on hosts.
extends_documentation_fragment:
  - emon.overlay_lab.docker
attributes:
  check_mode:
    support: full
    description: Saves nothing. The image, or the file, has to be there.
  diff_mode:
    support: none
    description: An archive is no setting.
  idempotent:
    support: partial
    description: An archive is only read.
    details: An image is saved each time.
options:
  image:
    description: Name of an image of the dockerd, without a tag C(latest).
    type: str
  file:
    description: An archive, as C(docker save) writes it. It may be compressed by gzip, bzip2 or xz.
    type: path
  dest:
    description: Where O(image) is saved, for nobody else to read. A file that is there is replaced.
    type: path
seealso:
  - module: emon.overlay_lab.docker_image_load
"""

EXAMPLES = r"""
- name: Save an image
  emon.overlay_lab.image_archive:
    image: web:1
    dest: /var/tmp/web.tar

- name: Which images are in an archive
  emon.overlay_lab.image_archive:
    file: web.tar
"""

RETURN = r"""
images:
  description: The images, each by each of its names, with C(name), C(id) and C(architecture).
  returned: success
  type: list
  elements: dict
  sample: [{name: "web:1", id: "sha256:0c5d8b3c5e7a0f9d", architecture: amd64}]
path:
  description: Where the archive is. With O(image), it is there only after a run that is not in check mode.
  returned: success
  type: str
"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.libraries import validate
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.client import DOCKER_ARGUMENTS, connect
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_image import archive


def _connected(params: dict[str, Any], image: str) -> Any:
    try:
        return connect(params["docker_host"], params["timeout"])
    except LabError as error:
        raise LabError(f"image {image}: {error}; an archive, as a file, takes no Docker here") from error


def main() -> None:
    module = AnsibleModule(
        DOCKER_ARGUMENTS | {"image": {"type": "str"}, "file": {"type": "path"}, "dest": {"type": "path"}},
        supports_check_mode=True,
        required_one_of=[["image", "file"]],
        mutually_exclusive=[["image", "file"]],
        required_by={"image": ["dest"]},
    )
    image, file, dest = (module.params[key] for key in ("image", "file", "dest"))
    try:
        if file:
            images = archive.read(file)
        else:
            validate(module, "docker")
            client = _connected(module.params, image)
            images = [archive.look(client, image)] if module.check_mode else archive.save(client, image, dest)
    except LabError as error:
        module.fail_json(msg=str(error), faults=error.faults)
    module.exit_json(changed=not file, images=[asdict(one) for one in images], path=str(Path(file or dest).absolute()))


if __name__ == "__main__":
    main()
