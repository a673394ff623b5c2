#!/usr/bin/python

# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: host_info
short_description: Read what a lab needs to know of a host, in one call
version_added: 0.1.0
author: The emon.overlay_lab authors (@emon)
description:
  - Reads installed and available versions, addresses and MTU, ports in use, containers, and the host's record of
    the lab it belongs to. A run decides by these before it changes anything.
  - With O(lock), takes the lab's lock in the same call, before it reads.
extends_documentation_fragment:
  - emon.overlay_lab.run
attributes:
  check_mode:
    support: full
    description: It only reads. The lock is read and not taken.
  diff_mode:
    support: none
    description: It only reads.
  idempotent:
    support: full
    description: It only reads. A lock is not configuration, so taking it is not a change.
options:
  etcd_package:
    description:
      - The package that would bring etcd where it is not installed.
      - Default is the distribution's.
    type: str
  docker_package:
    description:
      - The package that would bring Docker where it is not installed.
      - Default is the distribution's own, or C(docker-ce) where the host's package sources have that alone.
    type: str
  resolver_package:
    description:
      - The package that would bring dnsmasq where it is not installed.
      - Default is the distribution's, V(dnsmasq-base) or V(dnsmasq).
    type: str
  etcd_config:
    description:
      - etcd's configuration file. Its first line says which lab wrote it.
      - Default is the distribution's, C(/etc/default/etcd) or C(/etc/etcd/etcd.conf).
    type: path
  etcd_data_dir:
    description: The lab's etcd data directory. The ids in its log say which cluster's data it holds.
    type: path
    default: /var/lib/etcd/default.etcd
  archives:
    description:
      - By C(docker) and C(etcd), the C(version) and C(sha256) of the archive from which it is wanted instead of a
        package. RV(docker) and RV(etcd) then return that version as C(available), and no packages.
    type: dict
    default: {}
  lock:
    description:
      - The lab whose lock this run takes on the host, as M(emon.overlay_lab.lab_lock) does.
      - A lock that another run has does not fail this module. Judge RV(lock) of all hosts together.
    type: str
  break_lock:
    description: Take the lock, whichever run has it.
    type: bool
    default: false
seealso:
  - module: emon.overlay_lab.lab_lock
  - plugin: emon.overlay_lab.lock_faults
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Read facts of the host
  emon.overlay_lab.host_info:
  register: lab_host_info

- name: Read facts of the host, and lock it against other runs
  emon.overlay_lab.host_info:
    lock: emon
  register: lab_host_info
"""

RETURN = r"""
hostname:
  description: The host's name.
  type: str
  returned: success
os_family:
  description: Debian or RedHat; '' for another distribution.
  type: str
  returned: success
distribution:
  description: C(id), C(version) and C(name) as os-release(5) has them, and the C(family) as RV(os_family).
  type: dict
  returned: success
machine:
  description: For which machine programs have to be, as C(uname -m) calls it.
  type: str
  returned: success
python:
  description:
    - The C(path) and C(version) of the Python that runs modules here, and whether it is the one that packages of the
      C(distributions) are for.
  type: dict
  returned: success
machine_id:
  description: The host's own id, which does not change with its address or name.
  type: str
  returned: success
time:
  description: The host's clock, in seconds since the epoch.
  type: float
  returned: success
selinux:
  description:
    - The C(mode) of SELinux now, V(enforcing), V(permissive) or V(disabled), the name of its C(policy), and whether
      C(restorecon), which labels files, is here.
  type: dict
  returned: success
clock:
  description:
    - By how many seconds it is ahead of the controller's, at C(least) and at C(most), as the answer took a while.
  type: dict
  returned: success
kernel:
  description:
    - C(faults), one line for each module that a lab needs and the running kernel does not have; C(missing), the same of
      all modules that a lab may ask for, by their names.
  type: dict
  returned: success
record:
  description:
    - The lab, its UUID, machine id, site, engine, and the site that it is being moved to, as recorded; an empty
      string for each that is not.
  type: dict
  returned: success
