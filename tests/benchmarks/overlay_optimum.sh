#!/usr/bin/env bash
# The steps of overlay.yml for N simulated hosts, by hand-written shell with everything parallel that can be: the yardstick
# of the performance budget. No TLS, no check, no record, no second run: what a person could type at best.
#
# tests/benchmarks/overlay_optimum.sh [N [ENGINE [switch]]]   (as root, inside tests/sandbox; N: 2, ENGINE: cluster_store, swarm)
# Prints seconds by phase, with `switch` also those for which the containers are apart at a move; removes everything.
set -euo pipefail

count=${1:-2} engine=${2:-cluster_store} switch=${3:-}
image=$(ls -d /var/lib/overlay-lab/images/bookworm-* | head -n 1)
work=/var/lib/overlay-lab/optimum
start=$(date +%s.%N)
lap() { printf '%-12s %5.1f s\n' "$1" "$(echo "$(date +%s.%N) - $start" | bc)"; }
pids=()
leader() { ps -o pid= --ppid "${pids[$1 - 1]}" | head -n 1 | tr -d ' '; }
finish() {
    # A host's init outlives systemd-nspawn.
    for i in "${!pids[@]}"; do kill -KILL "$(leader $((i + 1)))" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    for i in $(seq "$count"); do ip netns del "o$i" 2>/dev/null || true; done
    ip netns del o-underlay 2>/dev/null || true
    find /sys/fs/cgroup -depth -type d -path '*/optimum.*' -exec rmdir {} + 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT

# -- underlay
ip netns add o-underlay
ip -n o-underlay link add br0 type bridge
ip -n o-underlay link set br0 up
for i in $(seq "$count"); do
    ip netns add "o$i"
    ip -n "o$i" link set lo up
    ip -n "o$i" link add eth0 type veth peer name "p$i" netns o-underlay
    ip -n "o$i" addr add "10.98.0.$((i + 1))/24" dev eth0
    ip -n "o$i" link set eth0 up
    ip -n o-underlay link set "p$i" master br0 up
done

# -- hosts
# Both sites' peers are in the cluster from the start, as in a lab, so that a move changes nothing in it.
cluster=$(for i in $(seq "$count"); do printf 'o%s=http://10.98.0.%s:2380,o%s=http://10.97.0.%s:2380,' "$i" $((i + 1)) "$i" $((i + 1)); done)
configure() { # directory host network
    local address=$3.$(($2 + 1))
    cat >"$1/etc/default/etcd" <<CONF
ETCD_NAME=o$2
ETCD_LISTEN_PEER_URLS=http://$address:2380
ETCD_LISTEN_CLIENT_URLS=http://$address:2379
ETCD_INITIAL_ADVERTISE_PEER_URLS=http://10.98.0.$(($2 + 1)):2380,http://10.97.0.$(($2 + 1)):2380
ETCD_ADVERTISE_CLIENT_URLS=http://$address:2379
ETCD_INITIAL_CLUSTER=${cluster%,}
ETCD_ENABLE_V2=true
CONF
    [ "$engine" = swarm ] || echo "{\"cluster-store\": \"etcd://$address:2379\", \"cluster-advertise\": \"$address:2375\"}" >"$1/etc/docker/daemon.json"
}
for i in $(seq "$count"); do
    dir=$work/o$i
    mkdir -p "$dir"/{upper/etc/default,upper/etc/docker,work,root,docker}
    configure "$dir/upper" "$i" 10.98.0
    # Without one it is a first boot, at which systemd enables all that the image has, firewalld among it.
    tr -d - </proc/sys/kernel/random/uuid >"$dir/upper/etc/machine-id"
    for hierarchy in /sys/fs/cgroup/*/; do
        [ -e "$hierarchy/cgroup.procs" ] || continue
        mkdir -p "$hierarchy/optimum.$i"
        [ "$(basename "$hierarchy")" != cpuset ] || for f in cpus mems; do cat "$hierarchy/cpuset.$f" >"$hierarchy/optimum.$i/cpuset.$f"; done
    done
    (
        for hierarchy in /sys/fs/cgroup/*/; do
            [ -e "$hierarchy/optimum.$i" ] && echo "$BASHPID" >"$hierarchy/optimum.$i/cgroup.procs"
        done
        exec env SYSTEMD_NSPAWN_API_VFS_WRITABLE=network SYSTEMD_NSPAWN_LOCK=0 unshare --mount --propagation private sh -ec "
            mount -t overlay overlay -o lowerdir=$image,upperdir=$dir/upper,workdir=$dir/work $dir/root
            exec systemd-nspawn -q -D $dir/root -M o$i --boot --register=no --keep-unit \
                --network-namespace-path=/run/netns/o$i --capability=all --system-call-filter='@keyring bpf @privileged' \
                --resolv-conf=off --console=pipe --link-journal=no --bind=$dir/docker:/var/lib/docker"
    ) >"$dir/console" 2>&1 </dev/null &
    pids+=($!)
