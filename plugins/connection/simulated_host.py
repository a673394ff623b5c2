# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: simulated_host
short_description: Run tasks in a simulated host of this machine
version_added: 0.1.0
author: The emon.overlay_lab authors (@emon)
description:
  - Enters the namespaces of a simulated host that M(emon.overlay_lab.simulated_host) booted,
    and runs tasks there as root.
  - Needs root on the machine. Workers have no terminal to ask for a password, so run the playbook itself with sudo.
options:
  host:
    description: Name of the simulated host.
    type: str
    default: inventory_hostname
    vars:
      - name: inventory_hostname
      # For a delegated task inventory_hostname is the host that delegates; this is the host that it runs on.
      - name: ansible_host
  remote_user:
    description: Tasks run as root; the option is there because plays may set it.
    type: str
    default: root
    vars:
      - name: ansible_user
"""

import os
import subprocess
from typing import Any, BinaryIO

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.module_utils.common.text.converters import to_bytes
from ansible.plugins.connection import ConnectionBase
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._simulated.host import SimulatedHost


class Connection(ConnectionBase):
    """A connection is nsenter(1) with the id of the host's init, looked up in the host's record."""

    transport = "emon.overlay_lab.simulated_host"
    has_pipelining = True

    def _connect(self) -> Connection:
        if os.geteuid() != 0:
            raise AnsibleError("simulated hosts need root on this machine: run the playbook itself with sudo")
        self._connected = True
        return self

    def _run(self, command: list[str], source: bytes | BinaryIO = b"") -> tuple[int, bytes, bytes]:
        self._connect()
        try:
            entering = SimulatedHost(self.get_option("host")).enter(command)
        except LabError as error:
            raise AnsibleConnectionFailure(str(error)) from error
        # Not by programs.run: Ansible's payload and answer are bytes, and only the task knows how long it takes.
        given: dict[str, Any] = {"input": source} if isinstance(source, bytes) else {"stdin": source}
        done: subprocess.CompletedProcess[bytes] = subprocess.run(entering, capture_output=True, check=False, **given)
        return done.returncode, done.stdout, done.stderr

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        return self._run(["/bin/sh", "-c", cmd], in_data or b"")

    def put_file(self, in_path: str, out_path: str) -> None:
        super().put_file(in_path, out_path)
        try:
            # An image of containers has more than fits into memory.
            with open(to_bytes(in_path), "rb") as source:  # noqa: PTH123 -- a path of bytes
                code, _stdout, stderr = self._run(["dd", f"of={out_path}", "bs=64K", "status=none"], source)
        except OSError as error:
            raise AnsibleError(f"cannot read {in_path}: {error.strerror}") from error
        if code:
            raise AnsibleError(
                f"cannot write {out_path} on the simulated host: {stderr.decode(errors='replace').strip()}"
            )

    def fetch_file(self, in_path: str, out_path: str) -> None:
        super().fetch_file(in_path, out_path)
        code, stdout, stderr = self._run(["cat", in_path])
        if code:
            raise AnsibleError(
                f"cannot read {in_path} on the simulated host: {stderr.decode(errors='replace').strip()}"
            )
        with open(to_bytes(out_path), "wb") as target:  # noqa: PTH123 -- a path of bytes
            target.write(stdout)

    def close(self) -> None:
        self._connected = False