index:
  description: The recorded place of the host in its lab, 0 if none was recorded.
  type: int
  returned: success
left_by:
  description:
    - The lab whose unit for the time after a boot is on a host that has no record of a lab, as where the record was
      lost; '' for none.
  type: str
  returned: success
broken:
  description: Whether something on it is broken on purpose, by M(emon.overlay_lab.fault).
  type: bool
  returned: success
links:
  description:
    - C(roots), the queues that somebody gave the host's interfaces, by interface, each as its kind and handle in tc(8);
      null where there is no tc. C(nft), whether that program is here, which drops packets. C(recorded), what
      M(emon.overlay_lab.underlay_links) made here, with C(lab),
      C(device), C(address), C(links), and what the kernel showed of it.
  type: dict
  returned: success
let_in:
  description: The addresses for which M(emon.overlay_lab.firewall_opening) opened the host's firewall.
  type: list
  elements: str
  returned: success
let_in_by:
  description: The lab by whose doing they are, '' where none are, or that is not known.
  type: str
  returned: success
etcd:
  description:
    - C(version) installed, else C(available), and C(packages), those that would bring it; C(unit) known to systemd,
      from the file C(unit_path), or C(masked), C(active),
      C(state) as systemd calls it, C(enabled), C(started) in seconds since the epoch; whether its C(user) is there;
      whether C(etcdctl) is there; whether it is C(ready) for
      clients, which needs a majority; the C(lab) that configured it; the SHA-256 fingerprints of the C(cas) that the
      lab put there, C(ca) and C(peer-ca), '' for none.
    - C(config), the variables of its configuration file; C(data) with C(path), whether data is C(present), and the
      C(member_id) and C(cluster_id) of the data, the C(lab) that it belongs to by the host's record, '' for none,
      whether these ids are recorded (C(claimed)), the lab expects its data there (C(awaited)), a member of the lab
      ran with data that is gone (C(lost)) or whose log cannot be read (C(damaged)), and any id was ever recorded
      (C(recorded)); whether it is C(outdated),
      started before its files were written, and C(outdated_ca), started before those of the CAs were written;
      C(elsewhere), other directories with a member's data that the unit
      or the configuration names; C(enabled_before), whether the unit started at boot before the lab configured etcd;
      C(kubernetes), whether Kubernetes runs an etcd of its own here; its C(proxies), as RV(docker) has them.
    - Its C(archive), as RV(docker) has it.
  type: dict
  returned: success
certificates:
  description:
    - The lab's certificates on the host, each with C(path), C(not_after) in seconds since the epoch, and C(sha256), its
      fingerprint. For a file that is not a certificate these are 0 and empty.
  type: list
  elements: dict
  returned: success
docker:
  description: >-
    The same for Docker, with its C(socket) unit, C(variants) that cannot serve a lab (C(snap), whether
    Docker is here as a snap; C(podman), those of its client and socket that are podman's; C(rootless), users that run
      a dockerd of their own), the cluster C(store) that it is configured with, '' for none, how daemon.json is
      C(damaged) where the lab wrote it, a line, '' for not at all, the C(proxies) that it asks through, as C(http),
      C(https) and C(no) for what it asks past them, without users and passwords, C(data) with
    C(path) and whether containers can be C(present) there, and C(holds_lab), whether dockerd does not run, and has
    containers or networks of the lab by the host's record. C(archive) is what
    M(emon.overlay_lab.program_set) has installed, C(lab), C(version) and C(sha256), '' where it has not, and
    whether it is C(whole); the C(path) of dockerd, whoever installed it; with the checksum of O(archives) as C(wanted),
    what is in its way as C(obstacles), and programs of the host that it starts and that are C(missing).
  type: dict
  returned: success
containerd:
  description:
    - containerd's unit, with C(unit), C(active), C(state), C(enabled), C(started), and C(package), which is
      C(containerd.io) where Docker's own package is installed, else ''.
  type: dict
  returned: success
resolver:
  description: As for Docker, for dnsmasq and the lab's own unit that runs it.
  type: dict
  returned: success
