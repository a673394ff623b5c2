"""Print what there is on a host, a line each: python3 on_host.py theirs|settled|ours.

theirs: what others have; a lab beside it changes nothing of it. settled: what a lab changes, and gives back. ours: what
a run changes, whosever it is.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

# Somebody's etcd runs here.
ETCD_HOST = "emon3"


def said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.rstrip()


def tell(what: str, text: str) -> None:
    for line in text.splitlines():
        print(f"{what}: {line}")


# What a restore, a reset or a recovery has set aside, which stays; and what dockerd makes for itself.
KEPT = re.compile(r".*[.]\d{8}T\d{6}Z|key[.]json")


def tree(top: str) -> None:
    """Each file below a path, and the path itself: kind, mode, owner, and what is in it or where it leads."""
    paths = [Path(top), *sorted(Path(top).rglob("*"))] if os.path.lexists(top) else []
    for path in paths:
        if KEPT.fullmatch(path.name):
            continue
        status = path.lstat()
        held = str(path.readlink()) if path.is_symlink() else ""
        if not held and path.is_file():
            held = hashlib.sha256(path.read_bytes()).hexdigest()
        print(f"{path}: {status.st_mode:o} {status.st_uid}:{status.st_gid} {held}")


def dockers() -> bool:
    return said("systemctl", "is-active", "docker.service") == "active"


def inspected(kind: str) -> None:
    """Somebody's objects of a kind, without what starts anew with each start."""
    listing = ["docker", kind, "ls", "--quiet", "--filter", "label=owner=somebody"]
    names = said(*listing, *(["--all"] if kind == "container" else [])).split()
    objects = json.loads(said("docker", kind, "inspect", *names)) if names else []
    for one in sorted(objects, key=lambda one: one.get("Id") or one.get("ID") or one["Name"]):
        if kind == "container":
            one["State"] = {key: one["State"][key] for key in ("Running", "Paused", "Dead")}
            networks = one["NetworkSettings"]["Networks"]
            one["NetworkSettings"] = {
                name: {key: place[key] for key in ("NetworkID", "IPAMConfig", "Aliases")}
                for name, place in networks.items()
            }
        if kind == "network":
            one["Containers"] = sorted(one["Containers"])
        print(f"{kind}: {json.dumps(one, sort_keys=True)}")
        if kind == "volume":
            tree(one["Mountpoint"])


def theirs() -> None:
    # Data in the lab's default place, in another one, and a copy from before beside each file that the lab writes.
    for path in ("/var/lib/etcd/default.etcd", "/var/lib/etcd/theirs"):
        tree(path)
    for path in ("/etc/default/etcd", "/etc/docker/daemon.json"):
        tree(f"{path}.bak")
    tell("daemon.json", str(Path("/etc/docker/daemon.json").readlink()))
    tell("iptables", said("iptables", "--list-rules", "INPUT"))
    tell("nftables", said("nft", "list", "table", "inet", "theirs"))
    tell("bridge", said("ip", "-brief", "link", "show", "br-theirs"))
    if os.uname().nodename == ETCD_HOST:
        tell("etcd", said("systemctl", "show", "--property=MainPID,InvocationID,UnitFileState", "etcd.service"))
        os.environ["ETCDCTL_API"] = "3"
        tell("etcd", said("etcdctl", "member", "list"))
        tell("etcd", said("etcdctl", "get", "somebodys"))
    if dockers():
        for kind in ("container", "network", "volume"):
            inspected(kind)
        if node := said("docker", "info", "--format", "{{.Swarm.NodeID}}"):
            tell("swarm", f"{node} {said('docker', 'info', '--format', '{{.Swarm.Cluster.ID}}')}")
            tell("service", said("docker", "service", "ls", "--format", "{{.ID}} {{.Name}} {{.Image}}"))


def settled() -> None:
    for path in ("/srv", "/etc/docker", "/etc/default/etcd", "/etc/systemd/system", "/etc/overlay-lab"):
        tree(path)
    # A directory that is left empty is no trace.
    for path in sorted(Path("/var/lib/overlay-lab").rglob("*")):
        if not path.is_dir():
            tree(str(path))
    for name in sorted(path.name for path in Path("/var/lib/etcd").iterdir()):
        if not KEPT.fullmatch(name):
            tell("data", name)
    for unit in ("docker.service", "etcd.service"):
        tell(unit, said("systemctl", "show", "--property=ActiveState,UnitFileState", unit))


def ours() -> None:
    settled()
    tree("/var/lib/overlay-lab")
    for unit in ("docker.service", "etcd.service"):
        tell(unit, said("systemctl", "show", "--property=InvocationID", unit))
    tell("addresses", said("ip", "-brief", "address", "show", "eth0"))
    if dockers():
        tell("networks", said("docker", "network", "ls", "--no-trunc", "--format", "{{.ID}} {{.Name}}"))
        names = said("docker", "ps", "--all", "--quiet").split()
        if names:
            tell("containers", said("docker", "inspect", "--format", "{{.Id}} {{.State.StartedAt}}", *names))


{"theirs": theirs, "settled": settled, "ours": ours}[sys.argv[1]]()
