# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: query
short_description: Ask what a module returned with a JMESPath expression
version_added: 0.1.0
author: The emon.overlay_lab authors (@emon)
description:
  - Picks, filters and reshapes nested data with one expression, see U(https://jmespath.org).
  - For playbooks of your own; no role of this collection needs it.
positional: _input, expression
requirements:
  - jmespath, on the controller
options:
  _input:
    description: What to ask, for example the result of M(emon.overlay_lab.etcd_info).
    type: any
    required: true
  expression:
    description: The JMESPath expression.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: The members that are not healthy are shown
  ansible.builtin.debug:
    msg: "{{ etcd | emon.overlay_lab.query('members[?!healthy].{name: name, errors: errors}') }}"

- name: The address of container test1 is shown
  ansible.builtin.debug:
    msg: "{{ test1 | emon.overlay_lab.query('container.NetworkSettings.Networks.demo.IPAddress') }}"
"""

RETURN = r"""
_value:
  description: What the expression picked. None where it picked nothing.
  type: any
"""

import json
from typing import Any

from ansible.errors import AnsibleTemplatePluginError
from ansible.plugins.filter.core import to_json
from ansible_collections.emon.overlay_lab.plugins.module_utils._core import libraries

with libraries.declare("jmespath"):
    import jmespath


def query(data: Any, expression: str) -> Any:
    """``data``: anything of JSON's kinds. Raises AnsibleTemplatePluginError with one line."""
    lines = libraries.missing("jmespath")
    if lines:
        raise AnsibleTemplatePluginError(lines[0])
    if not isinstance(expression, str) or not expression.strip():
        raise AnsibleTemplatePluginError(f"query: the expression must be a text, not {expression!r}")
    try:
        # jmespath asks for the exact types of JSON, and Ansible's values are of types of its own that look like them.
        return jmespath.search(expression, json.loads(to_json(data)))
    except jmespath.exceptions.JMESPathError as error:
        reason = " ".join(str(error).split())
        raise AnsibleTemplatePluginError(f"query: {expression!r} cannot be evaluated: {reason}") from None


class FilterModule:
    def filters(self) -> dict:
        return {"query": query}
