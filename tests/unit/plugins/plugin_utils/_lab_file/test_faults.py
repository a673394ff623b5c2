# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# ruff: noqa: E501  # a fault is one line, so its expectation is one, too

"""Broken lab files, each with the exact lines that a person gets for it."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from ansible_collections.emon.overlay_lab.plugins.module_utils._core.errors import LabError
from ansible_collections.emon.overlay_lab.plugins.plugin_utils._lab_file.load import load

GOOD = """\
name: emon
sites:
  home: {subnet: 192.168.1.0/24}
  company: {subnet: 10.0.0.0/24}
hosts:
  emon: {addresses: {home: 192.168.1.116, company: 10.0.0.116}}
  emon2: {addresses: {home: 192.168.1.117, company: 10.0.0.117}}
engine: auto
etcd: {tls: true}
networks:
  - {name: demo, subnet: 10.200.0.0/24}
  - {name: back, subnet: 10.201.0.0/24}
containers:
  - {name: test1, host: emon, networks: [demo]}
  - {name: test2, host: emon2, networks: [demo, back]}
"""

# What is taken out of the good file, what is put in its place, and the faults that this makes. A case is a line.
# fmt: off
BROKEN = [
    # What the file says of the lab
    ("name: emon\n", "", ["name: missing; for example emon"]),
    ("name: emon\n", "name:\n", ["name: missing; for example emon"]),
    ("name: emon\n", "name: on\n", ['name: on is true to YAML: write "on"']),
    ("name: emon\n", "name: 1.10\n", ['name: 1.10 is the number 1.1 to YAML: write "1.10"']),
    ("name: emon\n", "name: 007\n", ['name: 007 is the number 7 to YAML: write "007"']),
    ("name: emon\n", "name: 2022-03-15\n", ['name: 2022-03-15 is a date to YAML: write "2022-03-15"']),
    ("name: emon\n", "name: [emon]\n", ["name: must be text, not a list"]),
    ("name: emon\n", "name: Emon_Lab\n", ["name: Emon_Lab cannot be a lab's name: use lower-case letters, digits and hyphens, a letter first and no hyphen last"]),
    ("name: emon\n", "name: '; rm -rf /'\n", ["name: ; rm -rf / cannot be a lab's name: use lower-case letters, digits and hyphens, a letter first and no hyphen last"]),
    ("name: emon\n", 'name: "a\\nb"\n', ["name: a\\nb cannot be a lab's name: use lower-case letters, digits and hyphens, a letter first and no hyphen last"]),
    ("name: emon\n", "name: emon\nname: emon2\n", ["name: given twice, in lines 1 and 2: remove one"]),
    ("name: emon\n", "name: !secret emon\n", ['name: emon is of the kind !secret to YAML: write "emon"']),
    ("name: emon\n", "name: !!bool x\n", ['name: x is of the kind !!bool to YAML: write "x"']),
    ("name: emon\n", "name: !!timestamp x\n", ['name: x is a date to YAML: write "x"']),
    ("etcd: {tls: true}", "etcd: {tls: !!bool x}", ["etcd.tls: must be true or false, not x"]),
    ("engine: auto", "engin: auto", ["engin: unknown key; did you mean engine?"]),
    ("engine: auto", "engine: docker", ["engine: docker is not one of auto, cluster_store, swarm, vxlan"]),
    ("engine: auto", "engine: off", ['engine: off is false to YAML: write "off"']),
    ("etcd: {tls: true}", 'etcd: {tls: "true"}', ['etcd.tls: must be true or false, not "true"']),
    ("etcd: {tls: true}", "etcd: {tls: maybe, tokn: x}", ["etcd.tokn: unknown key; did you mean token?", 'etcd.tls: must be true or false, not "maybe"']),
    ("etcd: {tls: true}", "etcd: true", ["etcd: must be a mapping, not true"]),
    ("etcd: {tls: true}", "etcd: {token: 'a b'}", ["etcd.token: a b cannot be etcd's token: use letters, digits, dots, underscores and hyphens"]),
    ("etcd: {tls: true}", "docker: {archive: docker-20.10.24.tgz}", ["docker.sha256: missing, and archive needs it; for example the 64 digits that sha256sum prints of the file"]),
    ("etcd: {tls: true}", "docker: {sha256: 000000000000000000000000000000000000000000000000000000000000000a}", ["docker.archive: missing, and sha256 needs it; for example docker-20.10.24.tgz"]),
    ("etcd: {tls: true}", "docker: {archive: docker-20.10.24.tgz, sha256: abc}", ["docker.sha256: abc cannot be a SHA-256 checksum: write its 64 hexadecimal digits"]),
    ("etcd: {tls: true}", "docker: {archive: https://x.org/docker.tgz, sha256: 000000000000000000000000000000000000000000000000000000000000000a}", ["docker.archive: docker.tgz does not tell its version as upstream's names do: give the file upstream's name, for example docker-20.10.24.tgz"]),
    ("etcd: {tls: true}", "docker: {archive: etcd-v3.5.9-linux-amd64.tar.gz, sha256: 000000000000000000000000000000000000000000000000000000000000000a}", ["docker.archive: etcd-v3.5.9-linux-amd64.tar.gz does not tell its version as upstream's names do: give the file upstream's name, for example docker-20.10.24.tgz"]),
    ("etcd: {tls: true}", "docker: {archive: 'file:///x/docker-20.10.24.tgz', sha256: 000000000000000000000000000000000000000000000000000000000000000a}", ["docker.archive: file:///x/docker-20.10.24.tgz is neither a path nor a URL with https:// or http://"]),
    ("etcd: {tls: true}", "docker: {archive: 'https://ann:x@x.org/docker-20.10.24.tgz', sha256: 000000000000000000000000000000000000000000000000000000000000000a}", ["docker.archive: holds a user's name or password, which a lab file must not: fetch the file, and write its path"]),
    ("etcd: {tls: true}", "etcd: {token: 12}", ['etcd.token: 12 is a number to YAML: write "12"']),
    ("etcd: {tls: true}", "docker: {tcp_api: 2375}", ["docker.tcp_api: must be true or false, not 2375"]),
    # Sites
    ("sites:", "places:", ["places: unknown key; known: name, sites, hosts, engine, etcd, docker, networks, containers, expect, underlay", "sites: missing; for example {home: {subnet: 192.168.1.0/24}}"]),
    ("sites:\n  home: {subnet: 192.168.1.0/24}\n  company: {subnet: 10.0.0.0/24}", "sites: {}", ["sites: the lab has no site; for example home: {subnet: 192.168.1.0/24}"]),
    ("sites:\n  home: {subnet: 192.168.1.0/24}\n  company: {subnet: 10.0.0.0/24}", "sites: [home]", ["sites: must be a mapping, not a list"]),
    ("{subnet: 192.168.1.0/24}", "192.168.1.0/24", ['sites.home: must be a mapping, not "192.168.1.0/24"']),
    ("{subnet: 192.168.1.0/24}", "{}", ["sites.home.subnet: missing; for example 10.0.0.0/24"]),
    ("{subnet: 192.168.1.0/24}", "", ["sites.home.subnet: missing; for example 10.0.0.0/24"]),
    ("{subnet: 192.168.1.0/24}", "{subnet: 192.168.1.0/24, mtu: 70000}", ["sites.home.mtu: 70000 is not between 1280 and 65535"]),
    ("{subnet: 192.168.1.0/24}", "{subnet: 192.168.1.0/24, underlay: {loss: 60%}}", ["sites.home.underlay.loss: 60% is not between 0% and 50%"]),
    ("engine: auto", "underlay: [{between: [emon]}]", ["underlay[0].between: a link is between two hosts: name two, such as [emon, emon2]"]),
    ("{subnet: 192.168.1.0/24}", "{subnet: 192.168.1.0/24, mtu: '1500'}", ['sites.home.mtu: must be a whole number, not "1500"']),
    ("{subnet: 192.168.1.0/24}", "{subnet: 192.168.1.0/24, mtu: 01500}", ["sites.home.mtu: 01500 is 832 to YAML: write the number you mean in plain decimal"]),
    ("{subnet: 192.168.1.0/24}", "{subnet: 192.168.1.0/24, mtu: big}", ['sites.home.mtu: must be a whole number, not "big"']),
    ("192.168.1.0/24", "192.168.1.5/24", ["sites.home.subnet: 192.168.1.5/24 has host bits set: write 192.168.1.0/24"]),
    ("192.168.1.0/24", "192.168.1.0", ["sites.home.subnet: 192.168.1.0 has no prefix length; write for example 192.168.1.0/24"]),
    ("192.168.1.0/24", "192.168.1.0/255.255.255.0", ["sites.home.subnet: 192.168.1.0/255.255.255.0 is not in prefix notation: write 192.168.1.0/24"]),
    ("192.168.1.0/24", "192.168.1.0/33", ["sites.home.subnet: 192.168.1.0/33 is not an IPv4 subnet; write for example 10.200.0.0/24"]),
    ("192.168.1.0/24", "fd00::/64", ["sites.home.subnet: fd00::/64 is not an IPv4 subnet; write for example 10.200.0.0/24"]),
    ("192.168.1.0/24", "169.254.0.0/16", ["sites.home.subnet: 169.254.0.0/16 is link-local: no host can have such an address"]),
    ("192.168.1.0/24", "192.168.1.116/31", ["sites.home.subnet: 192.168.1.116/31 is too small: at least a /30 has room for two hosts"]),
    ("192.168.1.0/24", "10.0.0.0/16", ["sites.company.subnet: 10.0.0.0/24 overlaps the site home (10.0.0.0/16): an address must identify the site", "hosts.emon.addresses.home: 192.168.1.116 is outside the subnet of the site home (10.0.0.0/16)", "hosts.emon2.addresses.home: 192.168.1.117 is outside the subnet of the site home (10.0.0.0/16)"]),
    ("  home: {subnet", "  Home: {subnet", ["sites.Home: Home cannot be a site's name: use lower-case letters, digits and hyphens, a letter first and no hyphen last", "hosts.emon.addresses.home: home is not a site of this lab; did you mean Home?", "hosts.emon.addresses: no address for the site Home", "hosts.emon2.addresses.home: home is not a site of this lab; did you mean Home?", "hosts.emon2.addresses: no address for the site Home"]),
    ("  home: {subnet", "  on: {subnet", ['sites: the key on is true to YAML: write "on"', "hosts.emon.addresses.home: home is not a site of this lab; known: company", "hosts.emon2.addresses.home: home is not a site of this lab; known: company"]),
    # Hosts
    ("hosts:", "host:", ["host: unknown key; did you mean hosts?", "hosts: missing; for example {emon: {addresses: {home: 192.168.1.116}}}"]),
    ("home: 192.168.1.117", "home: 10.0.0.300", ["hosts.emon2.addresses.home: 10.0.0.300 is not an IPv4 address"]),
    ("home: 192.168.1.117", "home: 192.168.1.117/24", ["hosts.emon2.addresses.home: 192.168.1.117/24 is not an IPv4 address"]),
    ("home: 192.168.1.117", "home: 192.168.2.117", ["hosts.emon2.addresses.home: 192.168.2.117 is outside the subnet of the site home (192.168.1.0/24)"]),
    ("home: 192.168.1.117", "home: 192.168.1.0", ["hosts.emon2.addresses.home: 192.168.1.0 is the network address of 192.168.1.0/24: no host can have it"]),
    ("home: 192.168.1.117", "home: 192.168.1.255", ["hosts.emon2.addresses.home: 192.168.1.255 is the broadcast address of 192.168.1.0/24: no host can have it"]),
    ("home: 192.168.1.117", "home: 192.168.1.116", ["hosts.emon2.addresses.home: 192.168.1.116 is given at hosts.emon.addresses.home as well: two hosts cannot share it"]),
    ("home: 192.168.1.117", "home: [192.168.1.117]", ["hosts.emon2.addresses.home: must be an IPv4 address, not a list"]),
    ("home: 192.168.1.117", "home:", ["hosts.emon2.addresses.home: must be an IPv4 address, not empty"]),
    ("home: 192.168.1.117, ", "", ["hosts.emon2.addresses: no address for the site home"]),
    ("home: 192.168.1.117", "hom: 192.168.1.117", ["hosts.emon2.addresses.hom: hom is not a site of this lab; did you mean home?", "hosts.emon2.addresses: no address for the site home"]),
    ("  emon2: {addresses: {home: 192.168.1.117, company: 10.0.0.117}}", "  emon2:", ["hosts.emon2.addresses: missing; for example {home: 192.168.1.116}"]),
    ("  emon2: {addresses: {home: 192.168.1.117, company: 10.0.0.117}}", "  emon2:\n    addresses:\n      home: 192.168.1.117\n      home: 192.168.1.118\n      company: 10.0.0.117\n    addresses: {}", ["hosts.emon2.addresses: given twice, in lines 8 and 12: remove one", "hosts.emon2.addresses.home: given twice, in lines 9 and 10: remove one"]),
    ("  emon2: {", "  emon: {", ["hosts.emon: given twice, in lines 6 and 7: remove one", "containers[1].host: emon2 is not a host of this lab; did you mean emon?"]),
    ("  emon2: {", "  emon_2: {", ["hosts.emon_2: emon_2 cannot be a host's name: use lower-case letters, digits and hyphens, a letter first and no hyphen last", "containers[1].host: emon2 is not a host of this lab; did you mean emon_2?"]),
    ("  emon2: {", "  2: {", ['hosts: the key 2 is a number to YAML: write "2"', "containers[1].host: emon2 is not a host of this lab; did you mean emon?"]),
    ("  emon2: {", "  localhost: {", ["hosts.localhost: localhost cannot be a host's name: it is the machine that runs Ansible; choose another", "containers[1].host: emon2 is not a host of this lab; did you mean emon?"]),
    ("  emon2: {", "  emon-underlay: {", ["hosts.emon-underlay: emon-underlay cannot be a host's name: it is the namespace of the lab's underlay; choose another", "containers[1].host: emon2 is not a host of this lab; did you mean emon?"]),
    ("  emon2: {", "  emon2: {etc: false, ", ["hosts.emon2.etc: unknown key; did you mean etcd?"]),
    ("  emon2: {", "  emon2: {etcd: none, ", ['hosts.emon2.etcd: must be true or false, not "none"']),
    ("  emon2: {", "  emon2: {index: 0, ", ["hosts.emon2.index: 0 is not 1 or more"]),
    ("  emon2: {", "  emon2: {index: first, ", ['hosts.emon2.index: must be a whole number, not "first"']),
    ("  emon2: {", "  emon2: {ansible: {user: bob, ansible_port: 2222}, ", ["hosts.emon2.ansible.user: not a variable that tells Ansible how to connect; for example ansible_user"]),
    ("  emon2: {", "  emon2: {ansible: {ansible_user: '{{ x }}', ansible_password: 2022-01-01}, ", ["hosts.emon2.ansible.ansible_user: holds a template, which Ansible does not render here; write the value", "hosts.emon2.ansible.ansible_password: is a date to YAML: write it in quotes"]),
    ("  emon2: {", "  emon2: {ansible: {ansible_ssh_executable: /tmp/ssh}, ", ["hosts.emon2.ansible.ansible_ssh_executable: is not accepted in a lab file, which must run nothing here: set it in host_vars/emon2.yml beside the inventory"]),
    ("  emon2: {", "  emon2: {ansible: {ansible_usr: ann}, ", ["hosts.emon2.ansible.ansible_usr: is not accepted in a lab file, which must run nothing here: set it in host_vars/emon2.yml beside the inventory, or did you mean ansible_user?"]),
    ("  emon2: {", "  emon2: {ansible: {ansible_connection: local}, ", ["hosts.emon2.ansible.ansible_connection: local is not one of ssh"]),
    ("  emon2: {", "  emon2: {ansible: {ansible_host: -oProxyCommand=id}, ", ["hosts.emon2.ansible.ansible_host: -oProxyCommand=id cannot be a machine's address: write a name or an IP address"]),
    ("  emon2: {", "  emon2: {ansible: {ansible_ssh_common_args: -o ProxyCommand=id}, ", ["hosts.emon2.ansible.ansible_ssh_common_args: ProxyCommand=id is not accepted in a lab file, where ssh gets -J JUMP and -o with AddressFamily, ConnectTimeout, HostKeyAlgorithms, HostKeyAlias, IdentitiesOnly, KexAlgorithms, ProxyJump, PubkeyAcceptedAlgorithms, ServerAliveCountMax, ServerAliveInterval alone: write it to ~/.ssh/config"]),
    ("  emon2: {", "  emon2: {ansible: {ansible_password: !vault x}, ", ["hosts.emon2.ansible.ansible_password: is encrypted by ansible-vault, which a lab file cannot hold: set it in host_vars/emon2.yml beside the inventory"]),
    ("  emon2: {", "  emon2: {ansible: !vault x, ", ["hosts.emon2.ansible: is encrypted by ansible-vault, which a lab file cannot hold: write it as it is; the secrets of a connection belong to host_vars beside the inventory"]),
    ("etcd: {tls: true}", "etcd: {token: !vault x}", ["etcd.token: is encrypted by ansible-vault, which a lab file cannot hold: write it as it is; the secrets of a connection belong to host_vars beside the inventory"]),
    ("  emon2: {", "  emon2: {ansible: root, ", ['hosts.emon2.ansible: must be a mapping, not "root"']),
    ("emon: {addresses: {home: 192.168.1.116, company: 10.0.0.116}}\n  emon2: {", "emon: {etcd: false, index: 7, addresses: {home: 192.168.1.116, company: 10.0.0.116}}\n  emon2: {etcd: false, index: 7, ", ["hosts.emon2.index: 7 is the index of emon as well: each host needs one of its own", "hosts: every host says etcd: false, so etcd has no member; remove that from one host, better from three"]),
    ("hosts:\n  emon: {addresses: {home: 192.168.1.116, company: 10.0.0.116}}\n  emon2: {addresses: {home: 192.168.1.117, company: 10.0.0.117}}\n", "hosts: {}\n", ["hosts: the lab has no host; for example emon: {addresses: {home: 192.168.1.116}}"]),
    ("hosts:\n  emon: {addresses: {home: 192.168.1.116, company: 10.0.0.116}}\n  emon2: {addresses: {home: 192.168.1.117, company: 10.0.0.117}}\n", "hosts: [emon]\n", ["hosts: must be a mapping, not a list"]),
    # Networks
    ("{name: demo, subnet: 10.200.0.0/24}", "{name: demo}", ["networks[0].subnet: missing; for example 10.200.0.0/24"]),
    ("{name: demo, subnet: 10.200.0.0/24}", "{subnet: 10.200.0.0/24}", ["networks[0].name: missing; for example demo"]),
    ("{name: demo, subnet: 10.200.0.0/24}", "demo", ['networks[0]: must be a mapping, not "demo"']),
    ("{name: demo, subnet", "{name: host, subnet", ["networks[0].name: host cannot be a network's name: Docker reserves that name; choose another", "containers[0].networks[0]: demo is not a network of this lab; known: host, back", "containers[1].networks[0]: demo is not a network of this lab; known: host, back"]),
    ("{name: demo, subnet", "{name: de mo, subnet", ["networks[0].name: de mo cannot be a network's name: use letters, digits, hyphens and underscores, a letter or digit first and last", "containers[0].networks[0]: demo is not a network of this lab; did you mean de mo?", "containers[1].networks[0]: demo is not a network of this lab; did you mean de mo?"]),
    ("{name: back, subnet", "{name: demo, subnet", ["networks[1].name: demo is the name of another network as well"]),
    ("10.200.0.0/24", "10.200.0.1/24", ["networks[0].subnet: 10.200.0.1/24 has host bits set: write 10.200.0.0/24"]),
    ("10.200.0.0/24", "10.201.0.0/16", ["networks[1].subnet: 10.201.0.0/24 overlaps the network demo (10.201.0.0/16): take another"]),
    ("10.200.0.0/24", "10.201.0.0/25", ["networks[1].subnet: 10.201.0.0/24 overlaps the network demo (10.201.0.0/25): take another"]),
    ("10.200.0.0/24", "10.0.0.0/8", ["networks[0].subnet: 10.0.0.0/8 overlaps the site company (10.0.0.0/24): take another, or set allow_overlap: true", "networks[1].subnet: 10.201.0.0/24 overlaps the network demo (10.0.0.0/8): take another"]),
    ("10.200.0.0/24", "172.17.5.0/24", ["networks[0].subnet: 172.17.5.0/24 overlaps docker0's default subnet (172.17.0.0/16): take another, or set allow_overlap: true"]),
    ("10.200.0.0/24", "172.18.0.0/24", ["networks[0].subnet: 172.18.0.0/24 overlaps docker_gwbridge's usual subnet (172.18.0.0/16): take another, or set allow_overlap: true"]),
    ("10.200.0.0/24", "8.8.8.0/24", ["networks[0].subnet: 8.8.8.0/24 is not private: take a part of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, or set allow_public: true"]),
    ("10.200.0.0/24", "8.8.8.0/24, allow_public: 1", ["networks[0].allow_public: must be true or false, not 1", "networks[0].subnet: 8.8.8.0/24 is not private: take a part of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, or set allow_public: true"]),
    ("10.200.0.0/24", "127.1.0.0/24, allow_public: true", ["networks[0].subnet: 127.1.0.0/24 is loopback: no container can have such an address"]),
    ("10.200.0.0/24", "10.200.0.0/30", ["networks[0].subnet: 10.200.0.0/30 is too small: take at least a /29"]),
    ("10.200.0.0/24", "10.200.0.0/24, mtu: 1500", ["networks[0].mtu: 1500 is too large: the smallest MTU of the sites less 50 for VXLAN is 1450"]),
    ("10.200.0.0/24", "10.200.0.0/24, encrypted: true, mtu: 1428", ["networks[0].mtu: 1428 is too large: the smallest MTU of the sites less 50 for VXLAN and 26 for encryption is 1424"]),
    ("10.200.0.0/24", "10.200.0.0/24, encrypted: true, mtu: 1422", ["networks[0].mtu: 1422 is no multiple of 4, as Docker sets it with encryption: take 1420"]),
    ("10.200.0.0/24", "10.200.0.0/24, mtu: 100", ["networks[0].mtu: 100 is not 576 or more"]),
    ("engine: auto\netcd: {tls: true}\nnetworks:\n  - {", "engine: cluster_store\nnetworks:\n  - {encrypted: true, ", ["networks[0].encrypted: the engine cluster_store has no keys to encrypt with: remove this, or choose the engine swarm"]),
    ("engine: auto\netcd: {tls: true}\nnetworks:\n  - {", "engine: vxlan\nnetworks:\n  - {encrypted: true, ", ["networks[0].encrypted: the engine vxlan does not encrypt: remove this, or choose the engine swarm"]),
    ("10.200.0.0/24", "10.200.0.0", ["networks[0].subnet: 10.200.0.0 has no prefix length; write for example 10.200.0.0/24"]),
    ("10.200.0.0/24", "10.200.0.0/24, encrypt: true", ["networks[0].encrypt: unknown key; did you mean encrypted?"]),
    ("10.200.0.0/24", "10.200.0.0/24, mtu: 9k", ['networks[0].mtu: must be a whole number, not "9k"']),
    ("networks:\n  - {name: demo, subnet: 10.200.0.0/24}\n  - {name: back, subnet: 10.201.0.0/24}\n", "networks: none\n", ['networks: must be a list, not "none"']),
    ("networks:\n  - {name: demo, subnet: 10.200.0.0/24}\n  - {name: back, subnet: 10.201.0.0/24}\n", "", ["containers[0].networks[0]: demo is not a network of this lab; there is none", "containers[1].networks[0]: demo is not a network of this lab; there is none", "containers[1].networks[1]: back is not a network of this lab; there is none"]),
    # Containers
    ("name: test1", "name: t", ["containers[0].name: t cannot be a container's name: use two or more letters, digits, underscores, dots and hyphens, a letter or digit first"]),
    ("name: test1", "name: -test1", ["containers[0].name: -test1 cannot be a container's name: use two or more letters, digits, underscores, dots and hyphens, a letter or digit first"]),
    ("name: test1", "name: 'te/st'", ["containers[0].name: te/st cannot be a container's name: use two or more letters, digits, underscores, dots and hyphens, a letter or digit first"]),
    ("name: test1", "name: test2", ["containers[1].name: test2 is given at containers[0].name as well: names are valid on all hosts, and case does not matter"]),
    ("name: test2", "name: Test1", ["containers[1].name: Test1 is given at containers[0].name as well: names are valid on all hosts, and case does not matter"]),
    ("name: test1", "name: 10.0.0.1", ["containers[0].name: 10.0.0.1 cannot be a container's name: it is an address, and these are not looked up by name"]),
    ("name: test1", "name: localhost", ["containers[0].name: localhost cannot be a container's name: in every container it means the container itself; choose another"]),
    ("host: emon,", "host: emon3,", ["containers[0].host: emon3 is not a host of this lab; did you mean emon?"]),
    ("host: emon,", "", ["containers[0].host: missing; for example emon"]),
    ("networks: [demo]}", "networks: [dmo]}", ["containers[0].networks[0]: dmo is not a network of this lab; did you mean demo?"]),
    ("networks: [demo]}", "networks: []}", ["containers[0].networks: no network named: a container of the lab is in at least one"]),
    ("networks: [demo]}", "networks: demo}", ['containers[0].networks: must be a list, not "demo"']),
    ("networks: [demo]}", "networks: [demo, demo]}", ["containers[0].networks[1]: the container is in demo already: remove this one"]),
    ("networks: [demo]}", "networks: [{name: demo, ip: 10.200.0.9}]}", ["containers[0].networks[0].ip: unknown key; known: name, ipv4_address, aliases"]),
    ("networks: [demo]}", "networks: [{name: demo, ipv4_address: 10.201.0.9}]}", ["containers[0].networks[0].ipv4_address: 10.201.0.9 is outside the network demo (10.200.0.0/24)"]),
    ("networks: [demo]}", "networks: [{name: demo, ipv4_address: 10.200.0.1}]}", ["containers[0].networks[0].ipv4_address: 10.200.0.1 is the gateway of the network demo: take another"]),
    ("networks: [demo]}", "networks: [{name: demo, ipv4_address: 10.200.0.0}]}", ["containers[0].networks[0].ipv4_address: 10.200.0.0 is the network address of 10.200.0.0/24: no container can have it"]),
    ("networks: [demo]}", "networks: [{name: demo, ipv4_address: 10.200.0.255}]}", ["containers[0].networks[0].ipv4_address: 10.200.0.255 is the broadcast address of 10.200.0.0/24: no container can have it"]),
    ("networks: [demo]}", "networks: [{name: demo, ipv4_address: ten}]}", ["containers[0].networks[0].ipv4_address: ten is not an IPv4 address"]),
    ("networks: [demo]}", "networks: [{name: demo, aliases: [test2]}]}", ["containers[0].networks[0].aliases[0]: test2 is the name of another container in demo: choose another"]),
    ("networks: [demo]}", "networks: [{name: demo, aliases: web}]}", ['containers[0].networks[0].aliases: must be a list, not "web"']),
    ("networks: [demo]}", "networks: [{name: demo, aliases: ['a b']}]}", ["containers[0].networks[0].aliases[0]: a b cannot be an alias: use letters, digits, underscores, dots and hyphens, a letter or digit first"]),
    ("networks: [demo]}", "networks: [{ipv4_address: 10.200.0.9}]}", ["containers[0].networks[0].name: missing; for example demo"]),
    ("networks: [demo]}", "networks: [[demo]]}", ["containers[0].networks[0]: must be text, not a list"]),
    ("networks: [demo]}\n  - {name: test2, host: emon2, networks: [demo, back]}", "networks: [{name: demo, ipv4_address: 10.200.0.9}]}\n  - {name: test2, host: emon2, networks: [{name: demo, ipv4_address: 10.200.0.9}]}", ["containers[1].networks[0].ipv4_address: 10.200.0.9 is given at containers[0].networks[0].ipv4_address as well: two containers cannot share it"]),
    ("networks: [demo]}", "networks: [demo], image: Busy Box}", ["containers[0].image: Busy Box cannot be an image's name: write for example busybox or registry.example:5000/team/app:1.2"]),
    ("networks: [demo]}", 'networks: [demo], environment: {A: b}}', ['containers[0].environment: unknown key; here it is env']),
    ("networks: [demo]}", 'networks: [demo], ports: ["80"]}', ['containers[0].ports: unknown key; here it is published_ports']),
    ("networks: [demo]}", 'networks: [demo], volume: [x]}', ['containers[0].volume: unknown key; did you mean volumes?']),
    ("networks: [demo]}", 'networks: [demo], env: {9X: b}}', ['containers[0].env.9X: 9X cannot be the name of a variable: use letters, digits and underscores, a letter or underscore first']),
    ("networks: [demo]}", 'networks: [demo], env: {A: on}}', ['containers[0].env.A: on is true to YAML: write "on"']),
    ("networks: [demo]}", 'networks: [demo], env: {A: }}', ['containers[0].env.A: must be text or a number, not empty']),
    ("networks: [demo]}", 'networks: [demo], env: [A]}', ['containers[0].env[0]: A cannot be a variable: write NAME=VALUE']),
    ("networks: [demo]}", 'networks: [demo], env: [A=1, A=2]}', ['containers[0].env[1]: A is given already: remove one']),
    ("networks: [demo]}", 'networks: [demo], env_file: /etc/shadow}', ["containers[0].env_file: /etc/shadow cannot be a file of variables: write its path from the lab file's folder, and in it or below"]),
    ("networks: [demo]}", 'networks: [demo], env_file: [../x.env]}', ["containers[0].env_file[0]: ../x.env cannot be a file of variables: write its path from the lab file's folder, and in it or below"]),
    ("networks: [demo]}", 'networks: [demo], volumes: [./data:/data]}', ['containers[0].volumes[0]: ./data:/data cannot be a volume: write NAME:/path/inside or /path/on/the/host:/path/inside, with :ro at the end for reading alone']),
    ("networks: [demo]}", 'networks: [demo], volumes: ["data:/x:ro,rw"]}', ['containers[0].volumes[0]: data:/x:ro,rw cannot be a volume: write NAME:/path/inside or /path/on/the/host:/path/inside, with :ro at the end for reading alone']),
    ("networks: [demo]}", 'networks: [demo], memory: 999999999999999g}', ['containers[0].memory: 999999999999999g is more than Docker can count (9223372036854775807 bytes): write less']),
    ("networks: [demo]}", 'networks: [demo], cpus: 010}', ['containers[0].cpus: 010 is 8 to YAML: write the number you mean in plain decimal']),
    ("networks: [demo]}", 'networks: [demo], cpus: 0.12345678901}', ['containers[0].cpus: 0.12345678901 is no number of processors, 0.01 at least: write how many processors, such as 0.5 or 2, with nine decimals at most']),
    ("networks: [demo]}", 'networks: [demo], healthcheck: {test: []}}', ["containers[0].healthcheck: test [] is no check: write a command as text, or a list that begins with CMD or CMD-SHELL"]),
    ("networks: [demo]}", 'networks: [demo], published_ports: ["80:80", "[::]:80:82"]}', ['containers[0].published_ports: port 80/tcp of the host is given twice']),
    ("name: test1", "name: test1-former", ["containers[0].name: test1-former ends in -former, which marks a container that is being replaced: choose another name"]),
    ("etcd: {tls: true}", "docker: {archive: 'https://[foo/docker-20.10.24.tgz', sha256: 000000000000000000000000000000000000000000000000000000000000000a}", ["docker.archive: https://[foo/docker-20.10.24.tgz is no URL: Invalid IPv6 URL"]),
    ("networks: [demo]}", 'networks: [demo], volumes: [data:/x, srv:/x]}', ['containers[0].volumes: srv:/x: data is mounted at /x already: remove one']),
    ("networks: [demo]}", 'networks: [demo], published_ports: [8080]}', ['containers[0].published_ports[0]: 8080 is a number to YAML: write "8080"']),
    ("networks: [demo]}", 'networks: [demo], published_ports: [80:22]}', ['containers[0].published_ports[0]: 80:22 is the number 4822 to YAML: write "80:22"']),
    ("networks: [demo]}", 'networks: [demo], published_ports: ["1-2000:1-2000"]}', ['containers[0].published_ports: 1-2000:1-2000: these are more than 256 ports: Docker keeps a process for each']),
    ("networks: [demo]}", 'networks: [demo], published_ports: ["70000:80"]}', ['containers[0].published_ports: 70000:80: ports are 1 to 65535, the lower one first']),
    ("networks: [demo]}", 'networks: [demo], restart_policy: no}', ['containers[0].restart_policy: no is false to YAML: write "no"']),
    ("networks: [demo]}", 'networks: [demo], user: 1000}', ['containers[0].user: 1000 is a number to YAML: write "1000"']),
    ("networks: [demo]}", 'networks: [demo], cap_add: [NET_ADMI]}', ['containers[0].cap_add[0]: NET_ADMI is no capability: did you mean NET_ADMIN?']),
    ("networks: [demo]}", 'networks: [demo], sysctls: {vm.swappiness: 1}}', ['containers[0].sysctls.vm.swappiness: vm.swappiness cannot be a kernel parameter of a container: Docker takes those below net and fs.mqueue, and kernel.msg*, kernel.sem and kernel.shm*']),
    ("networks: [demo]}", 'networks: [demo], memory: 64}', ['containers[0].memory: 64 is a number to YAML: write "64"']),
    ("networks: [demo]}", 'networks: [demo], memory: 1m}', ['containers[0].memory: 1m is too little: Docker wants 6m at least']),
    ("networks: [demo]}", 'networks: [demo], cpus: 0}', ['containers[0].cpus: 0 is not between 0.01 and 4096']),
    ("networks: [demo]}", 'networks: [demo], cpus: "1"}', ['containers[0].cpus: must be a number, not "1"']),
    ("networks: [demo]}", 'networks: [demo], cpus: 1.0e+1}', ['containers[0].cpus: 1.0e+1 is 10.0 to YAML: write the number you mean in plain decimal']),
    ("networks: [demo]}", 'networks: [demo], healthcheck: {interval: 1s}}', ['containers[0].healthcheck.test: missing; for example "wget -q -O /dev/null http://localhost/"']),
    ("networks: [demo]}", 'networks: [demo], healthcheck: {test: [a, b]}}', ["containers[0].healthcheck: test ['a', 'b'] is no check: write a command as text, or a list that begins with CMD or CMD-SHELL"]),
    ("networks: [demo]}", 'networks: [demo], healthcheck: {test: a, interval: 5}}', ['containers[0].healthcheck.interval: 5 is a number to YAML: write "5"']),
    ("networks: [demo]}", 'networks: [demo], healthcheck: {disable: true, retries: 2}}', ['containers[0].healthcheck.retries: has no meaning with disable: true: remove it']),
    ("networks: [demo]}", 'networks: [demo], labels: {emon.overlay_lab.lab: x}}', ["containers[0].labels.emon.overlay_lab.lab: emon.overlay_lab.lab cannot be a label: use letters, digits, dots, underscores, slashes and hyphens; what begins with emon.overlay_lab is the lab's own"]),
    ("networks: [demo]}", 'networks: [demo], depends_on: [test2]}', ['containers[0].depends_on[0]: test2 is not a container on emon; there is none']),
    ("networks: [demo]}", 'networks: [demo], depends_on: [test1]}', ['containers[0].depends_on[0]: a container cannot wait for itself: remove it']),
    ("networks: [demo]}", 'networks: [demo], depends_on: {test1: {condition: healthy}}}', ['containers[0].depends_on.test1.condition: healthy is not one of service_started, service_healthy', 'containers[0].depends_on.test1: a container cannot wait for itself: remove it']),
    ("networks: [demo]}", 'networks: [demo], hosts: all}', ['containers[0].hosts: host is given as well: remove one']),
    ("host: emon, networks: [demo]}", "networks: [demo]}", ["containers[0].host: missing; for example emon"]),
    ("host: emon, networks: [demo]}", "hosts: al, networks: [demo]}", ["containers[0].hosts: al is not one of all"]),
    ("host: emon, networks: [demo]}", "hosts: [], networks: [demo]}", ["containers[0].hosts: no host named: name one, or write all"]),
    ("host: emon, networks: [demo]}", "hosts: [emon, emon], networks: [demo]}", ["containers[0].hosts[1]: emon is given already: remove one"]),
    ("host: emon, networks: [demo]}", "hosts: all, networks: [{name: demo, ipv4_address: 10.200.0.9}]}", ["containers[0].networks[0].ipv4_address: one address cannot be that of a container on each host: remove it"]),
    ("name: test2, host: emon2", "name: test1-emon, host: emon2, networks: [demo]}\n  - {name: test1, hosts: [emon]", ["containers[2].name: test1-emon is given at containers[1].name as well: names are valid on all hosts, and case does not matter"]),
    ("name: test2, host: emon2", 'name: test2, host: emon, published_ports: ["80:80"], networks: [demo]}\n  - {name: test3, host: emon, published_ports: ["127.0.0.1:80:8"]', ["containers[2].published_ports: port 80/tcp of emon is in use by container test2: publish another"]),
    ("name: test2, host: emon2", "name: a1, host: emon, depends_on: [b1], networks: [demo]}\n  - {name: b1, host: emon, depends_on: [a1]", ["containers[1].depends_on[0]: a1 waits for b1 waits for a1: none of them could start first"]),
    ("networks: [demo]}", "networks: [demo], command: [sleep, 3600]}", ['containers[0].command[1]: 3600 is a number to YAML: write "3600"']),
    ("networks: [demo]}", "networks: [demo], command: \"sh -c 'x\"}", ["containers[0].command: sh -c 'x has a quote that does not end; a list of words needs none"]),
    ("networks: [demo]}", "networks: [demo], comand: x}", ["containers[0].comand: unknown key; did you mean command?"]),
    # Replicas
    ("host: emon, networks: [demo]}", "host: emon, replicas: 0, networks: [demo]}", ["containers[0].replicas: 0 is not between 1 and 1000"]),
    ("host: emon, networks: [demo]}", "hosts: all, replicas: two, networks: [demo]}", ['containers[0].replicas: must be a whole number, not "two"']),
    ("host: emon, networks: [demo]}", "hosts: [emon, emon9], host: emon, replicas: 3, networks: [demo]}", ["containers[0].hosts: host is given as well: remove one", "containers[0].hosts[1]: emon9 is not a host of this lab; did you mean emon?"]),
    ("host: emon, networks: [demo]}", "replicas: 2, networks: [demo]}", ["containers[0].host: missing; for example emon"]),
    ("host: emon, networks: [demo]}", "hosts: all, replicas: 3, networks: [{name: demo, ipv4_address: 10.200.0.9}]}", ["containers[0].networks[0].ipv4_address: one address cannot be that of 3 replicas: remove it"]),
    ("test1, host: emon, networks: [demo]}", "test2, hosts: all, replicas: 3, networks: [demo]}", ["containers[1].name: test2 is given at containers[0].name as well: names are valid on all hosts, and case does not matter"]),
    ("test2, host: emon2", "test2, host: emon, networks: [demo]}\n  - {name: Test2, hosts: all, replicas: 3", ["containers[2].name: Test2 is given at containers[1].name as well: names are valid on all hosts, and case does not matter"]),
    ("test1, host: emon, networks: [demo]}", "test2-3, host: emon, networks: [demo]}\n  - {name: test2, hosts: all, replicas: 3, networks: [demo]}\n  - {name: test3, host: emon, networks: [{name: demo, aliases: [test2-1]}]}", ["containers[1].name: test2-3 is given at containers[0].name as well: names are valid on all hosts, and case does not matter", "containers[3].name: test2 is given at containers[1].name as well: names are valid on all hosts, and case does not matter", "containers[2].networks[0].aliases[0]: test2-1 is the name of another container in demo: choose another"]),
    ("test1, host: emon, networks: [demo]}", "x" * 62 + ", hosts: all, replicas: 3, networks: [demo]}", ["containers[0].name: " + "x" * 57 + "... has 64 characters with its number, at most 63"]),
    ("host: emon, networks: [demo]}", 'hosts: all, replicas: 5, published_ports: ["80", "8080:80"], networks: [demo]}', ["containers[0].published_ports: port 8080/tcp of emon is wanted by test1-1 and test1-3: take no more replicas than hosts, or publish 80 alone, and Docker chooses"]),
    ("host: emon, networks: [demo]}", 'hosts: all, replicas: 2, published_ports: ["8080:80"], networks: [demo]}\n  - {name: test3, host: emon2, published_ports: ["8080:80"], networks: [demo]}', ["containers[1].published_ports: port 8080/tcp of emon2 is in use by container test1-2: publish another"]),
    ("host: emon, networks: [demo]}", "hosts: all, replicas: 4, depends_on: [store], networks: [demo]}", ["containers[0].depends_on[0]: store is not a container on emon; known: test1-3", "containers[0].depends_on[0]: store is not a container on emon2; known: test1-4, test2"]),
    ("host: emon, networks: [demo]}", "host: emon, replicas: 3, depends_on: [test1-2], networks: [demo]}", ["containers[0].depends_on[0]: a container cannot wait for itself: remove it"]),
    ("host: emon, networks: [demo]}", "host: emon, replicas: 3, depends_on: [b1, b1-2], networks: [demo]}\n  - {name: b1, host: emon, replicas: 2, networks: [demo]}", ["containers[0].depends_on[1]: b1-2 is given already: remove one"]),
    ("host: emon, networks: [demo]}", "host: emon, replicas: 9, depends_on: [b1], networks: [demo]}\n  - {name: b1, host: emon, depends_on: [test1], networks: [demo]}", ["containers[0].depends_on[0]: test1-1 waits for b1 waits for test1-1: none of them could start first"]),
    ("host: emon, networks: [demo]}", "host: emon, networks: [demo]}\n  - {name: test1, host: emon, depends_on: [b1], networks: [demo]}\n  - {name: b1, host: emon, depends_on: [test1], networks: [demo]}", ["containers[1].name: test1 is given at containers[0].name as well: names are valid on all hosts, and case does not matter", "containers[1].depends_on[0]: test1 waits for b1 waits for test1: none of them could start first"]),
    ("host: emon, networks: [demo]}\n  - {name: test2, host: emon2, networks: [demo, back]}\n", "hosts: all, replicas: 3, networks: [demo]}\nexpect: [{from: test1, to: test1}, {from: test1-3, to: test1}]\n", ["expect[0].from: test1 has replicas, which ask one by one: name one, such as test1-1"]),
    # What it expects
    ("[demo, back]}\n", '[demo, back]}\nexpect:\n  - {to: test2}\n', ['expect[0].from: missing; for example test1']),
    ("[demo, back]}\n", '[demo, back]}\nexpect:\n  - {from: test1}\n', ['expect[0].to: missing; for example "test2:80"']),
    ("[demo, back]}\n", '[demo, back]}\nexpect:\n  - {from: test3, to: test2}\n', ['expect[0].from: test3 is not a container of this lab; did you mean test2?']),
    ("[demo, back]}\n", '[demo, back]}\nexpect:\n  - {from: test1, to: "http://store"}\n', ['expect[0].to: http://store is no target; write a name or an IPv4 address, and a TCP port after a colon']),
    ("[demo, back]}\n", '[demo, back]}\nexpect:\n  - {from: test1, to: "store:http"}\n', ['expect[0].to: store:http is no target; write a name or an IPv4 address, and a TCP port after a colon']),
    ("[demo, back]}\n", '[demo, back]}\nexpect:\n  - {from: test1, to: "store:99999"}\n', ['expect[0].to: 99999 is no TCP port: write 1 to 65535']),
    ("[demo, back]}\n", '[demo, back]}\nexpect:\n  - {from: test1, to: "store:0"}\n', ['expect[0].to: 0 is no TCP port: write 1 to 65535']),
    ("[demo, back]}\n", '[demo, back]}\nexpect:\n  - {from: test1, to: 10.200.0.300}\n', ['expect[0].to: 10.200.0.300 is no IPv4 address']),
    ("[demo, back]}\n", '[demo, back]}\nexpect:\n  - {from: test1, to: 80}\n', ['expect[0].to: 80 is a number to YAML: write "80"']),
    ("[demo, back]}\n", '[demo, back]}\nexpect:\n  - {from: test1, to: store, result: closed}\n', ['expect[0].result: closed is not one of open, refused, none']),
    ("[demo, back]}\n", '[demo, back]}\nexpect:\n  - {from: test1, to: store, result: refused}\n', ['expect[0].result: refused is the answer of a TCP port: write to: "store:PORT"']),
    ("[demo, back]}\n", '[demo, back]}\nexpect:\n  - {from: test1, to: store, result: none, within: 5}\n', ['expect[0].within: is for result: open; what is none is not waited for: remove it']),
    ("[demo, back]}\n", '[demo, back]}\nexpect:\n  - {from: test1, to: store, within: 0}\n', ['expect[0].within: 0 is not between 1 and 120']),
    ("[demo, back]}\n", '[demo, back]}\nexpect:\n  - {from: test1, to: store, with: 5}\n', ['expect[0].with: unknown key; did you mean within?']),
]
# fmt: on

# Texts that are no lab file at all.
# A file that doubles, or more, with each line; nine of ten aliases are a thousand million values.
ALIASES = "a0: &a0 {x: y}\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10))
MERGES = "a0: &a0 {x: y}\n" + "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 10)}]}}\n" for n in range(1, 10))

NO_LAB = [
    ("", "the file is empty"),
    ("null", "the file is empty"),
    ("# only a comment\n", "the file is empty"),
    ("- a\n", "the file must be a mapping, not a list"),
    ("lab", 'the file must be a mapping, not "lab"'),
    ("a: b: c\n", "line 1, column 5: not YAML: mapping values are not allowed here"),
    ("a:\n\t- b\n", "line 2, column 1: not YAML: found character '\\t' that cannot start any token"),
    (
        "a: 1\nb: 'x\n",
        "line 3, column 1: not YAML: found unexpected end of stream (while scanning a quoted scalar, from line 2)",
    ),
    ("a: *b\n", "line 1, column 4: not YAML: found undefined alias 'b'"),
    ("a: \x07\n", "line 1, column 4: not YAML: the character U+0007 is not allowed here"),
    (
        "a: 1\n---\nb: 1\n",
        "line 2, column 1: not YAML: found another document (expected a single document in the stream, from line 1)",
    ),
    ("name: &a {<<: *a}\nsites: *a", "an anchor refers to itself, or the file is nested too deeply"),
    ("[" * 2000, "the file is nested too deeply"),
    (
        "$ANSIBLE_VAULT;1.1;AES256\n3338\n",
        "the file is encrypted by ansible-vault: decrypt it, and keep what is secret in host_vars beside the inventory",
    ),
    ("#" * 300_000, "the file is larger than 256 KiB: it is not a lab file, or split it"),
    (
        ALIASES,
        "the file has more than 50000 values, or 1048576 characters, with its aliases written out: use fewer aliases, or split the lab",
    ),
    (
        MERGES,
        "the file has more than 50000 values, or 1048576 characters, with its aliases written out: use fewer aliases, or split the lab",
    ),
    (
        f"a: &a {'x' * 100_000}\nb: [{'*a, ' * 20}]\n",
        "the file has more than 50000 values, or 1048576 characters, with its aliases written out: use fewer aliases, or split the lab",
    ),
    ("sites: {" + ", ".join(f"s{n}: {{}}" for n in range(101)) + "}", "sites: 101 are too many: a lab has at most 100"),
]

TEN_FAULTS = """\
name: on
sites:
  home: {subnet: 192.168.1.5/24}
  company: {subnet: 10.0.0.0/24, mtus: 9000}
