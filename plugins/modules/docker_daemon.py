#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: docker_daemon
short_description: Configure dockerd, with rollback to the former configuration
version_added: 0.1.0
author: "The emon.overlay_lab authors (@emon)"
description:
  - Merges settings into C(daemon.json), writes the files that go with them, and restarts dockerd if something changed.
    Keys that are not named here are kept.
  - The former configuration is kept in C(/var/lib/overlay-lab/state.json). O(state=absent) restores exactly that.
  - All faults are reported at once, before anything is touched. These are settings that conflict with dockerd's command
    line or with the lab, keys that were set to another value outside the lab, a C(daemon.json) that is not JSON, a
    Docker that has no cluster store, and containers that are not the lab's and that a restart would stop.
  - If dockerd does not start, the former files are restored, dockerd is started with them, and the module fails
    with dockerd's error.
  - After a crash of the host, dockerd with a cluster store cannot use its overlay networks any more, in some cases not
    even after a restart. The module detects this, and restarts dockerd in a way that repairs it.
  - A C(daemon.json) that was damaged since is named in one line, and put back with O(restore).
  - A run that was interrupted between writing and restarting is completed by the next one.
extends_documentation_fragment:
  - emon.overlay_lab.owner
attributes:
  check_mode:
    support: full
    description: Can run without changing anything, and returns what it would do.
  diff_mode:
    support: full
    description: Shows keys and files before and after; of a secret only that it changes.
  idempotent:
    support: full
    description: A second run with the same options changes nothing and does not restart dockerd.
options:
  settings:
    description: Keys of C(daemon.json) and their values.
    type: dict
    default: {}
  files:
    description:
      - Files that dockerd or its unit reads, such as certificates and drop-ins. systemd is reloaded when a drop-in
        changed.
      - A file that this module wrote and that is no longer listed is removed.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Absolute path. Missing directories are created.
        type: path
        required: true
      content:
        description: The text. One of O(files[].content) and O(files[].secret_content) is needed for O(state=present).
        type: str
      secret_content:
        description: The text of a private key or another secret. It is never shown.
        type: str
      mode:
        description: Permissions in octal, as a string.
        type: str
        default: "0644"
      owner:
        description: Owning user.
        type: str
        default: root
      group:
        description: Owning group.
        type: str
        default: root
      backup:
        description:
          - Keep a file that was there before, in C(/var/lib/overlay-lab/kept) and, unless it exists, as
            C(PATH.bak). O(state=absent) restores it.
          - A file that this module did not write is always kept.
        type: bool
        default: false
  path:
    description: Where C(daemon.json) is.
    type: path
    default: /etc/docker/daemon.json
  service:
    description: dockerd's unit.
    type: str
    default: docker.service
  enabled:
    description: Whether the unit is enabled, so that dockerd starts at boot. V(false) does not change that.
    type: bool
    default: true
  restart_allowed:
    description:
      - Whether dockerd may be restarted although containers run that are not the lab's, which are those without the
        label C(emon.overlay_lab.lab).
      - Those that ran, and did not come back by their restart policy, are then started again.
    type: bool
    default: false
  override:
    description: Whether a setting may replace a value set outside the lab. O(state=absent) restores that value.
    type: bool
    default: false
  restore:
    description:
      - Whether a C(daemon.json) that this module wrote and that is damaged is put back as it was recorded. Without it,
        the module fails and names the damage.
      - It is damaged if it is gone, empty or no JSON. Other people's keys become what they were when this module last
        changed it. A file that cannot be read is kept as C(daemon.json.TIME.damaged).
      - With O(state=absent), it is needed only for a file that cannot be read.
    type: bool
    default: false
  swarm:
    description: Whether this dockerd will be in a swarm, which excludes C(live-restore).
    type: bool
    default: false
  forget_endpoints:
    description:
      - With O(state=stopped), first start dockerd once without its cluster store, so that it drops its containers'
        endpoints on overlay networks.
      - A dockerd that stopped while its store was unavailable keeps these endpoints, claims them at each later start,
        and withdraws them on the other hosts; then no packet reaches the containers that have their addresses by then.
    type: bool
    default: false
  docker_host:
    description: Where dockerd listens.
    type: str
    default: unix:///var/run/docker.sock
  timeout:
    description: Seconds within which dockerd has to start. An emulated machine may need some minutes.
    type: int
    default: 300
  state:
    description:
      - V(absent) restores the former configuration, and does nothing on a host without a record of it.
      - V(stopped) stops dockerd and its socket until V(present) starts them again, together with the
        containers that are not the lab's and ran before.
      - What ran before the first such stop is recorded, so that V(absent) starts it again as well.
    type: str
    choices: [present, stopped, absent]
    default: present
requirements:
  - "The Python library docker: 5.0.3 to 7.2.0 are tested"
"""

EXAMPLES = r"""
- name: Store Docker's networks in the lab's etcd
  emon.overlay_lab.docker_daemon:
    lab: emon
    settings:
      cluster-store: etcd://10.0.0.116:2379
      cluster-advertise: 10.0.0.116:2376
      cluster-store-opts:
        kv.cacertfile: /etc/overlay-lab/docker/ca.crt
        kv.certfile: /etc/overlay-lab/docker/client.crt
        kv.keyfile: /etc/overlay-lab/docker/client.key
    files:
      - path: /etc/overlay-lab/docker/client.key
        secret_content: "{{ client_key }}"
        mode: "0600"

- name: Stop dockerd while its store is replaced
  emon.overlay_lab.docker_daemon:
    lab: emon
    state: stopped

- name: Restore dockerd's configuration from before the lab
  emon.overlay_lab.docker_daemon:
    lab: emon
    state: absent
"""

RETURN = r"""
restarted:
  description: Whether dockerd was restarted or started, or would be in check mode.
  returned: success
  type: bool
version:
  description: The installed Docker's version; empty with O(state=absent) if there was nothing to do.
  returned: success
  type: str
  sample: 20.10.24
containers_restarted:
  description: Containers that are not the lab's and were started again. Empty in check mode.
  returned: success
  type: list
  elements: str
"""

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import main as run
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.unlogged import UnloggedModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._tasks.docker_daemon import TASK


def main() -> None:
    run(TASK, UnloggedModule)


if __name__ == "__main__":
    main()
