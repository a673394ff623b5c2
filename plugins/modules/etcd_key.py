#!/usr/bin/python
# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: etcd_key
short_description: Write, read or remove keys of etcd
version_added: 0.1.0
author:
  - The emon.overlay_lab authors (@emon)
description:
  - Manages one key or many, of the v3 API or the v2 API. The two share no data. Docker's cluster store is in v2.
  - A value is written only if it differs, and reads go through quorum.
  - Values of the v3 API may be any bytes, up to what etcd takes (C(--max-request-bytes), 1.5 MiB).
attributes:
  check_mode:
    support: full
    description: Can run in check mode and return what would change without changing it.
  diff_mode:
    support: full
    description: A value that is long or no text is shown by its size and checksum.
  idempotent:
    support: full
    description: A second run changes nothing.
extends_documentation_fragment:
  - emon.overlay_lab.etcd
options:
  key:
    description:
      - The key. In the v2 API a path; the slash at its beginning may be left out.
    type: str
  value:
    description:
      - The value that the key should have, as text. May be empty.
    type: str
  value_base64:
    description:
      - The value as base64, for bytes that are no text.
    type: str
  entries:
    description:
      - Many keys in one call, instead of O(key).
    type: list
    elements: dict
    suboptions:
      key:
        description: As O(key).
        type: str
        required: true
      value:
        description: As O(value).
        type: str
      value_base64:
        description: As O(value_base64).
        type: str
  prefix:
    description:
      - In the v3 API, all keys that begin with O(key). Note that V(/docker) also begins V(/docker2).
      - In the v2 API, the directory O(key) and everything below.
    type: bool
    default: false
  api:
    description:
      - Which API. The v2 API has to be enabled in etcd 3.4 and 3.5, and does not exist in 3.6.
    type: str
    choices: [v3, v2]
    default: v3
  state:
    description:
      - V(present) writes the value, V(absent) removes the key, V(query) only reads.
      - Default is V(present) if a value is given, and V(query) otherwise.
    type: str
    choices: [present, absent, query]
  create_only:
    description:
      - Write only if the key is absent at that moment, and fail if it has another value. Of several tasks that try, one
        succeeds.
    type: bool
    default: false
  previous_value:
    description:
      - Write or remove only if this is the value at that moment, and fail otherwise.
    type: str
  previous_revision:
    description:
      - As O(previous_value), by RV(values[].mod_revision). Also detects a value that was changed and changed back.
    type: int
notes:
  - Ansible does not treat values in etcd as secrets. Set C(no_log=true) on the task for a secret value.
seealso:
  - module: emon.overlay_lab.etcd_info
"""

EXAMPLES = r"""
- name: "etcdctl set hello world"
  emon.overlay_lab.etcd_key:
    endpoints: [http://10.0.0.116:2379]
    key: hello
    value: world

- name: "etcdctl get hello"
  emon.overlay_lab.etcd_key:
    endpoints: [http://10.0.0.116:2379]
    key: hello
  register: hello

- name: Show the value
  ansible.builtin.debug:
    msg: "{{ hello['values'][0].value }}"  # not hello.values, which is a method of every dictionary

- name: "etcdctl ls /docker/nodes"
  emon.overlay_lab.etcd_key:
    endpoints: [http://10.0.0.116:2379]
    api: v2
    key: /docker/nodes

- name: Take a lock on one host alone
  emon.overlay_lab.etcd_key:
    endpoints: [http://10.0.0.116:2379]
    key: lock
    value: "{{ inventory_hostname }}"
    create_only: true

- name: Read the tree
  emon.overlay_lab.etcd_key:
    endpoints: [http://10.0.0.116:2379]
    api: v2
    key: /docker
    prefix: true
  register: tree

- name: Write the tree to another cluster, in one call
  emon.overlay_lab.etcd_key:
    endpoints: [http://10.0.0.118:2379]
    api: v2
    entries: "{{ tree['values'] | emon.overlay_lab.query('[?!dir].{key: key, value: value}') }}"

- name: Remove everything below the prefix
  emon.overlay_lab.etcd_key:
    endpoints: [http://10.0.0.116:2379]
    key: lab/emon/
    prefix: true
    state: absent
"""

RETURN = r"""
values:
  description:
    - The keys as they are afterwards, sorted; with O(state=absent) those that were removed. In check mode, as they
      would be.
    - A directory of the v2 API lists what is directly in it; with O(prefix=true) itself and everything below.
    - Write C(result['values']), because C(result.values) is a method.
  returned: always
  type: list
  elements: dict
  contains:
    key:
      description: The key. None if it is not text.
      type: str
    key_base64:
      description: The key as base64, if it is not text.
      type: str
    value:
      description: The value. None if it is not text, and for a directory.
      type: str
    value_base64:
      description: The value as base64, if it is not text.
      type: str
    dir:
      description: Whether it is a directory of the v2 API.
      type: bool
    mod_revision:
      description: The store's revision at the last write. None in check mode for a key that would be written.
      type: int
    create_revision:
      description: The store's revision when the key was created.
      type: int
    ttl:
      description: Seconds after which the v2 API removes it. None if it does not expire.
      type: int
  sample:
    - key: hello
      key_base64: null
      value: world
      value_base64: null
      dir: false
      mod_revision: 12
      create_revision: 12
      ttl: null
"""

from ansible_collections.emon.overlay_lab.plugins.module_utils._core.task import main as run
from ansible_collections.emon.overlay_lab.plugins.module_utils._tasks.etcd_key import TASK


def main() -> None:
    run(TASK)


if __name__ == "__main__":
    main()
