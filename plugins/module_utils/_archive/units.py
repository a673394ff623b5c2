# Copyright: (c) 2026, the emon.overlay_lab authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module_util is private to the collection and may change without notice.

"""The systemd units of what is installed from an archive, in the words that the lab's drop-ins count on."""

from __future__ import annotations

# dockerd and containerd start the others by name.
_PATH = "Environment=PATH={bin}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_HEAD = "# Managed by emon.overlay_lab for the lab {lab}: the next run writes it again.\n"
_DOCKER = f"""\
[Unit]
Description=dockerd {{version}}, from an archive
Requires=docker.socket
Wants=containerd.service network-online.target
After=docker.socket containerd.service network-online.target firewalld.service

[Service]
Type=notify
{_PATH}
ExecStart={{bin}}/dockerd -H fd:// --containerd=/run/containerd/containerd.sock
ExecReload=/bin/kill -s HUP $MAINPID
TimeoutStartSec=0
# A container ends by its own shim, and limits of the service would be those of containers.
KillMode=process
Delegate=yes
LimitNOFILE=1048576
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
Restart=on-failure

[Install]
WantedBy=multi-user.target
"""
_DOCKER_SOCKET = """\
[Unit]
Description=Docker's API

[Socket]
ListenStream=/run/docker.sock
SocketMode=0660
SocketGroup=docker
RemoveOnStop=yes

[Install]
WantedBy=sockets.target
"""
_CONTAINERD = f"""\
[Unit]
Description=containerd, from Docker's archive
After=network.target local-fs.target

[Service]
Type=notify
{_PATH}
ExecStartPre=-/sbin/modprobe overlay
ExecStart={{bin}}/containerd
KillMode=process
Delegate=yes
LimitNOFILE=infinity
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
OOMScoreAdjust=-999
Restart=always
RestartSec=5

[Install]
WantedBy=multi-user.target
"""
_ETCD = """\
[Unit]
Description=etcd {version}, from an archive
Wants=network-online.target
After=network.target

[Service]
Type=notify
User=etcd
StateDirectory=etcd
StateDirectoryMode=0700
EnvironmentFile=-{config}
ExecStart={bin}/etcd
LimitNOFILE=65536
Restart=on-abnormal

[Install]
WantedBy=multi-user.target
"""
_TEXTS = {
    "docker.service": _DOCKER,
    "docker.socket": _DOCKER_SOCKET,
    "containerd.service": _CONTAINERD,
    "etcd.service": _ETCD,
}


def text(unit: str, **words: str) -> str:
    """``words``: lab, version, bin (the directory of the programs) and config (etcd's environment file)."""
    return (_HEAD + _TEXTS[unit]).format(**words)