hosts:
  emon: {addresses: {home: 192.168.1.116, company: 10.0.0.116}}
  emon2: {addresses: {home: 192.168.1.117, company: 10.0.0.300}}
  emon2: {addresses: {home: 192.168.1.118, company: 10.0.0.118}}
engine: dockerd
etcd: {tls: "no"}
networks:
  - {name: demo, subnet: 10.0.0.0/24, mtu: 1500}
containers:
  - {name: test1, host: emon3, networks: [demo]}
"""


def faults_of(text: str) -> list[str]:
    with pytest.raises(LabError) as caught:
        load(text)
    return caught.value.faults


def faults_or_none(text: str) -> list[str]:
    try:
        load(text)
    except LabError as error:
        return error.faults
    return []


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) >= 1, f"the good file does not hold {old!r}"
    return GOOD.replace(old, new, 1)


def test_the_good_file_is_good():
    assert load(GOOD).name == "emon"


@pytest.mark.parametrize(("old", "new", "faults"), BROKEN)
def test_a_broken_file_gives_all_its_faults(old, new, faults):
    assert faults_of(changed(old, new)) == faults


@pytest.mark.parametrize(("text", "fault"), NO_LAB)
def test_text_that_is_no_lab(text, fault):
    assert faults_of(text) == [fault]


def test_ten_faults_are_ten_lines():
    assert faults_of(TEN_FAULTS) == [
        'name: on is true to YAML: write "on"',
        "sites.home.subnet: 192.168.1.5/24 has host bits set: write 192.168.1.0/24",
        "sites.company.mtus: unknown key; did you mean mtu?",
        "hosts.emon2: given twice, in lines 7 and 8: remove one",
        "hosts.emon2.addresses.company: 10.0.0.300 is not an IPv4 address",
        "engine: dockerd is not one of auto, cluster_store, swarm, vxlan",
        'etcd.tls: must be true or false, not "no"',
        "networks[0].mtu: 1500 is too large: the smallest MTU of the sites less 50 for VXLAN is 1450",
        "networks[0].subnet: 10.0.0.0/24 overlaps the site company (10.0.0.0/24): take another, or set allow_overlap: true",
        "containers[0].host: emon3 is not a host of this lab; did you mean emon?",
    ]


def test_a_fault_stays_one_line_and_short_whatever_the_value():
    (fault,) = faults_of(changed("name: emon", 'name: "a\\nb' + "c" * 500 + '"'))
    assert "\n" not in fault
    assert len(fault) < 200


def test_a_lab_name_leaves_room_for_the_name_of_its_underlay():
    load(changed("name: emon", f"name: {'x' * 54}"))
    assert faults_of(changed("name: emon", f"name: {'x' * 55}")) == [
        f"name: {'x' * 55} cannot be a lab's name: 55 characters, at most 54"
    ]


@pytest.mark.parametrize(
    ("engine", "reason"),
    [
        ("cluster_store", "the engine cluster_store has no keys to encrypt with"),
        ("vxlan", "the engine vxlan does not encrypt"),
    ],
)
def test_engines_that_do_not_encrypt_say_so(engine, reason):
    text = changed("engine: auto", f"engine: {engine}").replace("10.200.0.0/24", "10.200.0.0/24, encrypted: true")
    assert faults_of(text) == [f"networks[0].encrypted: {reason}: remove this, or choose the engine swarm"]


@pytest.mark.parametrize(
    ("engine", "fits", "of_hosts"),
    [("cluster_store", 5, ""), ("auto", 3, " and an address for each of 2 hosts")],
)
def test_a_network_holds_only_so_many_containers(engine, fits, of_hosts):
    def lab(containers):
        lines = "".join(f"  - {{name: more{n}, host: emon, networks: [demo]}}\n" for n in range(containers - 2))
        return changed("engine: auto", f"engine: {engine}").replace("10.200.0.0/24", "10.200.0.0/29") + lines

    load(lab(fits))
    assert faults_of(lab(fits + 1)) == [
        f"networks[0].subnet: 10.200.0.0/29 has room for {fits} containers beside the gateway{of_hosts}, "
        f"and {fits + 1} are in demo: take a larger one"
    ]


# With the engine vxlan, containers have one half of a subnet and hosts the other: what is changed in the good file, and the
# faults that this makes.
# fmt: off
SHARES = [
    ([], []),
    ([("10.200.0.0/24", "10.200.0.0/29")], []),
    ([("10.200.0.0/24", "10.200.0.0/29"), ("containers:\n", "containers:\n  - {name: test0, host: emon, networks: [demo]}\n")], ["networks[0].subnet: the lower half of 10.200.0.0/29 has room for 2 containers, and 3 are in it: take a larger one"]),
    ([("10.200.0.0/24", "10.200.0.0/28"), ("hosts:\n", "hosts:\n  emon3: {index: 4, addresses: {home: 192.168.1.118, company: 10.0.0.118}}\n")], []),
    ([("10.200.0.0/24", "10.200.0.0/29"), ("hosts:\n", "hosts:\n  emon3: {index: 3, addresses: {home: 192.168.1.118, company: 10.0.0.118}}\n")], ["networks[0].subnet: the upper half of 10.200.0.0/29 has slices for 2 hosts, and emon3 has the index 3: take a larger one"]),
    ([("host: emon, networks: [demo]", "host: emon, networks: [{name: demo, ipv4_address: 10.200.0.127}]")], []),
    ([("host: emon, networks: [demo]", "host: emon, networks: [{name: demo, ipv4_address: 10.200.0.128}]")], ["containers[0].networks[0].ipv4_address: 10.200.0.128 is in the half of 10.200.0.0/24 that the engine vxlan gives to hosts: take one of the lower half"]),
]
# fmt: on


@pytest.mark.parametrize(("changes", "expected"), SHARES)
def test_shares_of_a_subnet(changes, expected):
    text = GOOD.replace("engine: auto", "engine: vxlan")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    assert faults_or_none(text) == expected


def test_any_address_is_a_container_s_with_another_engine():
    load(changed("host: emon, networks: [demo]", "host: emon, networks: [{name: demo, ipv4_address: 10.200.0.128}]"))


def test_the_page_on_the_lab_file_quotes_the_lines_as_they_are():
    page = (Path(__file__).parents[5] / "docs" / "lab-file.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```text\n(.*?)```", page, re.DOTALL)
    quoted = [line for block in blocks for line in block.splitlines()]
    tested = {fault for *_, faults in BROKEN + SHARES for fault in faults} | {fault for _, fault in NO_LAB}
    assert len(quoted) > 30
    assert not set(quoted) - tested


# What Ansible's variables can run on the controller, or have run, one of each way. Nothing is asked of the values.
@pytest.mark.parametrize(
    "given",
    [
        "ansible_become_exe: /tmp/x", "ansible_become_flags: -x", "ansible_become_method: /tmp/x", "ansible_connection: docker",
        "ansible_host: '-oProxyCommand=id'", "ansible_host: '$(id)'", "ansible_host: 'a b'", 'ansible_host: "a\\nProxyCommand id"',
        "ansible_paramiko_proxy_command: id", "ansible_pipelining: false", "ansible_private_key_file: '%d/x'",
        "ansible_private_key_file: 'x\" ProxyCommand=id'", "ansible_python_interpreter: /bin/sh",
        "ansible_python_interpreter: '/usr/bin/env python3; id'", "ansible_python_interpreter: /x/../bin/sh",
        "ansible_remote_tmp: $(id)", "ansible_scp_executable: /tmp/x", "ansible_sftp_executable: /tmp/x",
        "ansible_sftp_extra_args: -S /tmp/x", "ansible_shell_executable: /tmp/x", "ansible_shell_type: x",
        "ansible_ssh_args: -o ProxyCommand=id", "ansible_ssh_control_path: '`id`'", "ansible_ssh_executable: /tmp/x",
        "ansible_ssh_extra_args: -o ProxyCommand=id", "ansible_ssh_pkcs11_provider: /tmp/x.so", "ansible_user: '-oProxyCommand=id'",
        "ansible_user: 'x\" -oProxyCommand=id'", "ansible_user: '%{x}'", "ansible_become_user: 'root; id'",
        "ansible_ssh_host_key_checking: false", "ansible_vault_password_file: /tmp/x", "ansible_playbook_python: /tmp/x",
        *(
            f"ansible_ssh_common_args: {arguments}"
            for arguments in (
                "-oProxyCommand=id", "-o proxycommand=id", "'-o \"ProxyCommand id\"'", "-o KnownHostsCommand=id", "-o LocalCommand=id",
                "-o PermitLocalCommand=yes", "-F /tmp/x", "-I /tmp/x.so", "-o PKCS11Provider=/tmp/x.so", "-S /tmp/x", "-E /tmp/x",
                "-o ControlPath=/tmp/x", "-o Include=/tmp/x", "-o UserKnownHostsFile=/tmp/x", "-o StrictHostKeyChecking=no",
                "-J '$(id)'", "'-J a,-oProxyCommand=id'", "-o ProxyJump=-oProxyCommand=id", "-J", "-o", "-o HostKeyAlias", "-vo x",
                "-o 'HostKeyAlias=a ProxyCommand=id'", "gate", "-D 1080", "-R 80:localhost:80", "-A", "'-J \"a'",
            )
        ),
    ],
)  # fmt: skip
def test_a_lab_file_of_a_stranger_runs_nothing(given):
    (fault,) = faults_of(changed("  emon2: {", f"  emon2: {{ansible: {{{given}}}, "))
    assert fault.startswith(f"hosts.emon2.ansible.{given.partition(':')[0]}: ")


@pytest.mark.parametrize(
    "given",
    [
        "ansible_host: gate.example", "ansible_host: 'fe80::1%eth0'", "ansible_user: ann", 'ansible_user: \'DOM\\ann\'', "ansible_port: 2222",
        "ansible_become: true", "ansible_become_user: root", "ansible_become_method: su", "ansible_connection: ssh",
        "ansible_python_interpreter: /opt/py/bin/python3.12", "ansible_private_key_file: ~/.ssh/id_ed25519", "ansible_timeout: 30",
        "ansible_password: '%x$y'", "ansible_become_password: 12",
        "ansible_ssh_common_args: -o ProxyJump=ann@gate.example:22", "ansible_ssh_common_args: '-J a,b -oConnectTimeout=5'",
        "ansible_ssh_common_args: -o PubkeyAcceptedAlgorithms=+ssh-rsa",
    ],
)  # fmt: skip
def test_how_a_host_is_reached_stands_in_the_lab_file(given):
    lab = load(changed("  emon2: {", f"  emon2: {{ansible: {{{given}}}, "))
    assert list(lab.hosts[1].ansible) == [given.partition(":")[0]]


@pytest.mark.parametrize(
    "text", [ALIASES, MERGES, "[" * 100_000, "name: 0x" + "f" * 200_000, "a: " + "1:" * 100_000 + "1"]
)
def test_what_a_file_means_costs_nothing_to_refuse(text):
    begun = time.process_time()
    assert faults_of(text)
    assert time.process_time() - begun < 1


def test_so_many_faults_end_the_reading():
    faults = faults_of("".join(f"k{n}: 1\n" for n in range(5000)))
    assert len(faults) == 201
    assert faults[-1] == "there are more faults than these: fix these first"


@pytest.mark.parametrize("kind", ["!vault", "!unsafe"])
def test_advice_on_a_tag_does_not_speak_of_quotes(kind):
    (fault,) = faults_of(changed("  emon2: {", f"  emon2: {{ansible: {{ansible_password: {kind} 'x'}}, "))
    assert "quotes" not in fault


def test_a_secret_is_not_shown():
    faults = faults_of(changed("  emon2: {", "  emon2: {ansible: {ansible_password: 0123}, "))
    assert faults == ["hosts.emon2.ansible.ansible_password: is a number to YAML: write it in quotes"]
