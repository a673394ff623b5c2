#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docker_container
short_description: Containers for a network lab
version_added: 0.1.0
author: "The emon.overlay_lab authors (@emon)"
description:
  - Creates, starts, stops and removes a container, in every network mode and on any number of networks.
  - What Docker fixes at creation is compared by a digest that is kept in the label C(emon.overlay_lab.digest). If it
    differs, the container is created again, and the diff says why. The former one runs until the new one is created; if
    the new one cannot be started, the former one is put back. Networks, the restart policy and the running state are
    compared with the current container and changed in place.
  - A container that this module did not create is never changed or removed.
  - When a container does not start because its sandbox was lost in a crash of the host, it is disconnected from its
    networks and connected again, and RV(healed) says so.
  - This is not a general container module. For volumes, environment, health checks and limits use
    C(community.docker.docker_container).
extends_documentation_fragment:
  - emon.overlay_lab.docker
attributes:
  check_mode:
    support: full
    description: Can run without changing anything, and returns what it would do.
  diff_mode:
    support: full
    description: Returns each attribute that differs, before and after.
  idempotent:
    support: full
    description: A second run with the same options changes nothing.
options:
  name:
    description: The container's name.
    type: str
    required: true
  image:
    description:
      - The image, which has to be on the host.
      - Without it, only the running state of an existing container is managed, and nothing else is compared.
    type: str
  command:
    description: The command, as a list or as a string that is split as a shell does. Default is the image's command.
    type: raw
  network_mode:
    description:
      - V(default) or V(bridge) for Docker's default bridge, V(host) for the host's own namespace, V(none) for lo alone,
        or V(container:NAME) for the namespace of another container.
      - By default V(default), or where O(networks) is given, these alone. With V(bridge) and O(networks) it is on
        the default bridge as well.
      - A container that shares the namespace of another one is started again after that one was restarted, because it
        is still in the former namespace.
    type: str
  networks:
    description: Networks to connect to; it is disconnected from others. Neither recreates the container.
    type: list
    elements: dict
    suboptions:
      name:
        description: The network's name.
        type: str
        required: true
      ipv4_address:
        description: A fixed address. Without it, any address is accepted.
        type: str
      ipv6_address:
        description: A fixed IPv6 address.
        type: str
      aliases:
        description: Further names by which the network's containers find it.
        type: list
        elements: str
      links:
        description: Names of its own for other containers, as C(CONTAINER:ALIAS).
        type: list
        elements: str
  links:
    description: Legacy links on the default bridge, as C(CONTAINER) or C(CONTAINER:ALIAS).
    type: list
    elements: str
  published_ports:
    description:
      - Ports of the host that lead to the container, as C([ADDRESS:][HOST_PORT:]PORT[/PROTOCOL]); ranges of equal
        length on both sides are possible. A port that is in use is refused before anything is started.
    type: list
    elements: str
  restart_policy:
    description: Whether dockerd starts it again.
    type: str
    choices: ["no", always, on-failure, unless-stopped]
    default: "no"
  hostname:
    description: Its host name. The short id by default.
    type: str
  extra_hosts:
    description: Names and addresses for C(/etc/hosts).
    type: dict
  dns:
    description: Addresses of name servers.
    type: list
    elements: str
  capabilities:
    description: Capabilities to add, such as V(NET_ADMIN).
    type: list
    elements: str
  drop_capabilities:
    description: Capabilities to take away.
    type: list
    elements: str
  sysctls:
    description: Kernel parameters of its namespaces.
    type: dict
  labels:
    description: Labels.
    type: dict
  init:
    description: Whether a small init is its first process, so that it ends on SIGTERM.
    type: bool
    default: true
  stop_timeout:
    description: Seconds until a container that does not stop is killed, by this module as well as by dockerd.
    type: int
    default: 1
  state:
    description:
      - V(present) does not change whether it runs. V(stopped) without O(image) also accepts that there is no container.
    type: str
    choices: [present, started, stopped, absent]
    default: started
seealso:
  - module: emon.overlay_lab.docker_network
  - module: emon.overlay_lab.busybox_image
"""

EXAMPLES = r"""
- name: Start a container on an overlay network, at a fixed address
  emon.overlay_lab.docker_container:
    name: test1
    image: busybox:lab
    command: sleep infinity
    networks:
      - {name: demo, ipv4_address: 10.200.0.10, aliases: [web]}

- name: Start a container that shares the namespace of test1
  emon.overlay_lab.docker_container:
    name: test1-shell
    image: busybox:lab
    command: sleep infinity
    network_mode: container:test1

- name: Start a web server on the default bridge, with a link to another container
  emon.overlay_lab.docker_container:
    name: web
    image: busybox:lab
    command: httpd -f -p 80
    published_ports: ["8080:80"]
    links: [db]

- name: Stop a container, whatever its options are
  emon.overlay_lab.docker_container:
    name: test1
    state: stopped
"""

RETURN = r"""
container:
  description: The container; empty if it is absent. In check mode, what is known in advance.
  returned: always
  type: dict
  contains:
    id:
      description: Its id.
      type: str
    name:
      description: Its name.
      type: str
    state:
      description: Docker's word for its state, such as V(running) or V(exited).
      type: str
    pid:
      description: Process id of its first process on the host; 0 if it does not run.
      type: int
    image:
      description: The image's name.
      type: str
    network_mode:
      description: Docker's network mode, which is the first network at creation.
      type: str
    networks:
      description: By network, C(ipv4_address), C(ipv6_address), C(mac), C(gateway) and C(aliases).
      type: dict
    labels:
      description: Its labels.
      type: dict
healed:
  description: What had to be repaired before it started, one line each.
  returned: always
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.libraries import validate
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker.client import DOCKER_ARGUMENTS, connect
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import apply as container_apply
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container import plan as container_plan
from ansible_collections.emon.overlay_lab.plugins.module_utils._docker_container.spec import CONTAINER_OPTIONS, parse

ARGUMENTS = DOCKER_ARGUMENTS | CONTAINER_OPTIONS | {"secrets": {"type": "dict", "no_log": True}}


def main() -> None:
    module = AnsibleModule(ARGUMENTS, supports_check_mode=True)
    validate(module, "docker")
    healed: list[str] = []
    try:
        spec = parse(module.params, module.params["secrets"])
        client = connect(module.params["docker_host"], module.params["timeout"])
        plan = container_plan.plan(client, spec)
        if module.check_mode:
            container = container_plan.expected(plan)
        else:
            container, healed = container_apply.apply(client, plan)
    except LabError as error:
        module.fail_json(msg=str(error), faults=error.faults)
    differences = plan.differences
    module.exit_json(changed=differences.changed, diff=differences.diff, container=container, healed=healed)


if __name__ == "__main__":
    main()
