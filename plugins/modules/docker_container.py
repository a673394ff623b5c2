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
  - Volumes are never removed with a container, neither named ones nor those without a name.
  - What it does not have, such as devices, log drivers or resource limits of other kinds, is in
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
    description: Capabilities to add, such as V(NET_ADMIN); V(ALL) for all.
    type: list
    elements: str
  drop_capabilities:
    description: Capabilities to take away; V(ALL) for all.
    type: list
    elements: str
  sysctls:
    description: Kernel parameters of its namespaces.
    type: dict
  labels:
    description: Labels.
    type: dict
  env:
    description: Environment variables, in addition to those of the image.
    type: dict
  secret_env:
    description:
      - Names of the variables in O(secrets). They are kept in the label C(emon.overlay_lab.secret_env).
      - One without a value in O(secrets) may have any in an existing container; no container is created without it.
    type: list
    elements: str
  secrets:
    description:
      - Environment variables whose values no output, difference or record shows. They are compared with those of the
        container, and are no part of its digest.
      - As with each secret option, Ansible hides these values wherever they are in the result.
    type: dict
  volumes:
    description:
      - Volumes as C(SOURCE:TARGET[:OPTIONS]), with the options C(ro), C(rw), C(z) and C(Z). The source is a volume's
        name or an absolute path on the host. Docker creates what is not there.
    type: list
    elements: str
  entrypoint:
    description: The entry point, as a list or as a string that is split as a shell does. Default is the image's.
    type: raw
  user:
    description: The user, and after a colon the group, of its processes. Default is the image's.
    type: str
  memory:
    description: The most memory that it may use, such as V(64m) or V(1g).
    type: str
  cpus:
    description: How many processors it may use, such as V(0.5).
    type: str
  healthcheck:
    description: How Docker finds out whether it is healthy. Default is the image's check.
    type: dict
    suboptions:
      test:
        description: A command for a shell, or a list that begins with C(CMD), C(CMD-SHELL) or C(NONE).
        type: raw
      interval:
        description: Time between two checks, such as V(30s).
        type: str
      timeout:
        description: Time after which a check has failed.
        type: str
      start_period:
        description: Time in which failed checks do not count.
        type: str
      retries:
        description: After how many failed checks it is unhealthy.
        type: int
      disable:
        description: Whether there is no check, whatever the image says.
        type: bool
        default: false
  depends_on:
    description:
      - Containers of this host that have to be ready before this one starts. It is waited for at most two minutes.
    type: list
    elements: dict
    suboptions:
      name:
        description: The container's name.
        type: str
        required: true
      condition:
        description: By default V(service_healthy) where it has a health check, else V(service_started).
        type: str
        choices: [service_started, service_healthy]
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

- name: Start a database with its data in a volume, and a password that is not shown
  emon.overlay_lab.docker_container:
    name: store
    image: postgres:15
    networks: [{name: demo}]
    volumes: ["store-data:/var/lib/postgresql/data"]
    secret_env: [POSTGRES_PASSWORD]
    secrets: {POSTGRES_PASSWORD: "{{ store_password }}"}
    healthcheck: {test: pg_isready -U postgres, interval: 2s}
    memory: 256m

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