done
inside() { # host command...
    local pid
    pid=$(leader "$1")
    shift
    nsenter --target "$pid" --mount --uts --ipc --net --pid --cgroup --root --wd "$@"
}
for i in $(seq "$count"); do
    until [ -n "$(leader "$i")" ] && inside "$i" systemctl is-active --quiet multi-user.target 2>/dev/null; do sleep 0.05; done
done
lap booted

# -- etcd, then dockerd, on all at once
hosts() { seq "$count"; }
await() { # command of a shell: until it is true on every host
    for i in $(hosts); do until inside "$i" sh -c "$1" >/dev/null 2>&1; do sleep 0.05; done; done
}
start_etcd() {
    [ "$engine" = cluster_store ] || return 0
    for i in $(hosts); do inside "$i" systemctl start --no-block etcd; done
    await 'systemctl is-active --quiet etcd'
    lap etcd
}
start_dockerd() {
    for i in $(hosts); do inside "$i" systemctl start docker & done
    await 'docker version'
    lap dockerd
}
join_swarm() { # network
    [ "$engine" = swarm ] || return 0
    inside 1 docker swarm init --advertise-addr "$1.2" >/dev/null
    token=$(inside 1 docker swarm join-token --quiet worker)
    for i in $(seq 2 "$count"); do inside "$i" docker swarm join --token "$token" --advertise-addr "$1.$((i + 1))" "$1.2:2377" >/dev/null & done
    await 'test "$(docker info --format "{{.Swarm.LocalNodeState}}")" = active'
    lap swarm
}
create_network() { inside 1 docker network create --driver overlay --attachable --subnet 10.200.0.0/24 demo >/dev/null; }
start_etcd
start_dockerd
join_swarm 10.98.0

# -- network and containers
create_network &
network=$!
for i in $(hosts); do
    inside "$i" sh -ec '
        mkdir -p /tmp/root/bin; cp /bin/busybox /tmp/root/bin; for a in sh sleep ping; do ln -sf busybox /tmp/root/bin/$a; done
        tar -C /tmp/root -c . | docker import - busybox >/dev/null' &
done
await 'docker image inspect busybox'
wait $network
# A swarm tells a worker of a network when a container asks for it.
[ "$engine" = swarm ] || await 'docker network inspect demo'
for i in $(hosts); do inside "$i" docker run --detach --name "c$i" --network demo busybox sleep 1000 >/dev/null & done
for i in $(hosts); do until [ "$(inside "$i" docker inspect --format '{{.State.Running}}' "c$i" 2>/dev/null)" = true ]; do sleep 0.05; done; done
lap containers
# Containers that start at the same time may take each other's addresses; then no packet ever crosses.
await_packet() {
    local deadline=$((SECONDS + 20))
    until inside 1 docker exec c1 ping -c 1 -W 1 "c$count" >/dev/null; do
        [ "$SECONDS" -lt "$deadline" ] || { echo "overlay_optimum: no packet from c1 to c$count" >&2; exit 1; }
        sleep 0.05
    done
}
await_packet
lap pinged
[ -n "$switch" ] || exit 0

# -- to the other site: everything stops, addresses change, everything starts; networks and containers are kept, as far as they can be
everywhere() { # command of a shell, on all hosts at once
    local i running=()
    for i in $(hosts); do
        inside "$i" sh -ec "$1" >/dev/null &
        running+=($!)
    done
    wait "${running[@]}"
}
start=$(date +%s.%N)
everywhere 'docker stop --time 1 $(docker ps --quiet)'
if [ "$engine" = swarm ]; then
    everywhere 'docker network disconnect --force demo $(docker ps --all --quiet); docker swarm leave --force'
else
    everywhere 'systemctl stop docker.socket docker; systemctl kill --signal KILL etcd; systemctl stop etcd; systemctl reset-failed etcd 2>/dev/null || true'
fi
for i in $(hosts); do
    ip -n "o$i" addr flush dev eth0 scope global
    ip -n "o$i" addr add "10.97.0.$((i + 1))/24" dev eth0
    mkdir -p "$work/o$i/moved/etc/"{default,docker}
    configure "$work/o$i/moved" "$i" 10.97.0
    tar -C "$work/o$i/moved" -c . | inside "$i" tar -C / --no-overwrite-dir -x
done
if [ "$engine" = swarm ]; then
    join_swarm 10.97.0
    create_network
    everywhere 'docker network connect demo $(docker ps --all --quiet)'
else
    start_etcd
    inside 1 env ETCDCTL_API=2 etcdctl --endpoints http://10.97.0.2:2379 rm --recursive /docker/nodes >/dev/null
    start_dockerd
fi
# One host after the other: see above.
for i in $(hosts); do inside "$i" docker start "c$i" >/dev/null; done
await_packet
lap apart