vxlan:
  description:
    - The lab's unit that creates the VXLANs again after a reboot, with C(unit), C(active), C(state), C(enabled),
      C(started).
    - C(links), all VXLANs of the host's own network namespace, each with C(name), C(vni), C(port) and its
      interface C(group) as C(ip) shows it.
  type: dict
  returned: success
python_libraries:
  description: Which of docker and pyroute2 the host's Python has.
  type: dict
  returned: success
python_packages:
  description:
    - The packages that would bring those that it has not, by library. None for a Python that is not the
      distribution's.
  type: dict
  returned: success
packages:
  description: C(faults), one line for each reason why no package can be installed now, or why it is not known.
  type: dict
  returned: success
busybox:
  description: C(fault), why no image can be made of this host's busybox, '' where one can.
  type: dict
  returned: success
room:
  description:
    - The file systems that a run writes to, each with a C(path) in it, where it is mounted (C(mount)),
      how much is C(free) in MB, and whether it is C(read_only).
  type: list
  elements: dict
  returned: success
archive_room:
  description: How many MB are free where archives are unpacked.
  type: int
  returned: success
addresses:
  description: Global addresses, each with C(interface), C(address), C(prefix) and C(mtu) in bytes.
  type: list
  elements: dict
  returned: success
default_route:
  description: Whether the host has a default route.
  type: bool
  returned: success
listening:
  description: Which of a lab's ports are in use, by C(tcp) and C(udp). 53 only if it is in use on all addresses.
  type: dict
  returned: success
held:
  description: All ports that somebody listens on, by C(tcp) and C(udp), each as its address and number.
  type: dict
  returned: success
containers:
  description:
    - All containers, each with C(name), C(running), the C(lab) that created it, '' for a foreign one, the names of its
      C(networks), and whether a running foreign one is C(passing), that is started with C(--rm).
  type: list
  elements: dict
  returned: success
networks:
  description:
    - Docker's networks, each with C(name), C(id) and the C(lab) that created it by the host's record, '' for a foreign
      one.
  type: list
  elements: dict
  returned: success
images:
  description: The names of dockerd's images with their tags and with their digests, and their ids.
  type: list
  elements: str
  returned: success
swarm:
  description: As RV(emon.overlay_lab.docker_swarm_info#module:swarm).
  type: dict
  returned: success
lock:
  description: As RV(emon.overlay_lab.lab_lock#module:lock). Free if O(lock) was not given.
  type: dict
  returned: success
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.module_utils._facts import host_info
from ansible_collections.emon.overlay_lab.plugins.module_utils._host import lab_lock, selinux


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "etcd_package": {"type": "str"},
            "docker_package": {"type": "str"},
            "resolver_package": {"type": "str"},
            "etcd_config": {"type": "path"},
            "etcd_data_dir": {"type": "path", "default": "/var/lib/etcd/default.etcd"},
            "archives": {"type": "dict", "default": {}},
            "lock": {"type": "str"},
            "break_lock": {"type": "bool", "default": False},
            **lab_lock.RUN_OPTIONS,
        },
        supports_check_mode=True,
    )
    packages = {name: module.params[f"{name}_package"] for name in ("etcd", "docker", "resolver")}
    try:
        # Before anything is read: what is read under the lock stays true.
        lock = lab_lock.take_for(module, module.params["lock"]) if module.params["lock"] else lab_lock.result()
        info = host_info.read(
            packages, module.params["etcd_config"], module.params["etcd_data_dir"], module.params["archives"]
        )
    except LabError as error:
        module.fail_json(msg=str(error), faults=error.faults)
    if info["selinux"]["mode"] == selinux.ENFORCING and not info["record"]["lab"]:
        module.warn(
            f"SELinux is enforcing on {info['hostname']}, and this collection was not tried with it: where something is"
            " denied to a service of the lab, `ausearch -m avc -ts recent` names it"
        )
    module.exit_json(changed=False, lock=lock, **info)


if __name__ == "__main__":
    main()
